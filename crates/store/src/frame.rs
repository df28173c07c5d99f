//! Framed records in one preallocated file: the bytes under both the log and the manifest
//! (docs/format.md, "Framed files").
//!
//! Invariant: a record read back is exactly one that was written to this very file: its header
//! carries the file's nonce and its place in the sequence, header and payload carry checksums.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::disk::{Disk, DiskFile};
use crate::error::Error;

/// Bytes before the first record.
pub const FILE_HEADER_BYTES: usize = 48;
/// Bytes before each payload.
pub const RECORD_HEADER_BYTES: usize = 32;

const RECORD_MAGIC: [u8; 4] = *b"TLr1";
const VERSION: u32 = 1;
const ALIGN: usize = 8;

/// A record under construction: room for the header, then the payload.
#[derive(Debug)]
pub struct Record {
    bytes: Vec<u8>,
    payload_len: u32,
    payload_crc: u32,
}

impl Record {
    /// Starts a buffer whose payload `fill` appends.
    pub fn build(fill: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> Result<Record, Error> {
        let mut bytes = vec![0; RECORD_HEADER_BYTES];
        fill(&mut bytes)?;
        let payload = &bytes[RECORD_HEADER_BYTES..];
        let payload_crc = crc32fast::hash(payload);
        let payload_len = u32::try_from(payload.len()).map_err(|_| Error::TooLarge {
            size_bytes: payload.len() as u64,
            limit_bytes: u64::from(u32::MAX),
        })?;
        bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
        Ok(Record { bytes, payload_len, payload_crc })
    }

    /// Bytes this record takes in a file.
    pub fn size_bytes(&self) -> u64 {
        self.bytes.len() as u64
    }
}

/// Appends records to one file.
#[derive(Debug)]
pub struct Writer {
    file: Box<dyn DiskFile>,
    nonce: u64,
    end: u64,
    capacity: u64,
    next_sequence: u64,
    synced: u64,
}

impl Writer {
    /// Makes the file, durably but for its name: the caller syncs the folder.
    ///
    /// `number` and `first_sequence` are what [`read`] gives back of the header.
    pub fn create(
        disk: &dyn Disk,
        path: &str,
        magic: [u8; 8],
        number: u64,
        first_sequence: u64,
        capacity: u64,
    ) -> std::io::Result<Writer> {
        let nonce = RandomState::new().hash_one(number);
        let mut file = disk.create(path, capacity)?;
        file.write_at(0, &file_header(magic, number, first_sequence, nonce))?;
        file.sync()?;
        Ok(Writer {
            file,
            nonce,
            end: FILE_HEADER_BYTES as u64,
            capacity,
            next_sequence: first_sequence,
            synced: first_sequence - 1,
        })
    }

    /// Goes on where [`read`] found the end of an intact file.
    pub fn resume(file: Box<dyn DiskFile>, contents: &Contents, capacity: u64) -> Writer {
        Writer {
            file,
            nonce: contents.nonce,
            end: contents.end,
            capacity,
            next_sequence: contents.next_sequence,
            synced: contents.next_sequence - 1,
        }
    }

    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Whether `bytes` more fit into the reserved space.
    pub fn fits(&self, bytes: u64) -> bool {
        self.end + bytes <= self.capacity
    }

    /// Bytes written so far, header included.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Writes the records one after the other, unsynced; gives the sequence of the first.
    pub fn write(&mut self, records: &mut [Record]) -> std::io::Result<u64> {
        let first = self.next_sequence;
        for (sequence, record) in (first..).zip(records.iter_mut()) {
            let header = record_header(record, self.nonce, sequence, self.synced);
            record.bytes[..RECORD_HEADER_BYTES].copy_from_slice(&header);
        }
        if let [one] = &*records {
            self.file.write_at(self.end, &one.bytes)?;
        } else {
            let all: Vec<&[u8]> = records.iter().map(|r| r.bytes.as_slice()).collect();
            self.file.write_at(self.end, &all.concat())?;
        }
        self.end += records.iter().map(Record::size_bytes).sum::<u64>();
        self.next_sequence += records.len() as u64;
        Ok(first)
    }

    /// Makes all written records durable.
    pub fn sync(&mut self) -> std::io::Result<()> {
        self.file.sync()?;
        self.synced = self.next_sequence - 1;
        Ok(())
    }

    /// Takes no more records.
    pub fn finish(&mut self) {
        self.capacity = self.end;
    }

