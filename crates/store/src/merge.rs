//! Merge: small extents of one application, table and day become larger ones.
//!
//! Invariants: extents of like size are merged, so a row is rewritten a number of times that grows
//! with the logarithm of the rows of its day; the inputs leave and the result appears in one step;
//! a superseded row is left out only when the row that supersedes it lies in an extent in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use model::{AppId, TableDef};

use crate::error::Error;
use crate::extent::{self, ExtentEntry};
use crate::manifest::Edit;
use crate::options::Options;
use crate::seal::ms_to_ns;
use crate::snapshot::{Extent, dir};
use crate::store::{Inner, Store};
use crate::versions::Superseded;

/// An extent is rewritten when at least one in so many of its rows is superseded: what is seen is
/// read nearly as fast as if there were no others, and each superseded row costs the writing of so
/// many at most.
const SUPERSEDED_PART: u64 = 8;

/// One call merges so often at most, so that other jobs get their turn.
const MERGES_MAX: usize = 32;

/// What a call of [`Store::merge`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    pub extents_in: u64,
    pub extents_out: u64,
    /// In the new extents.
    pub rows: u64,
    /// Bytes of the new extent and index files.
    pub size_bytes: u64,
    /// More is due: call again soon.
    pub has_more: bool,
}

impl Store {
    /// Merges what is due at `now` (nanoseconds since 1970), without superseded rows.
    ///
    /// # Errors
    /// The first failure, after everything else that was due has been merged; the inputs of a
    /// failed merge stay in force.
    pub fn merge(&self, now: i64) -> Result<Merged, Error> {
        let _merging = self.inner.merging.lock();
        let mut merged = Merged::default();
        let mut failed = None;
        let mut skipped: BTreeSet<String> = BTreeSet::new();
        for _ in 0..MERGES_MAX {
            let Some(due) = self.inner.merge_due(now, &skipped) else { break };
            let started = Instant::now();
            let ids: Vec<String> = due.extents.iter().map(|e| e.id.clone()).collect();
            let table = due.table.name;
            match self.inner.merge(due, &mut merged) {
                Ok(()) => self.inner.counters.lock().merge_time.add(started.elapsed()),
                Err(error) => {
                    tracing::error!(%error, table, "extents cannot be merged");
                    skipped.extend(ids);
                    failed.get_or_insert(error);
                }
            }
            self.inner.shelf.sweep();
        }
        // Also what readers have let go of since the last job.
        self.inner.shelf.sweep();
        merged.has_more = self.inner.merge_due(now, &skipped).is_some();
        failed.map_or(Ok(merged), Err)
    }
}

/// Extents that should become one, or none when no row of theirs is left.
struct Due {
    table: &'static TableDef,
    extents: Vec<Arc<Extent>>,
    /// Rows of each extent that go.
    superseded: Vec<Superseded>,
}

impl Inner {
    fn merge_due(&self, now: i64, skipped: &BTreeSet<String>) -> Option<Due> {
        let candidates: Vec<_> = {
            let state = self.state.read();
            let candidates = state.extents.iter().filter_map(|((app, name), extents)| {
                // A table of a newer program stays as it is, one that was dropped goes as it is.
                let table = state.tables.find(name)?;
                Some((*app, table, extents.clone()))
            });
            candidates.collect()
        };
        candidates.into_iter().find_map(|(app, table, extents)| {
            let superseded = self.superseded(app, table, &extents).unwrap_or_else(|error| {
                tracing::error!(%error, table = table.name, "superseded rows stay");
                vec![Superseded::default(); extents.len()]
            });
            let mut days: BTreeMap<i32, Vec<(&Arc<Extent>, &Superseded)>> = BTreeMap::new();
            for (extent, superseded) in extents.iter().zip(&superseded) {
                if !skipped.contains(&extent.id) {
                    days.entry(extent.day).or_default().push((extent, superseded));
                }
            }
            let due = days.values().find_map(|day| self.due_of(day, now))?;
            let (extents, superseded) =
                due.into_iter().map(|(extent, s)| (Arc::clone(extent), s.clone())).unzip();
            Some(Due { table, extents, superseded })
        })
    }

