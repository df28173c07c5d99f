//! Retain: extents that are too old, too many, or of a table that was dropped, are removed.
//!
//! Invariant: whole extents only, oldest first; an extent is too old when its latest row is.

use std::sync::Arc;

use crate::error::Error;
use crate::manifest::Edit;
use crate::seal::DAY_NS;
use crate::snapshot::Extent;
use crate::store::Store;

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
            self.inner.edit_manifest(edit, &[], |state| state.remove_extents(&removed))?;
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
        let (extents, tables) = {
            let state = self.inner.state.read();
            let extents: Vec<_> = state.extents.values().flatten().cloned().collect();
            (extents, state.tables.clone())
        };
        let is_too_old = |extent: &Extent| {
            retention.days_of(tables.label(&extent.table)).is_some_and(|days| {
                extent.time_max < now.saturating_sub(i64::from(days).saturating_mul(DAY_NS))
            })
        };
        let (mut removed, rest): (Vec<_>, Vec<_>) =
            extents.into_iter().partition(|extent| tables.is_dropped(&extent.table));
        retained.dropped = removed.len() as u64;
        let (old, mut kept): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|extent| is_too_old(extent));
        retained.too_old = old.len() as u64;
        removed.extend(old);
        let Some(total_bytes) = retention.total_bytes else { return removed };
        kept.sort_by_key(|extent| extent.time_max);
        let mut size_bytes: u64 = kept.iter().map(|e| e.size_bytes + e.index_bytes).sum();
        size_bytes += log_bytes;
        let over = kept.iter().take_while(|extent| {
            let is_over = size_bytes > total_bytes;
            size_bytes -= extent.size_bytes + extent.index_bytes;
            is_over
        });
        let over = over.count();
        retained.over_size = over as u64;
        removed.extend(kept.drain(..over));
        removed
    }
}