    /// Removes what a failed [`Writer::write`] may have left, durably; the file takes no more.
    pub fn cut_tail(&mut self) -> std::io::Result<()> {
        self.finish();
        self.file.truncate(self.end)
    }
}

fn file_header(
    magic: [u8; 8],
    number: u64,
    first_sequence: u64,
    nonce: u64,
) -> [u8; FILE_HEADER_BYTES] {
    let mut header = [0; FILE_HEADER_BYTES];
    header[..8].copy_from_slice(&magic);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[16..24].copy_from_slice(&number.to_le_bytes());
    header[24..32].copy_from_slice(&first_sequence.to_le_bytes());
    header[32..40].copy_from_slice(&nonce.to_le_bytes());
    let crc = crc32fast::hash(&header[..40]);
    header[40..44].copy_from_slice(&crc.to_le_bytes());
    header
}

fn record_header(
    record: &Record,
    nonce: u64,
    sequence: u64,
    synced: u64,
) -> [u8; RECORD_HEADER_BYTES] {
    let mut header = [0; RECORD_HEADER_BYTES];
    header[..4].copy_from_slice(&RECORD_MAGIC);
    header[8..12].copy_from_slice(&record.payload_len.to_le_bytes());
    header[12..16].copy_from_slice(&record.payload_crc.to_le_bytes());
    header[16..24].copy_from_slice(&sequence.to_le_bytes());
    header[24..32].copy_from_slice(&synced.to_le_bytes());
    let crc = header_crc(nonce, &header);
    header[4..8].copy_from_slice(&crc.to_le_bytes());
    header
}

/// The nonce keeps bytes a client sent, or another file's, from ever passing as a record here.
fn header_crc(nonce: u64, header: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&nonce.to_le_bytes());
    hasher.update(&header[8..RECORD_HEADER_BYTES]);
    hasher.finalize()
}

/// What [`read`] found besides the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    pub number: u64,
    pub first_sequence: u64,
    /// The sequence after the last intact record.
    pub next_sequence: u64,
    /// Offset after the last intact record.
    pub end: u64,
    /// Something that is not a record follows the end: the remains of an unfinished write.
    pub torn: bool,
    nonce: u64,
}

/// Reads all records in order.
///
/// `None` when not even the file header is whole: nothing in such a file was ever acknowledged.
///
/// # Errors
/// [`Error::Damaged`] when a record is bad although a later one proves that it had been durable,
/// [`Error::Format`] for a version this program does not know, and what `visit` answers.
pub fn read(
    path: &str,
    magic: [u8; 8],
    bytes: &[u8],
    visit: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<Option<Contents>, Error> {
    let Some(header) = bytes.get(..FILE_HEADER_BYTES) else { return Ok(None) };
    if header[..8] != magic || u32_at(header, 40) != crc32fast::hash(&header[..40]) {
        // The header is synced before the first record is written.
        return match bytes[FILE_HEADER_BYTES..].iter().all(|&b| b == 0) {
            true => Ok(None),
            false => Err(Error::damaged(path, "bad file header")),
        };
    }
    if u32_at(header, 8) != VERSION {
        let found = u32_at(header, 8).to_string();
        return Err(Error::Format { found, supported: VERSION });
    }
    let mut contents = Contents {
        number: u64_at(header, 16),
        first_sequence: u64_at(header, 24),
        next_sequence: u64_at(header, 24),
        end: FILE_HEADER_BYTES as u64,
        torn: false,
        nonce: u64_at(header, 32),
    };
    let mut at = FILE_HEADER_BYTES;
    while let Some(found) = record_at(bytes, at, contents.nonce) {
        if found.sequence != contents.next_sequence {
            break;
        }
        visit(found.payload)?;
        at += found.size_bytes;
        contents.end = at as u64;
        contents.next_sequence += 1;
    }
    contents.torn = bytes[at..].iter().any(|&b| b != 0);
    if contents.torn {
        refuse_lost_records(path, bytes, at, &contents)?;
    }
    Ok(Some(contents))
}

/// A torn tail is what a power cut leaves; a bad record before one written after its sync is not.
fn refuse_lost_records(
    path: &str,
    bytes: &[u8],
    end: usize,
    contents: &Contents,
) -> Result<(), Error> {
    let later = (end..bytes.len())
        .step_by(ALIGN)
        .filter(|&at| bytes[at..].starts_with(&RECORD_MAGIC))
        .filter_map(|at| record_at(bytes, at, contents.nonce))
        .find(|found| found.synced >= contents.next_sequence);
    match later {
        None => Ok(()),
        Some(found) => Err(Error::damaged(
            path,
            format!(
                "record {} at byte {end} is unreadable, but record {} after it is whole",
                contents.next_sequence, found.sequence
            ),
        )),
    }
}

struct Found<'a> {
    sequence: u64,
    synced: u64,
    payload: &'a [u8],
    size_bytes: usize,
}

