//! The manifest: which extents are in force, and from which log segment on rows are only in the
//! log (docs/format.md, "Manifest").
//!
//! Invariants: one framed file of edits that is only appended to, so the cost of an edit does not
//! grow with the number of extents; when its reserved space is used up, a file with the sum of all
//! edits takes its place by rename. An edit is in force whole or not at all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::disk::{self, Disk};
use crate::error::Error;
use crate::extent::ExtentEntry;
use crate::frame::{self, Record, Writer};

/// The manifest's name.
pub const PATH: &str = "manifest";

const MAGIC: [u8; 8] = *b"TELLTMAN";
/// Space for edits at the end of a fresh manifest, in bytes; as much again as the file holds when
/// that is more, so that the sum of all rewrites stays in proportion to the sum of all edits.
/// Being reserved it lets extents be removed on a full disk.
const RESERVE_BYTES_MIN: u64 = 256 * 1024;
/// Extents per record of a fresh manifest.
const ENTRIES_PER_RECORD: usize = 256;

/// One change of the manifest; absent fields change nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<ExtentEntry>,
    /// Ids of extents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Segments with lower numbers are obsolete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_from: Option<u64>,
    /// The number of the documents file to start from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<u64>,
    /// No file made so far has this or a higher number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_file: Option<u64>,
}

/// The sum of all edits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    pub entries: BTreeMap<String, ExtentEntry>,
    pub log_from: u64,
    pub documents: Option<u64>,
    pub next_file: u64,
}

impl Contents {
    fn apply(&mut self, edit: Edit) {
        for id in &edit.remove {
            self.entries.remove(id);
        }
        self.entries.extend(edit.add.into_iter().map(|entry| (entry.id.clone(), entry)));
        self.log_from = edit.log_from.unwrap_or(self.log_from);
        self.documents = edit.documents.or(self.documents);
        self.next_file = edit.next_file.unwrap_or(self.next_file);
    }
}

/// The manifest open for editing.
#[derive(Debug)]
pub struct Manifest {
    /// None after a failed write left the end of the file unknown: the next edit rewrites it.
    writer: Option<Writer>,
    contents: Contents,
    failed: Option<String>,
}

impl Manifest {
    /// Writes a manifest without extents.
    pub fn create(disk: &dyn Disk, log_from: u64) -> Result<Manifest, Error> {
        let contents = Contents { log_from, next_file: 1, ..Contents::default() };
        let mut manifest = Manifest { writer: None, contents, failed: None };
        manifest.rewrite(disk)?;
        Ok(manifest)
    }

    /// Takes up the manifest [`read`] found. Needs no space.
    pub fn open(disk: &dyn Disk, found: Found) -> Result<Manifest, Error> {
        let end = found.frames.end;
        // Written again in its place, for the reason given at `log::cut`.
        let rewrite = || {
            let mut bytes = disk.read(PATH)?;
            bytes.truncate(end as usize);
            let mut file = disk.open(PATH)?;
            file.write_at(0, &bytes)?;
            match found.frames.torn {
                true => file.truncate(end)?,
                false => file.sync()?,
            }
            Ok(file)
        };
        let file = rewrite().map_err(|e| Error::io("open the manifest", e))?;
        let capacity = if found.frames.torn { end } else { found.capacity };
        let writer = Some(Writer::resume(file, &found.frames, capacity));
        Ok(Manifest { writer, contents: found.contents, failed: None })
    }

    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// A number for a new file, unused until now.
    ///
    /// # Errors
    /// [`Error::Failed`]: no file could come into force any more.
    pub fn next_file(&mut self) -> Result<u64, Error> {
        self.refuse_failed()?;
        let number = self.contents.next_file;
        self.contents.next_file += 1;
        Ok(number)
    }

    fn refuse_failed(&self) -> Result<(), Error> {
        match &self.failed {
            None => Ok(()),
            Some(reason) => Err(Error::Failed { reason: reason.clone() }),
        }
    }

