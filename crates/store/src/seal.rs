//! Seal: the head becomes extents, the log is trimmed.
//!
//! Invariants: appends and snapshots go on meanwhile; the rows leave the frozen head and appear as
//! extents in one step, after files, folders and manifest are durable; a seal that failed is taken
//! up by the next one, with the same rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::TimestampNanosecondType;
use model::{AppId, TableDef};

use crate::disk;
use crate::error::Error;
use crate::extent::{self, Encoded, ExtentEntry};
use crate::manifest::Edit;
use crate::meta;
use crate::snapshot::{DIR, Extent, data_path, dir, index_path};
use crate::store::{Frozen, Inner, State, Store};
use crate::{tables, versions};

/// Nanoseconds of one day.
pub(crate) const DAY_NS: i64 = 86_400_000_000_000;

/// The log may be so many times as large as the head that makes a seal due: writes of documents
/// alone fill it too.
const LOG_FACTOR: u64 = 4;

/// What a seal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sealed {
    pub rows: u64,
    pub extents: u64,
    /// Bytes of extent and index files.
    pub size_bytes: u64,
}

impl Store {
    /// Whether the head is large or old enough to be sealed. `now` is in nanoseconds since 1970;
    /// the head's age counts from the first call that saw it.
    pub fn seal_due(&self, now: i64) -> bool {
        let options = &self.inner.options;
        let log_bytes = self.inner.log.lock().as_ref().map_or(0, |log| log.size_bytes());
        let mut state = self.inner.state.write();
        if state.frozen.is_some() {
            return true;
        }
        if state.active.rows() == 0 {
            state.head_since = None;
        } else if state.head_since.is_none() {
            state.head_since = Some(now);
        }
        let age_ns = state.head_since.map_or(0, |since| now.saturating_sub(since));
        let is_old = age_ns >= ms_to_ns(options.seal_age_ms) && state.active.rows() > 0;
        let is_log_large = log_bytes >= options.seal_bytes.saturating_mul(LOG_FACTOR);
        is_old || is_log_large || state.active.size_bytes() >= options.seal_bytes
    }

    /// Moves all rows of the head into extents; those superseded within it go.
    ///
    /// # Errors
    /// [`Error::DiskFull`], [`Error::Io`], …: the rows stay in the head and in the log.
    pub fn seal(&self, _now: i64) -> Result<Sealed, Error> {
        let _sealing = self.inner.sealing.lock();
        let started = Instant::now();
        let Some(frozen) = self.inner.freeze()? else { return Ok(Sealed::default()) };
        let sealed = self.inner.seal(&frozen)?;
        self.inner.counters.lock().seal_time.add(started.elapsed());
        tracing::info!(rows = sealed.rows, extents = sealed.extents, "head sealed");
        Ok(sealed)
    }
}

/// Nanoseconds of a setting in milliseconds.
pub(crate) fn ms_to_ns(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}

impl Inner {
    /// Sets the active head aside, unless an earlier seal left one; `None` when there is nothing.
    fn freeze(&self) -> Result<Option<Arc<Frozen>>, Error> {
        if let Some(frozen) = &self.state.read().frozen {
            return Ok(Some(Arc::clone(frozen)));
        }
        // The log's lock keeps writes from becoming visible between the two steps.
        let mut log = self.log.lock();
        let log = log.as_mut().ok_or_else(|| self.refusal())?;
        let is_empty = |state: &State| state.active.rows() == 0 && !state.documents_changed;
        if is_empty(&self.state.read()) {
            return Ok(None);
        }
        let log_from = log.rotate(&*self.shelf.disk)?;
        let mut state = self.state.write();
        let documents = state.documents_changed.then(|| Arc::clone(&state.documents));
        let head = std::mem::take(&mut state.active);
        let frozen = Arc::new(Frozen { head, log_from, documents });
        state.documents_changed = false;
        state.head_since = None;
        state.frozen = Some(Arc::clone(&frozen));
        Ok(Some(frozen))
    }

    fn seal(&self, frozen: &Frozen) -> Result<Sealed, Error> {
        let mut entries = Vec::new();
        if let Err(error) = self.write_extents(frozen, &mut entries) {
            self.discard(&entries);
            return Err(error);
        }
        let documents = match self.write_documents(frozen) {
            Ok(number) => number,
            Err(error) => {
                self.discard(&entries);
                return Err(error);
            }
        };
        let edit = Edit {
            add: entries.clone(),
            log_from: Some(frozen.log_from),
            documents,
            ..Edit::default()
        };
        let mut sealed = Sealed { rows: frozen.head.rows(), ..Sealed::default() };
        for entry in &entries {
            sealed.extents += 1;
            sealed.size_bytes += entry.size_bytes + entry.index_bytes;
        }
        let extents: Vec<Arc<Extent>> =
            entries.iter().map(|entry| Extent::new(entry.clone(), &self.shelf)).collect();
        let old_documents = self.edit_manifest(edit, &entries, |state| {
            state.frozen = None;
            extents.into_iter().for_each(|extent| state.add_extent(extent));
        })?;
        self.trim(frozen.log_from, documents.and(old_documents));
        Ok(sealed)
    }

