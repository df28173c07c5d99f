//! Head and extents at one moment, and the extents' hold on their files.
//!
//! Invariants: a snapshot has every row that was answered before it was taken exactly once, of a
//! table with a key those that no newer one supersedes; a file is removed only after the last
//! snapshot that names it is gone.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use bytes::Bytes;
use model::{TableDef, own};
use parking_lot::Mutex;

use crate::disk::Disk;
use crate::error::Error;
use crate::extent::{self, ExtentEntry};
use crate::index::{BLOCK_BYTES, Index};
use crate::versions::{self, RUNS_BYTES_MAX, Run, Superseded};

/// The folder of the extents; one folder per table in it, and one for all own tables.
pub const DIR: &str = "extents";

/// The rows of one application and table at one moment.
///
/// Keep it for as long as its files are read: it is what keeps them from being removed.
#[derive(Clone)]
pub struct Snapshot {
    pub table: &'static TableDef,
    /// Rows not yet in extents, in no particular order.
    pub head: Vec<RecordBatch>,
    /// Those that hold rows to be seen.
    pub extents: Vec<Arc<Extent>>,
    /// By id of an extent: the rows of its file that are not to be seen.
    pub superseded: Arc<HashMap<String, Superseded>>,
}

impl fmt::Debug for Snapshot {
    /// Without the rows: telemetry has no place in messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("table", &self.table.name)
            .field("head_batches", &self.head.len())
            .field("extents", &self.extents.len())
            .finish()
    }
}

impl Snapshot {
    /// Rows in head and extents.
    pub fn rows(&self) -> u64 {
        let head: u64 = self.head.iter().map(|b| b.num_rows() as u64).sum();
        let superseded: u64 = self.superseded.values().map(Superseded::rows).sum();
        (head + self.extents.iter().map(|e| e.rows).sum::<u64>()).saturating_sub(superseded)
    }

    /// The rows of one of the extents that are to be seen, in order of time.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn read_rows(&self, extent: &Extent) -> Result<Vec<RecordBatch>, Error> {
        let superseded = self.superseded.get(&extent.id).cloned().unwrap_or_default();
        extent::decode_kept(self.table, extent.read()?, &superseded)
    }
}

/// One extent in force, or still read by someone. Derefs to its [`ExtentEntry`].
#[derive(Debug)]
pub struct Extent {
    entry: ExtentEntry,
    shelf: Arc<Shelf>,
    is_removed: AtomicBool,
}

impl Deref for Extent {
    type Target = ExtentEntry;
    fn deref(&self) -> &ExtentEntry {
        &self.entry
    }
}

impl Extent {
    pub(crate) fn new(entry: ExtentEntry, shelf: &Arc<Shelf>) -> Arc<Extent> {
        Arc::new(Extent { entry, shelf: Arc::clone(shelf), is_removed: AtomicBool::new(false) })
    }

    pub fn entry(&self) -> &ExtentEntry {
        &self.entry
    }

    /// Where the file lies in the store's object store.
    pub fn location(&self) -> object_store::path::Path {
        object_store::path::Path::from(data_path(&self.entry))
    }

    /// Whether a row may have `value` in the indexed column; `true` when there is no telling.
    ///
    /// Reads from the index file, all of it the first time: call it where blocking is allowed.
    pub fn may_contain(&self, column: &str, value: &str) -> bool {
        match self.shelf.may_contain(&self.entry, column, value) {
            Ok(may_contain) => may_contain,
            Err(error) => {
                tracing::warn!(extent = self.entry.id, %error, "index cannot be read");
                true
            }
        }
    }

    /// The bytes of the file.
    pub fn read(&self) -> Result<Bytes, Error> {
        let path = data_path(&self.entry);
        let bytes = self.shelf.disk.read(&path);
        Ok(Bytes::from(bytes.map_err(|e| Error::io(format!("read `{path}`"), e))?))
    }

    /// All rows of the file, in order of time.
    pub fn read_rows(&self, table: &'static TableDef) -> Result<Vec<RecordBatch>, Error> {
        extent::decode(table, self.read()?)
    }