    /// Makes the edit durable, then true here.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Io`]: the edit is not in force and never will be.
    /// [`Error::Failed`]: unknown until a restart; no further edit is taken.
    pub fn edit(&mut self, disk: &dyn Disk, mut edit: Edit) -> Result<(), Error> {
        self.refuse_failed()?;
        edit.next_file = Some(self.contents.next_file);
        let record = record(&edit)?;
        let Some(writer) = self.writer.as_mut().filter(|w| w.fits(record.size_bytes())) else {
            return self.rewrite_with(disk, edit);
        };
        if let Err(e) = writer.write(&mut [record]) {
            // The remains must go: unread today, they could be read after a later edit.
            if let Err(e) = writer.cut_tail() {
                return Err(self.fail(&e));
            }
            self.writer = None;
            return Err(Error::io("write the manifest", e));
        }
        if let Err(e) = writer.sync() {
            return Err(self.fail(&e));
        }
        self.contents.apply(edit);
        Ok(())
    }

    fn rewrite_with(&mut self, disk: &dyn Disk, edit: Edit) -> Result<(), Error> {
        let before = self.contents.clone();
        self.contents.apply(edit);
        self.rewrite(disk).inspect_err(|_| self.contents = before)
    }

    /// Replaces the file by one record of what is in force.
    fn rewrite(&mut self, disk: &dyn Disk) -> Result<(), Error> {
        let mut records = records(&self.contents)?;
        let size_bytes: u64 = records.iter().map(Record::size_bytes).sum();
        let capacity =
            frame::FILE_HEADER_BYTES as u64 + size_bytes + size_bytes.max(RESERVE_BYTES_MIN);
        let tmp = format!("{PATH}{}", disk::TMP);
        let mut write = || {
            let mut writer = Writer::create(disk, &tmp, MAGIC, 1, 1, capacity)?;
            writer.write(&mut records)?;
            writer.sync()?;
            disk.rename(&tmp, PATH)?;
            Ok(writer)
        };
        let writer = write().map_err(|e| Error::io("write the manifest", e))?;
        if let Err(e) = disk.sync_dir("") {
            return Err(self.fail(&e));
        }
        self.writer = Some(writer);
        Ok(())
    }

    fn fail(&mut self, error: &std::io::Error) -> Error {
        tracing::error!(%error, "the manifest failed and takes no more changes");
        let reason = error.to_string();
        self.failed = Some(reason.clone());
        Error::Failed { reason }
    }
}

fn record(edit: &Edit) -> Result<Record, Error> {
    Record::build(|out| {
        serde_json::to_writer(out, edit)
            .map_err(|e| Error::io("write the manifest", std::io::Error::from(e)))
    })
}

fn records(contents: &Contents) -> Result<Vec<Record>, Error> {
    let entries: Vec<&ExtentEntry> = contents.entries.values().collect();
    let mut records = entries
        .chunks(ENTRIES_PER_RECORD)
        .map(|chunk| {
            let add = chunk.iter().map(|&entry| entry.clone()).collect();
            record(&Edit { add, ..Edit::default() })
        })
        .collect::<Result<Vec<_>, _>>()?;
    records.push(record(&Edit {
        log_from: Some(contents.log_from),
        documents: contents.documents,
        next_file: Some(contents.next_file),
        ..Edit::default()
    })?);
    Ok(records)
}

/// What [`read`] found.
#[derive(Debug)]
pub struct Found {
    pub contents: Contents,
    frames: frame::Contents,
    capacity: u64,
}

