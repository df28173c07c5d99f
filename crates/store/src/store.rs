//! The store: opening a data folder, appending to it, taking snapshots of it.
//!
//! Invariants: rows are in the active head, the frozen head or an extent, never in two of them, and
//! the state that says which changes under one lock; the order of locks is log or manifest, then
//! state. Seal, merge and retain lie in modules of their own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use model::{AppId, TableDef};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use parking_lot::{Mutex, RwLock};
use tokio::sync::oneshot;

use crate::changes::Changes;
use crate::codec::DocumentEdit;
use crate::disk::{Disk, FolderDisk, FolderLock};
use crate::error::Error;
use crate::files::Files;
use crate::head::Head;
use crate::log::Log;
use crate::manifest::Manifest;
use crate::meta::Documents;
use crate::open;
use crate::options::Options;
use crate::snapshot::{Extent, Shelf, Snapshot};
use crate::stats::{Histogram, Stats, TableStats};
use crate::tables::{self, Tables};
use crate::texts::Texts;
use crate::versions::Versions;
use crate::writer::{Done, Prepared, Queue, Receipt, Write};

/// An open data folder.
pub struct Store {
    pub(crate) inner: Arc<Inner>,
    objects: Arc<dyn ObjectStore>,
    files: Files,
    texts: Texts,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether a thread of its own writes the log; else each append does.
    has_thread: bool,
    lock: Mutex<Option<FolderLock>>,
}

impl fmt::Debug for Store {
    /// Without the rows: telemetry has no place in messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

/// What the store shares with its log thread.
pub(crate) struct Inner {
    pub options: Options,
    pub shelf: Arc<Shelf>,
    pub queue: Queue,
    /// `None` when open for reading only.
    pub log: Mutex<Option<Log>>,
    pub manifest: Mutex<Option<Manifest>>,
    pub state: RwLock<State>,
    pub versions: Versions,
    /// Held for the length of a seal, of a merge or retain.
    pub sealing: Mutex<()>,
    pub merging: Mutex<()>,
    pub counters: Mutex<Counters>,
}

/// Extents by application and table.
pub(crate) type Extents = BTreeMap<(AppId, String), Vec<Arc<Extent>>>;

/// All that a snapshot is taken of.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Rows of the log segments from the frozen part's end on.
    pub active: Head,
    /// Rows on their way into extents.
    pub frozen: Option<Arc<Frozen>>,
    pub extents: Extents,
    pub documents: Arc<Documents>,
    /// The own tables among the documents.
    pub tables: Tables,
    /// Documents changed since the documents file of the manifest.
    pub documents_changed: bool,
    /// What queries see changed so often.
    pub changes: Changes,
    /// When [`Store::seal_due`] first saw the active head's rows.
    pub head_since: Option<i64>,
}

/// The part of the head that a seal is working on.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub head: Head,
    /// Everything in segments before this number is in `head` and `documents`.
    pub log_from: u64,
    /// All documents, if they have changed since the last documents file.
    pub documents: Option<Arc<Documents>>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub commits: u64,
    pub fsyncs: u64,
    pub commit_time: Histogram,
    pub seal_time: Histogram,
    pub merge_time: Histogram,
}

impl State {
    /// Applies edits of documents; rows of a table that is dropped by them leave the active head.
    ///
    /// # Errors
    /// When a table's definition cannot be read: nothing is applied.
    pub fn edit_documents(&mut self, edits: Vec<DocumentEdit>) -> Result<(), Error> {
        if edits.is_empty() {
            return Ok(());
        }
        let changes = tables::changes(&edits)?;
        if !changes.is_empty() {
            self.changes.definitions_changed();
        }
        for dropped in self.tables.apply(changes) {
            self.active.remove(&dropped);
        }
        crate::meta::apply(Arc::make_mut(&mut self.documents), edits);
        self.documents_changed = true;
        Ok(())
    }

    pub fn add_extent(&mut self, extent: Arc<Extent>) {
        let key = (AppId(extent.app), extent.table.clone());
        self.extents.entry(key).or_default().push(extent);
    }

    /// Takes extents out and has their files removed when the last snapshot lets go of them.
    pub fn remove_extents(&mut self, removed: &[Arc<Extent>]) {
        for extent in removed {
            let key = (AppId(extent.app), extent.table.clone());
            if let Some(extents) = self.extents.get_mut(&key) {
                extents.retain(|e| e.id != extent.id);
                if extents.is_empty() {
                    self.extents.remove(&key);
                }
            }
            extent.remove();
        }
    }
}

impl Inner {
    pub fn head_bytes(&self) -> u64 {
        let state = self.state.read();
        state.active.size_bytes() + state.frozen.as_ref().map_or(0, |f| f.head.size_bytes())
    }
}

