//! Where rows come from: the only module that knows how stored rows lie in memory and in files.
//!
//! Invariant: one query sees one snapshot of each table, however often it names it, and keeps it
//! until its rows are read.

pub(crate) mod extents;
mod format;
pub(crate) mod memory;
mod prune;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::execution::object_store::ObjectStoreUrl;
use model::{AppId, TableDef};
use parking_lot::Mutex;
use store::{Snapshot, Store};

use crate::error::Error;
use crate::request::{AppInfo, Apps, Request};

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
        // Named twice, an application's rows still count once.
        let mut ids = vec![request.app];
        for id in &request.apps {
            if !ids.contains(id) {
                ids.push(*id);
            }
        }
        let info = |id: AppId| {
            let missing = || Error::Internal(format!("application {} is not known", id.0));
            directory.by_id(id).ok_or_else(missing)
        };
        let apps = ids.into_iter().map(info).collect::<Result<Vec<_>, Error>>()?;
        Ok(Sources {
            store,
            directory,
            apps,
            snapshots: Mutex::default(),
            threads,
            objects,
            counters: Arc::default(),
        })
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

    /// The rows of one table of one application, the same at every call.
    pub fn snapshot(&self, app: AppId, table: &'static TableDef) -> Arc<Snapshot> {
        let mut snapshots = self.snapshots.lock();
        let snapshot = snapshots
            .entry((app, table.name))
            .or_insert_with(|| Arc::new(self.store.snapshot(app, table)));
        Arc::clone(snapshot)
    }
}
