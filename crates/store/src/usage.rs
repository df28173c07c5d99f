//! What the rows of an application take, table by table and day by day.
//!
//! Invariant: told by manifest and head alone; no file of rows is opened.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampNanosecondType;
use model::{AppId, TableDef};

use crate::error::Error;
use crate::head::Head;
use crate::options::Options;
use crate::seal::DAY_NS;
use crate::store::Store;

/// Rows of one table and day, superseded ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DayUsage {
    /// Days since 1970-01-01 of the rows' time.
    pub day: i64,
    pub rows: u64,
    /// Bytes of extent and index files, and of rows in memory (estimated).
    pub size_bytes: u64,
    pub extents: u64,
    /// The latest time, nanoseconds since 1970.
    pub newest: i64,
}

/// One table of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableUsage {
    /// As people call it.
    pub table: String,
    /// The newest day first.
    pub days: Vec<DayUsage>,
}

impl Store {
    /// What the tables of an application take, by the names of the tables.
    pub fn usage(&self, app: AppId) -> Vec<TableUsage> {
        let mut tables: BTreeMap<String, BTreeMap<i64, DayUsage>> = BTreeMap::new();
        let state = self.inner.state.read();
        let own = state
            .extents
            .iter()
            .filter(|((of, name), _)| *of == app && !state.tables.is_dropped(name));
        for ((_, name), extents) in own {
            let days = tables.entry(state.tables.label(name).to_owned()).or_default();
            for extent in extents {
                let day = days.entry(i64::from(extent.day)).or_default();
                day.rows += extent.rows;
                day.size_bytes += extent.size_bytes + extent.index_bytes;
                day.extents += 1;
                day.newest = day.newest.max(extent.time_max);
            }
        }
        let heads = state.frozen.iter().map(|frozen| &frozen.head).chain([&state.active]);
        for (_, head) in heads.flat_map(Head::tables).filter(|(of, _)| *of == app) {
            let days = tables.entry(state.tables.label(head.table.name).to_owned()).or_default();
            let row_bytes = head.size_bytes / head.rows.max(1);
            for time in head.batches.iter().flat_map(|batch| times(head.table, batch)) {
                let day = days.entry(time.div_euclid(DAY_NS)).or_default();
                day.rows += 1;
                day.size_bytes += row_bytes;
                day.newest = day.newest.max(time);
            }
        }
        drop(state);
        let usage = |(table, days): (String, BTreeMap<i64, DayUsage>)| TableUsage {
            table,
            days: days.into_iter().rev().map(|(day, usage)| DayUsage { day, ..usage }).collect(),
        };
        tables.into_iter().map(usage).collect()
    }

    /// The latest time of the rows of a table, nanoseconds since 1970.
    pub fn newest(&self, app: AppId, table: &'static TableDef) -> Option<i64> {
        let state = self.inner.state.read();
        let extents = state.extents.get(&(app, table.name.to_owned())).into_iter().flatten();
        let sealed = extents.map(|extent| extent.time_max).max();
        let heads = state.frozen.iter().map(|frozen| &frozen.head).chain([&state.active]);
        let batches = heads.flat_map(|head| head.batches(app, table));
        let fresh = batches.flat_map(|batch| times(table, batch)).max();
        sealed.max(fresh)
    }

    /// Free space on the disk of the data folder, in bytes.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn free_bytes(&self) -> Result<u64, Error> {
        self.inner.shelf.disk.free_bytes().map_err(|e| Error::io("ask for free space", e))
    }

    /// The limits the store was opened with.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }
}

/// The times of the rows of a batch.
fn times(table: &TableDef, batch: &RecordBatch) -> Vec<i64> {
    let at = table.index_of(table.time_column().name).unwrap_or(0);
    let times = batch.column(at).as_primitive_opt::<TimestampNanosecondType>();
    times.map_or_else(Vec::new, |times| times.values()[..times.len()].to_vec())
}