/// How a store is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A thread writes the log in groups.
    Threaded,
    /// Each append writes the log itself, [`Store::append_group`] in groups. For crash tests.
    Manual,
    /// Nothing is changed.
    ReadOnly,
}

impl Store {
    /// Opens a data folder for this process alone, making it if there is none.
    ///
    /// Takes time in proportion to the log, not to the stored rows.
    ///
    /// # Errors
    /// [`Error::Locked`] names the holder; [`Error::Format`] when a newer program wrote it;
    /// [`Error::Damaged`].
    pub fn open(dir: &Path, options: Options) -> Result<Arc<Store>, Error> {
        let lock = FolderLock::exclusive(dir)?;
        let objects = object_store_of(dir)?;
        let disk = Arc::new(FolderDisk::new(dir));
        Store::open_on(disk, objects, options, Mode::Threaded, Some(lock))
    }

    /// Opens a data folder no server holds, for reading.
    ///
    /// # Errors
    /// As [`Store::open`]; [`Error::Missing`] when there is no data folder.
    pub fn open_read_only(dir: &Path) -> Result<Arc<Store>, Error> {
        let lock = FolderLock::shared(dir)?;
        let objects = object_store_of(dir)?;
        let disk = Arc::new(FolderDisk::new(dir));
        Store::open_on(disk, objects, Options::default(), Mode::ReadOnly, Some(lock))
    }

