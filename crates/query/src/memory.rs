//! The memory of one query: its own limit inside the pool all queries share.
//!
//! Operators that can put rows on disk do so when they are refused more memory. Invariants: none of
//! them can starve another: half of what is left for them goes to whoever asks first, of the other
//! half each may have its share, so that an operator with little in memory is never refused. Nor
//! can one query starve another: each has a little memory that is its own.
//!
//! Rows on their way between threads never go to disk: DataFusion 55 can wait for ever once they do
//! (apache/datafusion#24883). Where they do not fit, [`Crowded`] says so and the query is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// What DataFusion names memory of rows on their way between threads by.
const EXCHANGE: &str = "RepartitionExec[";

/// Whether rows on their way between threads did not fit into the memory of a query.
#[derive(Debug, Default)]
pub(crate) struct Crowded {
    is_so: AtomicBool,
    told: Notify,
}

impl Crowded {
    fn tell(&self) {
        self.is_so.store(true, Ordering::Release);
        self.told.notify_one();
    }

    /// Ends when it is so.
    pub async fn wait(&self) {
        while !self.is_so.load(Ordering::Acquire) {
            self.told.notified().await;
        }
    }

    /// Whether it is so, for the last time.
    pub fn take(&self) -> bool {
        self.is_so.swap(false, Ordering::AcqRel)
    }
}

fn is_exchange(consumer: &MemoryConsumer) -> bool {
    consumer.can_spill() && consumer.name().starts_with(EXCHANGE)
}

/// Whether its rows may go to disk.
fn spills(consumer: &MemoryConsumer) -> bool {
    consumer.can_spill() && !is_exchange(consumer)
}

/// A pool of `own_bytes` and what `shared` grants, never more than `limit_bytes`.
#[derive(Debug)]
pub(crate) struct QueryPool {
    shared: Arc<dyn MemoryPool>,
    limit_bytes: usize,
    own_bytes: usize,
    held: Mutex<Held>,
    crowded: Arc<Crowded>,
}

#[derive(Debug, Default)]
struct Held {
    used_bytes: usize,
    peak_bytes: usize,
    /// The part of `used_bytes` whose rows cannot go to disk, or must not ([`is_exchange`]).
    fixed_bytes: usize,
    /// Operators whose rows may go to disk.
    spillers: usize,
}

impl Held {
    fn change(&mut self, used_bytes: usize, reservation: &MemoryReservation) {
        if !spills(reservation.consumer()) {
            let others = self.used_bytes.saturating_sub(self.fixed_bytes);
            self.fixed_bytes = used_bytes.saturating_sub(others);
        }
        self.used_bytes = used_bytes;
        self.peak_bytes = self.peak_bytes.max(used_bytes);
    }
}

impl QueryPool {
    pub fn new(
        shared: Arc<dyn MemoryPool>,
        own_bytes: usize,
        limit_bytes: u64,
        crowded: Arc<Crowded>,
    ) -> QueryPool {
        QueryPool {
            shared,
            limit_bytes: usize::try_from(limit_bytes).unwrap_or(usize::MAX),
            own_bytes,
            held: Mutex::default(),
            crowded,
        }
    }

    /// The most bytes held at any moment.
    pub fn peak_bytes(&self) -> u64 {
        self.held.lock().peak_bytes as u64
    }

    /// What the shared pool holds of `used_bytes`.
    fn shared_bytes(&self, used_bytes: usize) -> usize {
        used_bytes.saturating_sub(self.own_bytes)
    }

    fn grant(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut held = self.held.lock();
        let (before, after) = (held.used_bytes, held.used_bytes.saturating_add(additional));
        let held_bytes = reservation.size().saturating_add(additional);
        let can_spill = spills(reservation.consumer());
        if after > self.limit_bytes || (can_spill && self.must_spill(&held, held_bytes, after)) {
            return Err(DataFusionError::ResourcesExhausted(format!(
                "{} would hold {held_bytes} bytes, all of the query {after} of its {}",
                reservation.consumer().name(),
                self.limit_bytes
            )));
        }
        let more = self.shared_bytes(after) - self.shared_bytes(before);
        self.shared.try_grow(reservation, more)?;
        held.change(after, reservation);
        Ok(())
    }

    /// Whether a spilling operator that would hold `held_bytes` of `used_bytes` has to spill.
    fn must_spill(&self, held: &Held, held_bytes: usize, used_bytes: usize) -> bool {
        let half = self.limit_bytes.saturating_sub(held.fixed_bytes) / 2;
        let share = half / held.spillers.max(1);
        used_bytes.saturating_sub(held.fixed_bytes) > half && held_bytes > share
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
        self.held.lock().spillers += usize::from(spills(consumer));
        self.shared.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        let mut held = self.held.lock();
        held.spillers = held.spillers.saturating_sub(usize::from(spills(consumer)));
        drop(held);
        self.shared.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        let mut held = self.held.lock();
        let (before, after) = (held.used_bytes, held.used_bytes.saturating_add(additional));
        self.shared.grow(reservation, self.shared_bytes(after) - self.shared_bytes(before));
        held.change(after, reservation);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        let mut held = self.held.lock();
        let (before, after) = (held.used_bytes, held.used_bytes.saturating_sub(shrink));
        self.shared.shrink(reservation, self.shared_bytes(before) - self.shared_bytes(after));
        held.change(after, reservation);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let granted = self.grant(reservation, additional);
        if granted.is_err() && is_exchange(reservation.consumer()) {
            self.crowded.tell();
        }
        granted
    }

    fn reserved(&self) -> usize {
        self.held.lock().used_bytes
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit_bytes)
    }
}
