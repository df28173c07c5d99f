//! The log: numbered segment files of framed records, one per write (docs/format.md, "Log").
//!
//! Invariants: a record is answered only after it is synced; records have consecutive sequences
//! across segments; only the last segment may end torn, and a torn end is cut off before the next
//! segment begins; after a failed sync nothing is written any more.

use std::collections::HashSet;
use std::io;

use model::TableDef;

use crate::codec::{self, Decoded, Decoder};
use crate::disk::Disk;
use crate::error::Error;
use crate::frame::{self, Record, Writer};

/// The folder of the segments.
pub const DIR: &str = "log";

const MAGIC: [u8; 8] = *b"TELLTLOG";

/// Where segment `number` lies.
pub fn path(number: u64) -> String {
    format!("{DIR}/{}", file_name(number))
}

pub fn file_name(number: u64) -> String {
    format!("{number:010}.log")
}

/// The number in a segment's file name.
pub fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".log")?.parse().ok()
}

/// The log open for appending.
#[derive(Debug)]
pub struct Log {
    number: u64,
    writer: Writer,
    /// Fingerprints of the schemas the current segment has.
    schemas: HashSet<u64>,
    segment_bytes: u64,
    /// Earlier segments still on disk: number and size in bytes.
    closed: Vec<(u64, u64)>,
    /// A write failed half-way: its remains must go before the next one.
    tail_dirty: bool,
    failed: Option<String>,
}

/// One write on its way into the log.
#[derive(Debug)]
pub struct Entry {
    pub record: Record,
    pub tables: Vec<&'static TableDef>,
}

impl Log {
    /// Starts segment `number`, durably, after the segments `closed` (number and size in bytes).
    ///
    /// # Errors
    /// [`Error::DiskFull`] when there is no room for it, [`Error::Io`].
    pub fn create(
        disk: &dyn Disk,
        number: u64,
        first_sequence: u64,
        segment_bytes: u64,
        closed: Vec<(u64, u64)>,
    ) -> Result<Log, Error> {
        let writer = create_segment(disk, number, first_sequence, segment_bytes)
            .map_err(|e| Error::io("start a log segment", e))?;
        Ok(Log {
            number,
            writer,
            schemas: HashSet::new(),
            segment_bytes,
            closed,
            tail_dirty: false,
            failed: None,
        })
    }

    /// The number of the current segment.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Segments on disk.
    pub fn segments(&self) -> u64 {
        self.closed.len() as u64 + 1
    }

    /// Bytes in all segments, reserved but unused space aside.
    pub fn size_bytes(&self) -> u64 {
        self.closed.iter().map(|(_, size)| size).sum::<u64>() + self.writer.end()
    }

    /// Removes the segments before number `from`: their rows are in extents.
    ///
    /// What cannot be removed is left for the next start, the manifest says it is obsolete.
    pub fn trim(&mut self, disk: &dyn Disk, from: u64) {
        self.closed.retain(|(number, _)| {
            let is_kept = *number >= from;
            if !is_kept && let Err(error) = disk.remove(&path(*number)) {
                tracing::warn!(segment = number, %error, "log segment cannot be removed");
            }
            is_kept
        });
    }

    /// Writes and syncs the entries as one group; gives the sequence of each.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Io`]: nothing of the group will ever be read, the log goes on.
    /// [`Error::Failed`]: what is on disk is unknown until a restart, the log takes no more.
    pub fn append(&mut self, disk: &dyn Disk, entries: Vec<Entry>) -> Result<Vec<u64>, Error> {
        self.refuse_failed()?;
        let size_bytes: u64 = entries.iter().map(|e| e.record.size_bytes()).sum();
        let mut missing = missing_schemas(&entries, &self.schemas)?;
        let schemas_bytes: u64 = missing.iter().map(|(_, r)| r.size_bytes()).sum();
        if self.tail_dirty || !self.writer.fits(size_bytes + schemas_bytes) {
            missing = missing_schemas(&entries, &HashSet::new())?;
            let schemas_bytes: u64 = missing.iter().map(|(_, r)| r.size_bytes()).sum();
            self.next_segment(disk, size_bytes + schemas_bytes)?;
        }
        let (keys, mut records): (Vec<u64>, Vec<Record>) = missing.into_iter().unzip();
        let skipped = records.len() as u64;
        let count = entries.len() as u64;
        records.extend(entries.into_iter().map(|e| e.record));
        let first = match self.writer.write(&mut records) {
            Ok(first) => first + skipped,
            Err(e) => {
                self.tail_dirty = true;
                return Err(Error::io("write to the log", e));
            }
        };
        if let Err(e) = self.writer.sync() {
            return Err(self.fail(&e));
        }
        self.schemas.extend(keys);
        Ok((first..first + count).collect())
    }