    /// What is due of one day.
    fn due_of<'a>(
        &self,
        day: &[(&'a Arc<Extent>, &'a Superseded)],
        now: i64,
    ) -> Option<Vec<(&'a Arc<Extent>, &'a Superseded)>> {
        let extents: Vec<&Arc<Extent>> = day.iter().map(|(extent, _)| *extent).collect();
        if let Some(due) = due(&extents, &self.options, now) {
            let is_due = |extent: &Arc<Extent>| due.iter().any(|due| Arc::ptr_eq(due, extent));
            return Some(day.iter().copied().filter(|(extent, _)| is_due(extent)).collect());
        }
        let is_large = |(extent, superseded): &&(&Arc<Extent>, &Superseded)| {
            let rows = superseded.rows();
            rows > 0 && rows.saturating_mul(SUPERSEDED_PART) >= extent.rows
        };
        day.iter().find(is_large).map(|due| vec![*due])
    }

    fn merge(&self, due: Due, merged: &mut Merged) -> Result<(), Error> {
        // Looked up behind the choice of extents: no extent has columns that this lacks.
        let Some(table) = self.state.read().tables.find(due.table.name) else { return Ok(()) };
        let Due { extents, superseded, .. } = due;
        let rows: u64 = extents.iter().map(|e| e.rows).sum();
        let rows = rows.saturating_sub(superseded.iter().map(Superseded::rows).sum());
        let made = match rows {
            0 => None,
            _ => Some(self.write_merged(table, &extents, superseded, rows)?),
        };
        let edit = Edit {
            add: made.iter().cloned().collect(),
            remove: extents.iter().map(|e| e.id.clone()).collect(),
            ..Edit::default()
        };
        let extent = made.clone().map(|entry| Extent::new(entry, &self.shelf));
        self.edit_manifest(edit, made.as_slice(), |state| {
            state.remove_extents(&extents);
            extent.into_iter().for_each(|extent| state.add_extent(extent));
        })?;
        merged.size_bytes += made.iter().map(|e| e.size_bytes + e.index_bytes).sum::<u64>();
        merged.extents_in += extents.len() as u64;
        merged.extents_out += made.iter().len() as u64;
        merged.rows += rows;
        Ok(())
    }

    /// Writes the `rows` rows of extents that are not superseded as one extent, and syncs it.
    fn write_merged(
        &self,
        table: &'static TableDef,
        extents: &[Arc<Extent>],
        superseded: Vec<Superseded>,
        rows: u64,
    ) -> Result<ExtentEntry, Error> {
        let parts = extents.iter().zip(superseded).filter(|(e, s)| s.rows() < e.rows);
        let parts = parts.map(|(extent, superseded)| Ok((extent.read()?, superseded)));
        let parts = parts.collect::<Result<Vec<_>, Error>>()?;
        let encoded = extent::merge(table, &parts)?;
        drop(parts);
        let first = &extents[0];
        if encoded.entry.rows != rows {
            let reason = format!("{} of {rows} rows", encoded.entry.rows);
            return Err(Error::damaged(&first.id, reason));
        }
        let level = extents.iter().map(|e| e.level).max().unwrap_or(0).saturating_add(1);
        let entry = self.write_extent(AppId(first.app), level, encoded)?;
        let made = std::slice::from_ref(&entry);
        self.sync_extents(&dir(table.name)).inspect_err(|_| self.discard(made))?;
        Ok(entry)
    }
}

/// Extents of one application, table and day that should become one.
fn due<'a>(
    extents: &[&'a Arc<Extent>],
    options: &Options,
    now: i64,
) -> Option<Vec<&'a Arc<Extent>>> {
    let mut small: Vec<&Arc<Extent>> = extents
        .iter()
        .copied()
        .filter(|e| e.rows < options.extent_rows_max && e.size_bytes < options.extent_bytes_max)
        .collect();
    small.sort_by_key(|e| (e.rows, e.time_min));
    let newest = extents.iter().map(|e| e.received_max).max()?;
    let fan_in = options.merge_fan_in.max(2) as u64;
    let is_quiet = now.saturating_sub(newest) >= ms_to_ns(options.merge_quiet_ms);
    if is_quiet {
        return last_merge(&small, options, fan_in);
    }
    let mut tiers: BTreeMap<u32, Vec<&Arc<Extent>>> = BTreeMap::new();
    for extent in small {
        tiers.entry(extent.rows.max(1).ilog(fan_in)).or_default().push(extent);
    }
    let full = tiers.into_values().filter(|tier| tier.len() as u64 >= fan_in);
    full.map(|tier| within_limits(&tier, options)).find(|tier| tier.len() > 1)
}

/// Of a day that is over: everything, but a large extent is not rewritten for a few late rows.
fn last_merge<'a>(
    small: &[&'a Arc<Extent>],
    options: &Options,
    fan_in: u64,
) -> Option<Vec<&'a Arc<Extent>>> {
    let mut count = 1;
    let mut rows = small.first()?.rows;
    for extent in &small[1..] {
        if extent.rows > rows.saturating_mul(fan_in) {
            break;
        }
        rows += extent.rows;
        count += 1;
    }
    let merged = within_limits(&small[..count], options);
    (merged.len() > 1).then_some(merged)
}

/// As many of the extents, smallest first, as make one that is not too large.
fn within_limits<'a>(extents: &[&'a Arc<Extent>], options: &Options) -> Vec<&'a Arc<Extent>> {
    let (mut rows, mut size_bytes) = (0, 0);
    let fits = |extent: &&&Arc<Extent>| {
        rows += extent.rows;
        size_bytes += extent.size_bytes;
        rows <= options.extent_rows_max && size_bytes <= options.extent_bytes_max
    };
    extents.iter().take_while(fits).copied().collect()
}
