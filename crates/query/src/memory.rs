//! The memory of one query: its own limit inside the pool all queries share.
//!
//! Operators that can put rows on disk do so when they are refused more memory. Invariant: none of
//! them can starve another. Half of what is left for them goes to whoever asks first, of the other
//! half each may have its share, so that an operator with little in memory is never refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// A pool that takes from `shared` and never more than `limit_bytes`.
#[derive(Debug)]
pub(crate) struct QueryPool {
    shared: Arc<dyn MemoryPool>,
    limit_bytes: usize,
    used_bytes: AtomicUsize,
    peak_bytes: AtomicUsize,
    /// The part of `used_bytes` held by operators that cannot spill.
    fixed_bytes: AtomicUsize,
    /// Operators that can spill.
    spillers: AtomicUsize,
}

impl QueryPool {
    pub fn new(shared: Arc<dyn MemoryPool>, limit_bytes: u64) -> QueryPool {
        QueryPool {
            shared,
            limit_bytes: usize::try_from(limit_bytes).unwrap_or(usize::MAX),
            used_bytes: AtomicUsize::new(0),
            peak_bytes: AtomicUsize::new(0),
            fixed_bytes: AtomicUsize::new(0),
            spillers: AtomicUsize::new(0),
        }
    }

    /// The most bytes held at any moment.
    pub fn peak_bytes(&self) -> u64 {
        self.peak_bytes.load(Ordering::Relaxed) as u64
    }

    fn add(&self, more_bytes: usize) -> usize {
        let used = self.used_bytes.fetch_add(more_bytes, Ordering::Relaxed) + more_bytes;
        self.peak_bytes.fetch_max(used, Ordering::Relaxed);
        used
    }

    /// Whether a spilling operator that would hold `held_bytes` of `used_bytes` has to spill.
    fn must_spill(&self, held_bytes: usize, used_bytes: usize) -> bool {
        let fixed_bytes = self.fixed_bytes.load(Ordering::Relaxed);
        let half = self.limit_bytes.saturating_sub(fixed_bytes) / 2;
        let share = half / self.spillers.load(Ordering::Relaxed).max(1);
        used_bytes.saturating_sub(fixed_bytes) > half && held_bytes > share
    }

    /// Counts what an operator that cannot spill takes or gives back.
    fn count_fixed(&self, reservation: &MemoryReservation, change: impl FnOnce(&AtomicUsize)) {
        if !reservation.consumer().can_spill() {
            change(&self.fixed_bytes);
        }
    }
}

impl std::fmt::Display for QueryPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "query({} bytes)", self.limit_bytes)
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.spillers.fetch_add(usize::from(consumer.can_spill()), Ordering::Relaxed);
        self.shared.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.spillers.fetch_sub(usize::from(consumer.can_spill()), Ordering::Relaxed);
        self.shared.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.add(additional);
        self.count_fixed(reservation, |fixed| {
            fixed.fetch_add(additional, Ordering::Relaxed);
        });
        self.shared.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.used_bytes.fetch_sub(shrink, Ordering::Relaxed);
        self.count_fixed(reservation, |fixed| {
            fixed.fetch_sub(shrink, Ordering::Relaxed);
        });
        self.shared.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let used_bytes = self.add(additional);
        let held_bytes = reservation.size() + additional;
        let can_spill = reservation.consumer().can_spill();
        if used_bytes > self.limit_bytes || (can_spill && self.must_spill(held_bytes, used_bytes)) {
            self.used_bytes.fetch_sub(additional, Ordering::Relaxed);
            return Err(DataFusionError::ResourcesExhausted(format!(
                "{} would hold {held_bytes} bytes, all of the query {used_bytes} of its {}",
                reservation.consumer().name(),
                self.limit_bytes
            )));
        }
        let grown = self.shared.try_grow(reservation, additional);
        match grown {
            Ok(()) => self.count_fixed(reservation, |fixed| {
                fixed.fetch_add(additional, Ordering::Relaxed);
            }),
            Err(_) => {
                self.used_bytes.fetch_sub(additional, Ordering::Relaxed);
            }
        }
        grown
    }

    fn reserved(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit_bytes)
    }
}