    /// Starts a new segment; all records so far lie in older ones. Gives its number.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn rotate(&mut self, disk: &dyn Disk) -> Result<u64, Error> {
        self.refuse_failed()?;
        self.next_segment(disk, 0)?;
        Ok(self.number)
    }

    fn next_segment(&mut self, disk: &dyn Disk, record_bytes: u64) -> Result<(), Error> {
        if self.tail_dirty {
            if let Err(e) = self.writer.cut_tail() {
                return Err(self.fail(&e));
            }
            self.tail_dirty = false;
        }
        let capacity = self.segment_bytes.max(frame::FILE_HEADER_BYTES as u64 + record_bytes);
        let sequence = self.writer.next_sequence();
        let writer = create_segment(disk, self.number + 1, sequence, capacity)
            .map_err(|e| Error::io("start a log segment", e))?;
        self.closed.push((self.number, self.writer.end()));
        self.writer = writer;
        self.number += 1;
        self.schemas.clear();
        Ok(())
    }

    fn refuse_failed(&self) -> Result<(), Error> {
        match &self.failed {
            None => Ok(()),
            Some(reason) => Err(Error::Failed { reason: reason.clone() }),
        }
    }

    /// After a failed sync the system may have dropped the pages and call the next one a success.
    fn fail(&mut self, error: &io::Error) -> Error {
        tracing::error!(%error, "the log failed and takes no more writes");
        let reason = error.to_string();
        self.failed = Some(reason.clone());
        Error::Failed { reason }
    }
}

/// The schema records of the entries' tables that are not among those `known`.
fn missing_schemas(entries: &[Entry], known: &HashSet<u64>) -> Result<Vec<(u64, Record)>, Error> {
    let mut missing: Vec<(u64, Record)> = Vec::new();
    for table in entries.iter().flat_map(|e| &e.tables) {
        let key = codec::fingerprint(table);
        if known.contains(&key) || missing.iter().any(|(k, _)| *k == key) {
            continue;
        }
        let record = Record::build(|out| {
            codec::put_schema(out, table);
            Ok(())
        })?;
        missing.push((key, record));
    }
    Ok(missing)
}

fn create_segment(
    disk: &dyn Disk,
    number: u64,
    first_sequence: u64,
    capacity: u64,
) -> io::Result<Writer> {
    let writer = Writer::create(disk, &path(number), MAGIC, number, first_sequence, capacity)?;
    disk.sync_dir(DIR)?;
    Ok(writer)
}

/// What [`replay`] found.
#[derive(Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The next free segment number.
    pub next_number: u64,
    pub next_sequence: u64,
    /// The last segment must be cut off at so many bytes (0: removed) before a new one begins.
    pub cut: Option<(u64, u64)>,
    /// Numbers and sizes in bytes of the segments read.
    pub segments: Vec<(u64, u64)>,
    /// Segments whose records are in extents already.
    pub obsolete: Vec<u64>,
}

/// Reads all records of the segments from number `from` on, oldest first. Changes nothing.
///
/// # Errors
/// [`Error::Damaged`] when a segment is missing or a record is bad anywhere but at the very end.
pub fn replay(
    disk: &dyn Disk,
    from: u64,
    visit: &mut dyn FnMut(Decoded) -> Result<(), Error>,
) -> Result<Replayed, Error> {
    let entries = disk.list(DIR).map_err(|e| Error::io("list the log", e))?;
    let mut numbers: Vec<u64> = entries.iter().filter_map(|e| number(&e.name)).collect();
    numbers.sort_unstable();
    let (obsolete, segments): (Vec<u64>, Vec<u64>) = numbers.into_iter().partition(|n| *n < from);
    let mut found =
        Replayed { next_number: from, next_sequence: 1, cut: None, segments: Vec::new(), obsolete };
    for (at, &number) in segments.iter().enumerate() {
        if number != found.next_number {
            return Err(Error::damaged(path(found.next_number), "log segment is missing"));
        }
        let is_last = at + 1 == segments.len();
        found.segment(disk, number, is_last, visit)?;
    }
    if found.segments.is_empty() {
        return Err(Error::damaged(path(from), "log segment is missing"));
    }
    Ok(found)
}

impl Replayed {
    fn segment(
        &mut self,
        disk: &dyn Disk,
        number: u64,
        is_last: bool,
        visit: &mut dyn FnMut(Decoded) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let path = path(number);
        let bytes = disk.read(&path).map_err(|e| Error::io(format!("read `{path}`"), e))?;
        let mut decoder = Decoder::default();
        let contents =
            frame::read(&path, MAGIC, &bytes, &mut |payload| visit(decoder.decode(payload)?))?;
        let Some(contents) = contents else {
            if !is_last || self.segments.is_empty() {
                return Err(Error::damaged(path, "no segment header"));
            }
            self.cut = Some((number, 0));
            return Ok(());
        };
        let follows = self.segments.is_empty() || contents.first_sequence == self.next_sequence;
        if contents.number != number || !follows {
            return Err(Error::damaged(path, "records before this segment are missing"));
        }
        if contents.torn && !is_last {
            return Err(Error::damaged(path, format!("bad record at byte {}", contents.end)));
        }
        if contents.torn {
            let end = contents.end;
            tracing::warn!(segment = number, end, "log ends in an unfinished write");
        }
        // An intact one too: it gives its reserved space back, and what was read is then on disk.
        self.cut = is_last.then_some((number, contents.end));
        self.next_sequence = contents.next_sequence;
        self.next_number = number + 1;
        self.segments.push((number, contents.end));
        Ok(())
    }
}

/// Removes what follows the last whole record, durably.
pub fn cut(disk: &dyn Disk, replayed: &Replayed) -> Result<(), Error> {
    let Some((number, end)) = replayed.cut else { return Ok(()) };
    let path = path(number);
    let done = match end {
        0 => disk.remove(&path).and_then(|()| disk.sync_dir(DIR)),
        _ => disk.open(&path).and_then(|mut file| file.truncate(end)),
    };
    done.map_err(|e| Error::io(format!("cut `{path}`"), e))
}