    /// Makes an edit durable and true for the next snapshot; gives the documents file before it.
    /// `made` are the files to discard when the edit will never be in force.
    pub(crate) fn edit_manifest(
        &self,
        edit: Edit,
        made: &[ExtentEntry],
        apply: impl FnOnce(&mut State),
    ) -> Result<Option<u64>, Error> {
        let mut manifest = self.manifest.lock();
        let manifest = manifest.as_mut().ok_or_else(|| self.refusal())?;
        let documents = manifest.contents().documents;
        match manifest.edit(&*self.shelf.disk, edit) {
            Ok(()) => apply(&mut self.state.write()),
            // Whether the edit is on disk is unknown: if it is, it needs its files.
            Err(error @ Error::Failed { .. }) => return Err(error),
            Err(error) => {
                self.discard(made);
                return Err(error);
            }
        }
        Ok(documents)
    }

    /// What a job without a log or manifest is told.
    pub(crate) fn refusal(&self) -> Error {
        match self.queue.is_closed() {
            true => Error::Closed,
            false => Error::ReadOnly,
        }
    }

    fn write_extents(&self, frozen: &Frozen, made: &mut Vec<ExtentEntry>) -> Result<(), Error> {
        let mut dirs = BTreeSet::new();
        for (app, head) in frozen.head.tables() {
            if self.state.read().tables.is_dropped(head.table.name) {
                continue;
            }
            // A newer row of the same head becomes durable in the same step.
            let rows = versions::newest(head.table, head.batches.clone())?;
            for (_, rows) in by_day(head.table, &rows)? {
                let encoded = extent::encode(head.table, &rows)?;
                made.push(self.write_extent(app, 0, encoded)?);
                dirs.insert(dir(head.table.name));
            }
        }
        dirs.into_iter().try_for_each(|dir| self.sync_extents(&dir))
    }

    /// Writes and syncs the two files of an extent; their names are durable after
    /// [`Inner::sync_extents`].
    pub(crate) fn write_extent(
        &self,
        app: AppId,
        level: u32,
        encoded: Encoded,
    ) -> Result<ExtentEntry, Error> {
        let disk = &*self.shelf.disk;
        let Encoded { data, index, mut entry } = encoded;
        entry.app = app.0;
        entry.level = level;
        entry.id = format!("{}-{:08x}", day_text(entry.day), self.next_file()?);
        let dir = dir(&entry.table);
        let write = || {
            disk.create_dir(&dir)?;
            disk::write_new(disk, &data_path(&entry), &data)?;
            disk::write_new(disk, &index_path(&entry), &index)
        };
        write().map_err(|e| {
            self.discard(std::slice::from_ref(&entry));
            Error::io("write an extent", e)
        })?;
        Ok(entry)
    }

    /// Makes the names of extent files durable, and that of their folder.
    pub(crate) fn sync_extents(&self, dir: &str) -> Result<(), Error> {
        let disk = &self.shelf.disk;
        disk.sync_dir(dir)
            .and_then(|()| disk.sync_dir(DIR))
            .map_err(|e| Error::io("write an extent", e))
    }

    fn next_file(&self) -> Result<u64, Error> {
        let mut manifest = self.manifest.lock();
        manifest.as_mut().ok_or_else(|| self.refusal())?.next_file()
    }

    fn write_documents(&self, frozen: &Frozen) -> Result<Option<u64>, Error> {
        let Some(documents) = &frozen.documents else { return Ok(None) };
        let number = self.next_file()?;
        meta::write(&*self.shelf.disk, number, documents).inspect_err(|_| {
            // What is left now goes at the next start.
            let _ = self.shelf.disk.remove(&meta::path(number));
        })?;
        Ok(Some(number))
    }

    /// Removes files no manifest will ever name; what is left now goes at the next start.
    pub(crate) fn discard(&self, entries: &[ExtentEntry]) {
        for entry in entries {
            let _ = self.shelf.disk.remove(&data_path(entry));
            let _ = self.shelf.disk.remove(&index_path(entry));
        }
    }

    fn trim(&self, log_from: u64, old_documents: Option<u64>) {
        let disk = &*self.shelf.disk;
        if let Some(log) = self.log.lock().as_mut() {
            log.trim(disk, log_from);
        }
        if let Some(number) = old_documents
            && let Err(error) = disk.remove(&meta::path(number))
        {
            tracing::warn!(number, %error, "old documents file cannot be removed");
        }
        self.shelf.sweep();
    }
}

/// `2026-11-21` of days since 1970.
fn day_text(day: i32) -> String {
    let nanos = i64::from(day).saturating_mul(DAY_NS);
    model::time::format_datetime(nanos, model::time::Fraction::Trimmed).chars().take(10).collect()
}

/// The rows by the day of their time, which every appended row has.
fn by_day(
    table: &'static TableDef,
    batches: &[RecordBatch],
) -> Result<BTreeMap<i64, Vec<RecordBatch>>, Error> {
    let at = table.index_of(table.time_column().name).unwrap_or(0);
    let mut days: BTreeMap<i64, Vec<RecordBatch>> = BTreeMap::new();
    for batch in batches {
        let batch = &tables::conform(table, batch)?;
        let times = batch.column(at).as_primitive::<TimestampNanosecondType>();
        let mut rows: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
        for (row, time) in (0..).zip(times.iter()) {
            rows.entry(time.unwrap_or(i64::MIN).div_euclid(DAY_NS)).or_default().push(row);
        }
        if let (1, Some((&day, _))) = (rows.len(), rows.first_key_value()) {
            days.entry(day).or_default().push(batch.clone());
            continue;
        }
        for (day, rows) in rows {
            let part = take_record_batch(batch, &UInt32Array::from(rows))?;
            days.entry(day).or_default().push(part);
        }
    }
    Ok(days)
}
