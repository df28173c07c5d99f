//! Where rows come from: the only module that knows how stored rows lie in memory and in files.
//!
//! Invariant: one query sees one snapshot of each table, however often it names it, and keeps it
//! until its rows are read.

pub(crate) mod extents;
mod format;
mod found;
pub(crate) mod memory;
mod prune;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::execution::object_store::ObjectStoreUrl;
use model::{AppId, TableDef, ViewColumn, ViewDef, Vocabulary};
use parking_lot::Mutex;
use store::{Snapshot, Store};

use crate::error::Error;
use crate::request::{AppInfo, Apps, Request};

pub(crate) use found::FoundRows;

/// The tables one query may read.
pub(crate) struct Sources {
    store: Arc<Store>,
    directory: Arc<dyn Apps>,
    /// The applications a bare table name shows.
    apps: Vec<AppInfo>,
    snapshots: Mutex<HashMap<(AppId, &'static str), Arc<Snapshot>>>,
    pub threads: usize,
    pub objects: ObjectStoreUrl,
    pub counters: Arc<Counters>,
    /// Where rows found for costly conditions are kept, for queries that share them.
    pub found: Option<Arc<FoundRows>>,
}

/// What a query read, counted while it is planned and run.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub extents_total: AtomicU64,
    pub extents_scanned: AtomicU64,
    pub head_bytes: AtomicU64,
}

impl Counters {
    pub fn add(counter: &AtomicU64, more: usize) {
        counter.fetch_add(more as u64, Ordering::Relaxed);
    }
}

impl Sources {
    pub fn new(
        store: Arc<Store>,
        directory: Arc<dyn Apps>,
        request: &Request,
        threads: usize,
        objects: ObjectStoreUrl,
    ) -> Result<Sources, Error> {
        let info = |id: AppId| {
            let missing = || Error::Internal(format!("application {} is not known", id.0));
            directory.by_id(id).ok_or_else(missing)
        };
        let apps = request.asked().into_iter().map(info).collect::<Result<Vec<_>, Error>>()?;
        Ok(Sources {
            store,
            directory,
            apps,
            snapshots: Mutex::default(),
            threads,
            objects,
            counters: Arc::default(),
            found: None,
        })
    }

    /// Whether costly conditions are looked for once and their rows kept.
    pub fn shares_conditions(&self) -> bool {
        self.found.is_some()
    }

    /// The applications whose rows a table shows: those of the request, or the one named.
    pub fn apps(&self, name: Option<&str>) -> Result<Vec<AppInfo>, Error> {
        match name {
            None => Ok(self.apps.clone()),
            Some(name) => match self.directory.by_name(name) {
                Some(app) => Ok(vec![app]),
                None => Err(Error::Internal(format!("application `{name}` is not known"))),
            },
        }
    }

    /// The stored table that an application has behind a view; `None` when it has none. `alone`
    /// says that no other application was asked.
    ///
    /// # Errors
    /// When its columns do not agree with those of the view.
    pub fn stored(
        &self,
        app: AppId,
        view: &'static ViewDef,
        alone: bool,
    ) -> Result<Option<&'static TableDef>, String> {
        if view.vocabulary != Vocabulary::Own {
            return Ok(view.table);
        }
        // Altered or dropped since names were looked up: what is there now is read.
        let Some(found) = self.directory.own_table(app, view.name) else {
            return Ok(view.table.filter(|_| alone));
        };
        let differs = |column: &&ViewColumn| {
            found.columns.iter().any(|c| c.name == column.name && c.ty != column.ty)
        };
        match view.columns.iter().find(differs) {
            Some(column) => Err(format!(
                "the table `{}` has `{}` with another type in another application: name one with \
                 `app('name').{}`",
                view.name, column.name, view.name
            )),
            None => Ok(found.table),
        }
    }

    /// The rows of one table of one application, the same at every call.
    ///
    /// # Errors
    /// When the table was dropped.
    pub fn snapshot(
        &self,
        app: AppId,
        table: &'static TableDef,
    ) -> Result<Arc<Snapshot>, store::Error> {
        let mut snapshots = self.snapshots.lock();
        if let Some(snapshot) = snapshots.get(&(app, table.name)) {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot = Arc::new(self.store.snapshot(app, table)?);
        snapshots.insert((app, table.name), Arc::clone(&snapshot));
        Ok(snapshot)
    }
}