    /// What the rows tell, in their order. Works it out from the rows when the index does not say.
    pub(crate) fn runs(&self, table: &'static TableDef) -> Result<Arc<[Run]>, Error> {
        if let Some(runs) = self.shelf.runs.lock().get(&self.id) {
            return Ok(Arc::clone(runs));
        }
        let runs: Arc<[Run]> = match self.stored_runs(table) {
            Some(runs) => runs,
            None => versions::runs(table, &self.read_rows(table)?)?,
        }
        .into();
        let mut held = self.shelf.runs.lock();
        let held_runs: usize = held.values().map(|runs| runs.len()).sum();
        if (held_runs + runs.len()) * size_of::<Run>() <= RUNS_BYTES_MAX {
            held.insert(self.id.clone(), Arc::clone(&runs));
        }
        Ok(runs)
    }

    /// The runs of the index file, if it has them for this key and they are those of all rows.
    fn stored_runs(&self, table: &TableDef) -> Option<Vec<Run>> {
        let path = index_path(&self.entry);
        let read = || {
            let failed = |e| Error::io(format!("read `{path}`"), e);
            let bytes = self.shelf.disk.read(&path).map_err(failed)?;
            let index = Index::parse(&bytes)?;
            Ok(index.runs(&bytes).map(|bytes| versions::read(table, bytes)).transpose()?.flatten())
        };
        let runs = read().unwrap_or_else(|error: Error| {
            tracing::warn!(extent = self.id, %error, "index cannot be read");
            None
        });
        runs.filter(|runs| runs.iter().map(|run| run.rows).sum::<u64>() == self.rows)
    }

    /// Has the files removed once nobody holds this extent any more.
    pub(crate) fn remove(&self) {
        self.is_removed.store(true, Ordering::Release);
    }
}

impl Drop for Extent {
    fn drop(&mut self) {
        if self.is_removed.load(Ordering::Acquire) {
            self.shelf.removed.lock().push(self.entry.clone());
        }
    }
}

/// The folder of a table's extents. Own tables share one: they come and go, a folder would stay.
pub fn dir(table: &str) -> String {
    match own::is_own(table) {
        true => format!("{DIR}/own"),
        false => format!("{DIR}/{table}"),
    }
}

/// `extents/<table>/<id>.parquet`.
pub fn data_path(entry: &ExtentEntry) -> String {
    format!("{}/{}.parquet", dir(&entry.table), entry.id)
}

/// `extents/<table>/<id>.index`.
pub fn index_path(entry: &ExtentEntry) -> String {
    format!("{}/{}.index", dir(&entry.table), entry.id)
}

/// What all extents share: the disk, the indexes looked at so far, the files to remove.
#[derive(Debug)]
pub struct Shelf {
    pub disk: Arc<dyn Disk>,
    /// By extent id. Each is a few column names and offsets, whatever the size of its extent.
    indexes: Mutex<HashMap<String, Arc<Index>>>,
    /// By extent id, of tables with a key.
    runs: Mutex<HashMap<String, Arc<[Run]>>>,
    removed: Mutex<Vec<ExtentEntry>>,
}

impl Shelf {
    pub fn new(disk: Arc<dyn Disk>) -> Arc<Shelf> {
        Arc::new(Shelf {
            disk,
            indexes: Mutex::default(),
            runs: Mutex::default(),
            removed: Mutex::default(),
        })
    }

    fn may_contain(&self, entry: &ExtentEntry, column: &str, value: &str) -> Result<bool, Error> {
        let path = index_path(entry);
        let failed = |e| Error::io(format!("read `{path}`"), e);
        let known = self.indexes.lock().get(&entry.id).cloned();
        let index = match known {
            Some(index) => index,
            None => {
                let index = Arc::new(Index::parse(&self.disk.read(&path).map_err(failed)?)?);
                self.indexes.lock().insert(entry.id.clone(), Arc::clone(&index));
                index
            }
        };
        let block_at = |offset| {
            let mut block = [0; BLOCK_BYTES];
            self.disk.read_at(&path, offset, &mut block)?;
            Ok(block)
        };
        index.may_contain(column, value, block_at).map_err(failed)
    }

    /// Removes the files of extents nobody holds any more; gives how many.
    ///
    /// What cannot be removed is left for the next start: it is not in the manifest.
    pub fn sweep(&self) -> usize {
        let removed = std::mem::take(&mut *self.removed.lock());
        for entry in &removed {
            self.indexes.lock().remove(&entry.id);
            self.runs.lock().remove(&entry.id);
            for path in [data_path(entry), index_path(entry)] {
                if let Err(error) = self.disk.remove(&path) {
                    tracing::warn!(extent = entry.id, %error, "extent file cannot be removed");
                }
            }
        }
        removed.len()
    }
}
