//! Retain: extents that are too old, too many, or of a table that was dropped, are removed.
//!
//! Invariants: whole extents only, oldest first; an extent is too old when its latest row is. Of a
//! table with a key all extents of a day go together, and not while the head has rows of that day
//! or earlier ones: a row that was superseded never comes back because the newer one went first, as
//! that is of the same day or a later one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::TimestampNanosecondType;
use model::AppId;

use crate::error::Error;
use crate::head::Head;
use crate::manifest::Edit;
use crate::seal::DAY_NS;
use crate::snapshot::Extent;
use crate::store::{State, Store};
use crate::tables::Tables;

/// What a call of [`Store::retain`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retained {
    /// Extents removed for their age, to keep within the total size, and because their table was
    /// dropped.
    pub too_old: u64,
    pub over_size: u64,
    pub dropped: u64,
    pub rows: u64,
    pub size_bytes: u64,
}

impl Store {
    /// Removes what the retention settings no longer keep at `now` (nanoseconds since 1970).
    ///
    /// Works on a full disk: the manifest has reserved space for it. Files still being read go when
    /// their readers are done.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Failed`]: nothing is removed.
    pub fn retain(&self, now: i64) -> Result<Retained, Error> {
        let _merging = self.inner.merging.lock();
        let mut retained = Retained::default();
        let removed = self.not_kept(now, &mut retained);
        self.remove(removed, &mut retained)?;
        Ok(retained)
    }

    /// Removes what tables that were dropped have left; [`Store::retain`] does it, too.
    ///
    /// # Errors
    /// As [`Store::retain`].
    pub fn remove_dropped(&self) -> Result<Retained, Error> {
        let _merging = self.inner.merging.lock();
        let mut retained = Retained::default();
        let removed = self.dropped();
        retained.dropped = removed.len() as u64;
        self.remove(removed, &mut retained)?;
        Ok(retained)
    }

    fn dropped(&self) -> Vec<Arc<Extent>> {
        let state = self.inner.state.read();
        let extents = state.extents.iter().filter(|((_, name), _)| state.tables.is_dropped(name));
        extents.flat_map(|(_, extents)| extents).cloned().collect()
    }

    fn remove(&self, removed: Vec<Arc<Extent>>, retained: &mut Retained) -> Result<(), Error> {
        if !removed.is_empty() {
            let remove = removed.iter().map(|e| e.id.clone()).collect();
            let edit = Edit { remove, ..Edit::default() };
            self.inner.edit_manifest(edit, &[], |state| {
                state.remove_extents(&removed);
                for extent in &removed {
                    state.changes.rows_changed(AppId(extent.app), &extent.table);
                }
            })?;
            for extent in &removed {
                retained.rows += extent.rows;
                retained.size_bytes += extent.size_bytes + extent.index_bytes;
            }
            tracing::info!(extents = removed.len(), rows = retained.rows, "old extents removed");
        }
        drop(removed);
        self.inner.shelf.sweep();
        Ok(())
    }

    fn not_kept(&self, now: i64, retained: &mut Retained) -> Vec<Arc<Extent>> {
        let retention = &self.inner.options.retention;
        let log_bytes = self.inner.log.lock().as_ref().map_or(0, |log| log.size_bytes());
        let (extents, tables, oldest) = {
            let state = self.inner.state.read();
            let extents: Vec<_> = state.extents.values().flatten().cloned().collect();
            (extents, state.tables.clone(), oldest_in_head(&state))
        };
        let (dropped, rest): (Vec<_>, Vec<_>) =
            extents.into_iter().partition(|extent| tables.is_dropped(&extent.table));
        retained.dropped = dropped.len() as u64;
        let is_too_old = |unit: &Unit| {
            retention.days_of(tables.label(&unit.extents[0].table)).is_some_and(|days| {
                unit.time_max < now.saturating_sub(i64::from(days).saturating_mul(DAY_NS))
            })
        };
        let (free, pinned): (Vec<_>, Vec<_>) =
            units(rest, &tables).into_iter().partition(|unit| !unit.is_pinned(&oldest));
        let (old, mut kept): (Vec<_>, Vec<_>) = free.into_iter().partition(is_too_old);
        let mut removed = dropped;
        let mut take = |units: Vec<Unit>| {
            let extents: Vec<_> = units.into_iter().flat_map(|unit| unit.extents).collect();
            let count = extents.len() as u64;
            removed.extend(extents);
            count
        };
        retained.too_old = take(old);
        let Some(total_bytes) = retention.total_bytes else { return removed };
        kept.sort_by_key(|unit| unit.time_max);
        let mut size_bytes: u64 = kept.iter().chain(&pinned).map(Unit::size_bytes).sum();
        size_bytes += log_bytes;
        let over = kept.iter().take_while(|unit| {
            let is_over = size_bytes > total_bytes;
            size_bytes -= unit.size_bytes();
            is_over
        });
        let over = over.count();
        retained.over_size = take(kept.drain(..over).collect());
        removed
    }
}

/// The earliest time of the rows in the head, of tables with a key.
fn oldest_in_head(state: &State) -> HashMap<(AppId, &'static str), i64> {
    let mut oldest = HashMap::new();
    let heads = state.frozen.iter().map(|frozen| &frozen.head).chain([&state.active]);
    for (app, head) in heads.flat_map(Head::tables).filter(|(_, head)| !head.table.key.is_empty()) {
        let at = head.table.index_of(head.table.time_column().name).unwrap_or(0);
        for batch in &head.batches {
            let times = batch.column(at).as_primitive_opt::<TimestampNanosecondType>();
            let time = times.and_then(arrow::compute::min).unwrap_or(i64::MIN);
            let known = oldest.entry((app, head.table.name)).or_insert(time);
            *known = time.min(*known);
        }
    }
    oldest
}

/// Extents that are removed together.
struct Unit {
    extents: Vec<Arc<Extent>>,
    /// The latest time of all rows.
    time_max: i64,
}

impl Unit {
    /// Whether the head may have rows that these supersede.
    fn is_pinned(&self, oldest: &HashMap<(AppId, &'static str), i64>) -> bool {
        let Some(first) = self.extents.first() else { return false };
        let of_table = |((app, table), _): &(&(AppId, &str), &i64)| {
            app.0 == first.app && *table == first.table
        };
        let oldest = oldest.iter().find(of_table);
        oldest.is_some_and(|(_, time)| time.div_euclid(DAY_NS) <= i64::from(first.day))
    }

    fn size_bytes(&self) -> u64 {
        self.extents.iter().map(|e| e.size_bytes + e.index_bytes).sum()
    }
}

/// Each extent alone, but a day of a table with a key whole.
fn units(extents: Vec<Arc<Extent>>, tables: &Tables) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut days: BTreeMap<(u32, String, i32), Vec<Arc<Extent>>> = BTreeMap::new();
    for extent in extents {
        match tables.find(&extent.table).is_some_and(|table| !table.key.is_empty()) {
            true => {
                let day = (extent.app, extent.table.clone(), extent.day);
                days.entry(day).or_default().push(extent);
            }
            false => units.push(Unit { time_max: extent.time_max, extents: vec![extent] }),
        }
    }
    units.extend(days.into_values().map(|extents| {
        let time_max = extents.iter().map(|e| e.time_max).max().unwrap_or(i64::MIN);
        Unit { extents, time_max }
    }));
    units
}