    /// Opens what lies on any disk.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        objects: Arc<dyn ObjectStore>,
        options: Options,
        mode: Mode,
        lock: Option<FolderLock>,
    ) -> Result<Arc<Store>, Error> {
        let inner = Arc::new(open::open(Arc::clone(&disk), options, mode)?);
        let has_thread = mode == Mode::Threaded;
        let thread = match has_thread {
            false => None,
            true => {
                let inner = Arc::clone(&inner);
                let thread = std::thread::Builder::new().name("log".to_owned());
                let spawned = thread.spawn(move || inner.run());
                Some(spawned.map_err(|e| Error::io("start the log thread", e))?)
            }
        };
        Ok(Arc::new(Store {
            inner,
            objects,
            files: Files::new(Arc::clone(&disk), mode == Mode::ReadOnly),
            texts: Texts::new(disk, mode == Mode::ReadOnly),
            thread: Mutex::new(thread),
            has_thread,
            lock: Mutex::new(lock),
        }))
    }

    /// Makes a write durable and visible: returns after its sync.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Overloaded`], [`Error::TooLarge`]: refused, nothing is stored.
    /// [`Error::Closed`], [`Error::Failed`], [`Error::Io`]: not answered as stored.
    pub async fn append(&self, write: Write) -> Result<Receipt, Error> {
        let prepared = Prepared::new(write, self.inner.options.record_bytes_max)?;
        let (sender, receiver) = oneshot::channel();
        self.inner.submit(prepared, Done::Async(sender))?;
        if !self.has_thread {
            self.inner.pump();
        }
        receiver.await.unwrap_or(Err(Error::Closed))
    }

    /// Whether the head has room for more rows; without it appends are refused as overloaded.
    pub fn has_room(&self) -> bool {
        self.inner.head_bytes() <= self.inner.options.head_bytes_max
    }

    /// [`Store::append`] for callers that may block.
    pub fn append_blocking(&self, write: Write) -> Result<Receipt, Error> {
        self.append_group(vec![write]).pop().unwrap_or(Err(Error::Closed))
    }

    /// Hands over all writes before waiting for any, so that they can share a sync.
    pub fn append_group(&self, writes: Vec<Write>) -> Vec<Result<Receipt, Error>> {
        let submitted: Vec<_> = writes
            .into_iter()
            .map(|write| {
                let prepared = Prepared::new(write, self.inner.options.record_bytes_max)?;
                let (sender, receiver) = mpsc::sync_channel(1);
                self.inner.submit(prepared, Done::Blocking(sender))?;
                Ok(receiver)
            })
            .collect();
        if !self.has_thread {
            while self.inner.pump() > 0 {}
        }
        let wait = |r: mpsc::Receiver<_>| r.recv().unwrap_or(Err(Error::Closed));
        submitted.into_iter().map(|receiver| receiver.and_then(wait)).collect()
    }

    /// The rows of one application and table at this moment, each once, those of the head in the
    /// columns of this definition; of a table with a key the newest of each key.
    ///
    /// # Errors
    /// [`Error::NoTable`] for an own table that was dropped; of a table with a key
    /// [`Error::Damaged`], [`Error::Io`] when there is no telling which rows are the newest.
    pub fn snapshot(&self, app: AppId, table: &'static TableDef) -> Result<Snapshot, Error> {
        let state = self.inner.state.read();
        if state.tables.is_dropped(table.name) {
            return Err(Error::NoTable);
        }
        let mut head = Vec::new();
        if let Some(frozen) = &state.frozen {
            head.extend_from_slice(frozen.head.batches(app, table));
        }
        head.extend_from_slice(state.active.batches(app, table));
        let extents = state.extents.get(&(app, table.name.to_owned())).cloned();
        drop(state);
        let head =
            head.iter().map(|rows| tables::conform(table, rows)).collect::<Result<_, _>>()?;
        let extents = extents.unwrap_or_default();
        match table.key {
            [] => Ok(Snapshot { table, head, extents, superseded: Arc::default() }),
            _ => self.inner.newest(app, table, head, extents),
        }
    }

    /// The document of this key.
    pub fn document(&self, key: &str) -> Option<Arc<[u8]>> {
        self.inner.state.read().documents.get(key).cloned()
    }

    /// All documents whose keys begin with `prefix`, by key.
    pub fn documents(&self, prefix: &str) -> Vec<(String, Arc<[u8]>)> {
        let documents = Arc::clone(&self.inner.state.read().documents);
        let from = documents.range(prefix.to_owned()..);
        from.take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), Arc::clone(value)))
            .collect()
    }

    /// Small public files.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Texts that people edit as well.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Where [`Extent::location`] leads; its root is the data folder.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.objects)
    }

    /// Numbers about the store at this moment.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        let mut tables: BTreeMap<(AppId, String), TableStats> = BTreeMap::new();
        let table_of = |app: AppId, table: &str| TableStats {
            app,
            table: table.to_owned(),
            extents: 0,
            extent_rows: 0,
            extent_bytes: 0,
            head_rows: 0,
            head_bytes: 0,
        };
        {
            let state = self.inner.state.read();
            for ((app, name), extents) in &state.extents {
                let key = (*app, name.clone());
                let table =
                    tables.entry(key).or_insert_with(|| table_of(*app, state.tables.label(name)));
                table.extents = extents.len() as u64;
                table.extent_rows = extents.iter().map(|e| e.rows).sum();
                table.extent_bytes = extents.iter().map(|e| e.size_bytes + e.index_bytes).sum();
            }
            let heads = state.frozen.iter().map(|f| &f.head).chain([&state.active]);
            for (app, head) in heads.flat_map(Head::tables) {
                let key = (app, head.table.name.to_owned());
                let table = tables
                    .entry(key)
                    .or_insert_with(|| table_of(app, state.tables.label(head.table.name)));
                table.head_rows += head.rows;
                table.head_bytes += head.size_bytes;
            }
        }
        stats.tables = tables.into_values().collect();
        for table in &stats.tables {
            stats.head_rows += table.head_rows;
            stats.head_bytes += table.head_bytes;
            stats.extents += table.extents;
            stats.extent_bytes += table.extent_bytes;
        }
        if let Some(log) = self.inner.log.lock().as_ref() {
            stats.log_bytes = log.size_bytes();
            stats.log_segments = log.segments();
        }
        let (queue_writes, queue_bytes) = self.inner.queue.len();
        stats.queue_writes = queue_writes as u64;
        stats.queue_bytes = queue_bytes;
        let counters = self.inner.counters.lock();
        stats.commits = counters.commits;
        stats.fsyncs = counters.fsyncs;
        stats.commit_time = counters.commit_time.clone();
        stats.seal_time = counters.seal_time.clone();
        stats.merge_time = counters.merge_time.clone();
        stats
    }

    /// Takes no further writes, finishes those waiting and lets go of the folder.
    ///
    /// The head is not sealed: the next start reads it from the log.
    ///
    /// # Errors
    /// [`Error::Failed`] when the log thread had died.
    pub fn close(&self) -> Result<(), Error> {
        self.inner.queue.close();
        let thread = self.thread.lock().take();
        let joined = thread.map_or(Ok(()), JoinHandle::join);
        let _sealing = self.inner.sealing.lock();
        let _merging = self.inner.merging.lock();
        self.inner.shelf.sweep();
        *self.inner.log.lock() = None;
        *self.inner.manifest.lock() = None;
        *self.lock.lock() = None;
        joined.map_err(|_| Error::Failed { reason: "the log thread panicked".to_owned() })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::error!(%error, "the store did not close in order");
        }
    }
}

fn object_store_of(dir: &Path) -> Result<Arc<dyn ObjectStore>, Error> {
    let store = LocalFileSystem::new_with_prefix(dir)
        .map_err(|e| Error::io("open the data folder", std::io::Error::other(e)))?;
    Ok(Arc::new(store))
}