/// Reads the manifest; `None` when there is none. Changes nothing.
///
/// # Errors
/// [`Error::Damaged`].
pub fn read(disk: &dyn Disk) -> Result<Option<Found>, Error> {
    let bytes = match disk.read(PATH) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.map_err(|e| Error::io("read the manifest", e))?,
    };
    let mut contents = Contents::default();
    let frames = frame::read(PATH, MAGIC, &bytes, &mut |payload| {
        let edit = serde_json::from_slice(payload).map_err(|e| Error::damaged(PATH, e))?;
        contents.apply(edit);
        Ok(())
    })?;
    let frames = frames.ok_or_else(|| Error::damaged(PATH, "no header"))?;
    if contents.log_from == 0 {
        return Err(Error::damaged(PATH, "incomplete"));
    }
    Ok(Some(Found { contents, frames, capacity: bytes.len() as u64 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk_sim::{Failure, Restart, SimDisk};

    fn entry(id: &str) -> ExtentEntry {
        ExtentEntry {
            id: id.to_owned(),
            app: 1,
            table: "requests".to_owned(),
            day: 20_778,
            format: "parquet-1".to_owned(),
            rows: 5,
            size_bytes: 100,
            index_bytes: 10,
            time_min: 1,
            time_max: 2,
            received_max: 3,
            ranges: Vec::new(),
            keys: Vec::new(),
            level: 0,
            columns: 0,
        }
    }

    fn add(id: &str) -> Edit {
        Edit { add: vec![entry(id)], ..Edit::default() }
    }

    #[test]
    fn edits_add_up_also_over_reopening() {
        let disk = SimDisk::new(1);
        let mut manifest = Manifest::create(&disk, 1).unwrap();
        manifest.edit(&disk, add("a")).unwrap();
        assert_eq!(manifest.next_file().unwrap(), 1);
        let edit = Edit { log_from: Some(4), documents: Some(9), ..add("b") };
        manifest.edit(&disk, edit).unwrap();
        drop(manifest);
        disk.restart(Restart::PowerCut);
        let mut manifest = Manifest::open(&disk, read(&disk).unwrap().unwrap()).unwrap();
        let remove = vec!["a".to_owned()];
        manifest.edit(&disk, Edit { remove, ..Edit::default() }).unwrap();
        let contents = read(&disk).unwrap().unwrap().contents;
        assert_eq!(&contents, manifest.contents());
        assert_eq!(contents.entries.keys().collect::<Vec<_>>(), ["b"]);
        let Contents { log_from, documents, next_file, .. } = contents;
        assert_eq!((log_from, documents, next_file), (4, Some(9), 2));
    }

    #[test]
    fn rewrites_stay_in_proportion_to_edits() {
        let disk = SimDisk::new(1);
        let mut manifest = Manifest::create(&disk, 1).unwrap();
        let before = disk.steps();
        for n in 0..5000 {
            manifest.edit(&disk, add(&format!("{n:06}"))).unwrap();
        }
        // Two operations per edit; a rewrite has six, and each doubles the space.
        let rewrites = (disk.steps() - before - 2 * 5000) / 4;
        assert!((1..=4).contains(&rewrites), "{rewrites} rewrites");
        assert_eq!(read(&disk).unwrap().unwrap().contents.entries.len(), 5000);
    }

    #[test]
    fn an_edit_that_does_not_fit_on_the_disk_is_not_in_force() {
        for failure in [Failure::Full, Failure::Refused] {
            let disk = SimDisk::new(3);
            let mut manifest = Manifest::create(&disk, 1).unwrap();
            manifest.edit(&disk, add("a")).unwrap();
            disk.fail_at(disk.steps() + 1, failure);
            assert!(manifest.edit(&disk, add("b")).is_err());
            manifest.edit(&disk, add("c")).unwrap();
            let contents = read(&disk).unwrap().unwrap().contents;
            assert_eq!(contents.entries.keys().collect::<Vec<_>>(), ["a", "c"]);
        }
    }

    #[test]
    fn extents_can_be_removed_on_a_full_disk() {
        let disk = SimDisk::new(3);
        let mut manifest = Manifest::create(&disk, 1).unwrap();
        manifest.edit(&disk, add("a")).unwrap();
        disk.limit(Some(disk.used_bytes()));
        let remove = vec!["a".to_owned()];
        manifest.edit(&disk, Edit { remove, ..Edit::default() }).unwrap();
        assert!(read(&disk).unwrap().unwrap().contents.entries.is_empty());
    }

    #[test]
    fn after_a_failed_sync_no_edit_is_taken() {
        let disk = SimDisk::new(3);
        let mut manifest = Manifest::create(&disk, 1).unwrap();
        disk.fail_at(disk.steps() + 1, Failure::LostSync);
        assert!(matches!(manifest.edit(&disk, add("a")), Err(Error::Failed { .. })));
        assert!(matches!(manifest.edit(&disk, add("b")), Err(Error::Failed { .. })));
        assert!(matches!(manifest.next_file(), Err(Error::Failed { .. })));
    }
}
