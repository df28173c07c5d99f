//! Retain: extents that are too old, or too many, are removed.
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
    /// Extents removed for their age, and to keep within the total size.
    pub too_old: u64,
    pub over_size: u64,
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
        Ok(retained)
    }

    fn not_kept(&self, now: i64, retained: &mut Retained) -> Vec<Arc<Extent>> {
        let retention = &self.inner.options.retention;
        let log_bytes = self.inner.log.lock().as_ref().map_or(0, |log| log.size_bytes());
        let is_too_old = |extent: &Extent| {
            retention.days_of(&extent.table).is_some_and(|days| {
                extent.time_max < now.saturating_sub(i64::from(days).saturating_mul(DAY_NS))
            })
        };
        let extents: Vec<Arc<Extent>> =
            self.inner.state.read().extents.values().flatten().cloned().collect();
        let (mut removed, mut kept): (Vec<_>, Vec<_>) =
            extents.into_iter().partition(|extent| is_too_old(extent));
        retained.too_old = removed.len() as u64;
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