fn record_at(bytes: &[u8], at: usize, nonce: u64) -> Option<Found<'_>> {
    let header = bytes.get(at..at.checked_add(RECORD_HEADER_BYTES)?)?;
    if header[..4] != RECORD_MAGIC || u32_at(header, 4) != header_crc(nonce, header) {
        return None;
    }
    let start = at + RECORD_HEADER_BYTES;
    let payload = bytes.get(start..start.checked_add(u32_at(header, 8) as usize)?)?;
    if crc32fast::hash(payload) != u32_at(header, 12) {
        return None;
    }
    let size_bytes = (RECORD_HEADER_BYTES + payload.len()).next_multiple_of(ALIGN);
    bytes.get(at..at + size_bytes)?;
    Some(Found { sequence: u64_at(header, 16), synced: u64_at(header, 24), payload, size_bytes })
}

/// Little-endian numbers of a header whose length is known.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FolderDisk;

    const MAGIC: [u8; 8] = *b"TESTFILE";

    fn record(payload: &[u8]) -> Record {
        Record::build(|out| {
            out.extend_from_slice(payload);
            Ok(())
        })
        .unwrap()
    }

    /// Three groups: `one`, then `two` and `three` in one write, then `four`; each synced.
    fn sample() -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let disk = FolderDisk::new(dir.path());
        let mut writer = Writer::create(&disk, "f", MAGIC, 7, 10, 512).unwrap();
        for group in [vec!["one"], vec!["two", "three"], vec!["four"]] {
            let mut group: Vec<Record> = group.iter().map(|t| record(t.as_bytes())).collect();
            writer.write(&mut group).unwrap();
            writer.sync().unwrap();
        }
        assert_eq!((writer.end(), writer.next_sequence()), (48 + 4 * 40, 14));
        disk.read("f").unwrap()
    }

    fn texts(bytes: &[u8]) -> Result<(Vec<String>, Option<Contents>), Error> {
        let mut texts = Vec::new();
        let contents = read("f", MAGIC, bytes, &mut |payload| {
            texts.push(String::from_utf8(payload.to_vec()).unwrap());
            Ok(())
        })?;
        Ok((texts, contents))
    }

    #[test]
    fn records_come_back_in_order() {
        let (texts, contents) = texts(&sample()).unwrap();
        assert_eq!(texts, ["one", "two", "three", "four"]);
        let contents = contents.unwrap();
        assert_eq!((contents.number, contents.first_sequence), (7, 10));
        assert_eq!((contents.next_sequence, contents.end, contents.torn), (14, 208, false));
    }

    #[test]
    fn a_torn_last_record_ends_the_file() {
        let mut bytes = sample();
        bytes[48 + 3 * 40 + 33] ^= 1;
        let (texts, contents) = texts(&bytes).unwrap();
        assert_eq!(texts, ["one", "two", "three"]);
        assert!(contents.unwrap().torn);
    }

    #[test]
    fn a_gap_inside_one_unsynced_write_is_a_torn_tail() {
        let mut bytes = sample();
        bytes[168..208].fill(0);
        bytes[48 + 40 + 33] ^= 1;
        let (texts, contents) = texts(&bytes).unwrap();
        assert_eq!(texts, ["one"]);
        assert!(contents.unwrap().torn);
    }

    #[test]
    fn a_bad_record_before_a_later_sync_is_damage() {
        let mut bytes = sample();
        bytes[48 + 33] ^= 1;
        let error = texts(&bytes).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`f` is damaged: record 10 at byte 48 is unreadable, but record 11 after it is whole"
        );
    }

    #[test]
    fn a_record_of_another_file_is_not_taken() {
        let (mut bytes, other) = (sample(), sample());
        bytes[168..208].copy_from_slice(&other[168..208]);
        assert_eq!(texts(&bytes).unwrap().0, ["one", "two", "three"]);
    }

    #[test]
    fn a_file_without_a_whole_header_is_empty() {
        assert_eq!(texts(b"").unwrap().1, None);
        assert_eq!(texts(&[0; 512]).unwrap().1, None);
        assert!(matches!(texts(&[1; 512]), Err(Error::Damaged { .. })));
    }

    #[test]
    fn every_single_flipped_bit_is_noticed() {
        let bytes = sample();
        for at in 48..208 {
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            let payload_bytes = [3, 3, 5, 4][(at - 48) / 40];
            let padding = (at - 48) % 40 >= 32 + payload_bytes;
            match texts(&bad) {
                Ok((found, _)) if found.len() == 4 => assert!(padding, "byte {at}"),
                _ => {}
            }
        }
    }
}
