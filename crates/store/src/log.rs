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
use crate::tables::Tables;

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
    /// The segment being written; none before the first write, so that a start needs no space.
    current: Option<Writer>,
    next_number: u64,
    next_sequence: u64,
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
    /// Goes on after what [`replay`] found and [`cut`] has put in order, in a new segment.
    pub fn resume(replayed: Replayed, segment_bytes: u64) -> Log {
        Log {
            current: None,
            next_number: replayed.next_number,
            next_sequence: replayed.next_sequence,
            schemas: HashSet::new(),
            segment_bytes,
            closed: replayed.segments,
            tail_dirty: false,
            failed: None,
        }
    }

    /// Segments on disk.
    pub fn segments(&self) -> u64 {
        self.closed.len() as u64 + u64::from(self.current.is_some())
    }

    /// Bytes in all segments, reserved but unused space aside.
    pub fn size_bytes(&self) -> u64 {
        let closed: u64 = self.closed.iter().map(|(_, size)| size).sum();
        closed + self.current.as_ref().map_or(0, Writer::end)
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
        let fits = |writer: &Writer| writer.fits(size_bytes + schemas_bytes);
        if self.tail_dirty || !self.current.as_ref().is_some_and(fits) {
            missing = missing_schemas(&entries, &HashSet::new())?;
            let schemas_bytes: u64 = missing.iter().map(|(_, r)| r.size_bytes()).sum();
            self.next_segment(disk, size_bytes + schemas_bytes)?;
        }
        let (keys, mut records): (Vec<u64>, Vec<Record>) = missing.into_iter().unzip();
        let skipped = records.len() as u64;
        let count = entries.len() as u64;
        records.extend(entries.into_iter().map(|e| e.record));
        let Some(writer) = &mut self.current else { return Err(Error::Closed) };
        let first = match writer.write(&mut records) {
            Ok(first) => first + skipped,
            Err(e) => {
                self.tail_dirty = true;
                return Err(Error::io("write to the log", e));
            }
        };
        if let Err(e) = writer.sync() {
            return Err(self.fail(&e));
        }
        self.next_sequence = writer.next_sequence();
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
        Ok(self.next_number - 1)
    }

    fn next_segment(&mut self, disk: &dyn Disk, record_bytes: u64) -> Result<(), Error> {
        if let Some(writer) = &mut self.current {
            // Nothing may follow here even if the next segment cannot be made now: a half-made one
            // could be found after a crash, and it begins with the next sequence.
            writer.finish();
            if self.tail_dirty
                && let Err(e) = writer.cut_tail()
            {
                return Err(self.fail(&e));
            }
            self.tail_dirty = false;
        }
        let capacity = self.segment_bytes.max(frame::FILE_HEADER_BYTES as u64 + record_bytes);
        let writer = create_segment(disk, self.next_number, self.next_sequence, capacity)
            .map_err(|e| Error::io("start a log segment", e))?;
        if let Some(old) = self.current.replace(writer) {
            self.closed.push((self.next_number - 1, old.end()));
        }
        self.next_number += 1;
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

/// Makes an empty segment, durably.
pub fn create_segment(
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
/// `tables` are the own tables as they were when the segment `from` began.
///
/// # Errors
/// [`Error::Damaged`] when a segment is missing or a record is bad anywhere but at the very end.
pub fn replay(
    disk: &dyn Disk,
    from: u64,
    tables: Tables,
    visit: &mut dyn FnMut(Decoded) -> Result<(), Error>,
) -> Result<Replayed, Error> {
    let mut decoder = Decoder::new(tables);
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
        found.segment(disk, number, is_last, &mut decoder, visit)?;
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
        decoder: &mut Decoder,
        visit: &mut dyn FnMut(Decoded) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let path = path(number);
        let bytes = disk.read(&path).map_err(|e| Error::io(format!("read `{path}`"), e))?;
        decoder.next_file();
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

/// Puts the last segment in order: what was read is durable, what follows it is gone.
///
/// The records are written again in their place. After a failed sync the system may show bytes it
/// no longer intends to write; to a process started later they look like any other.
pub fn cut(disk: &dyn Disk, replayed: &Replayed) -> Result<(), Error> {
    let Some((number, end)) = replayed.cut else { return Ok(()) };
    let path = path(number);
    let rewrite = || {
        let mut bytes = disk.read(&path)?;
        bytes.truncate(end as usize);
        let mut file = disk.open(&path)?;
        file.write_at(0, &bytes)?;
        file.truncate(end)
    };
    let done = match end {
        0 => disk.remove(&path).and_then(|()| disk.sync_dir(DIR)),
        _ => rewrite(),
    };
    done.map_err(|e| Error::io(format!("cut `{path}`"), e))
}
