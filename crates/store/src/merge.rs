//! Merge: small extents of one application, table and day become larger ones.
//!
//! Invariants: extents of like size are merged, so a row is rewritten a number of times that grows
//! with the logarithm of the rows of its day; the inputs leave and the result appears in one step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use model::AppId;

use crate::error::Error;
use crate::extent;
use crate::manifest::Edit;
use crate::options::Options;
use crate::seal::ms_to_ns;
use crate::snapshot::{Extent, dir};
use crate::store::{Inner, Store};

/// One call merges so often at most, so that other jobs get their turn.
const MERGES_MAX: usize = 32;

/// What a call of [`Store::merge`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    pub extents_in: u64,
    pub extents_out: u64,
    pub rows: u64,
    /// Bytes of the new extent and index files.
    pub size_bytes: u64,
    /// More is due: call again soon.
    pub has_more: bool,
}

impl Store {
    /// Merges what is due at `now` (nanoseconds since 1970).
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
            match self.inner.merge(&due, &mut merged) {
                Ok(()) => self.inner.counters.lock().merge_time.add(started.elapsed()),
                Err(error) => {
                    tracing::error!(%error, table = due[0].table, "extents cannot be merged");
                    skipped.extend(due.iter().map(|e| e.id.clone()));
                    failed.get_or_insert(error);
                }
            }
            drop(due);
            self.inner.shelf.sweep();
        }
        // Also what readers have let go of since the last job.
        self.inner.shelf.sweep();
        merged.has_more = self.inner.merge_due(now, &skipped).is_some();
        failed.map_or(Ok(merged), Err)
    }
}

impl Inner {
    fn merge_due(&self, now: i64, skipped: &BTreeSet<String>) -> Option<Vec<Arc<Extent>>> {
        let state = self.state.read();
        state.extents.iter().find_map(|((_, table), extents)| {
            // A table of a newer program stays as it is, one that was dropped goes as it is.
            state.tables.find(table)?;
            let mut days: BTreeMap<i32, Vec<&Arc<Extent>>> = BTreeMap::new();
            for extent in extents.iter().filter(|e| !skipped.contains(&e.id)) {
                days.entry(extent.day).or_default().push(extent);
            }
            let due = days.values().find_map(|extents| due(extents, &self.options, now))?;
            Some(due.into_iter().map(Arc::clone).collect())
        })
    }

    fn merge(&self, due: &[Arc<Extent>], merged: &mut Merged) -> Result<(), Error> {
        // Looked up behind the choice of extents: no extent has columns that this lacks.
        let table = self.state.read().tables.find(&due[0].table);
        let Some(table) = table else { return Ok(()) };
        let parts = due.iter().map(|e| e.read()).collect::<Result<Vec<_>, _>>()?;
        let encoded = extent::merge(table, &parts)?;
        drop(parts);
        let rows: u64 = due.iter().map(|e| e.rows).sum();
        if encoded.entry.rows != rows {
            let reason = format!("{} of {rows} rows", encoded.entry.rows);
            return Err(Error::damaged(&due[0].id, reason));
        }
        let level = due.iter().map(|e| e.level).max().unwrap_or(0).saturating_add(1);
        let entry = self.write_extent(AppId(due[0].app), level, encoded)?;
        let made = [entry.clone()];
        self.sync_extents(&dir(table.name)).inspect_err(|_| self.discard(&made))?;
        let edit = Edit {
            add: made.to_vec(),
            remove: due.iter().map(|e| e.id.clone()).collect(),
            ..Edit::default()
        };
        let extent = Extent::new(entry, &self.shelf);
        merged.size_bytes += extent.size_bytes + extent.index_bytes;
        self.edit_manifest(edit, &made, |state| {
            state.remove_extents(due);
            state.add_extent(extent);
        })?;
        merged.extents_in += due.len() as u64;
        merged.extents_out += 1;
        merged.rows += rows;
        Ok(())
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
