//! What became of items since the start, application by application: what Data health tells.
//!
//! Invariants: the memory grows with applications and reasons, never with items; of an item that
//! was refused only the text its sender got is kept, and only of the last one of each reason.

use std::collections::BTreeMap;

use ingest::breeze::{Accepted, Cut, ItemFault};
use model::AppId;
use parking_lot::Mutex;

use crate::app::now;

/// Longest text of a refusal kept, in characters.
const MESSAGE_CHARS_MAX: usize = 500;

/// What became of the items of one application.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    pub accepted: u64,
    /// By the name of the reason.
    pub rejected: BTreeMap<&'static str, Rejected>,
    /// By type and field, as the texts of refusals name them.
    pub cut: BTreeMap<(&'static str, &'static str), u64>,
}

/// Items refused for one reason.
#[derive(Debug, Clone, Default)]
pub struct Rejected {
    pub count: u64,
    /// What the sender of the last one was told.
    pub message: String,
    /// When that was, nanoseconds since 1970.
    pub at: i64,
}

/// What became of the items of all applications.
#[derive(Debug)]
pub struct Arrivals {
    /// Nanoseconds since 1970.
    pub since: i64,
    /// Under `None` those of which nobody can tell whose they are.
    counts: Mutex<BTreeMap<Option<AppId>, Counts>>,
}

impl Default for Arrivals {
    fn default() -> Arrivals {
        Arrivals { since: now(), counts: Mutex::default() }
    }
}

/// The items of one request before it is known whether they were stored.
#[derive(Debug)]
pub struct Tally {
    accepted: BTreeMap<AppId, u64>,
}

impl Tally {
    pub fn of(accepted: &Accepted) -> Tally {
        let mut tally = Tally { accepted: BTreeMap::new() };
        for (app, batch) in &accepted.batches {
            *tally.accepted.entry(*app).or_default() += batch.rows.num_rows() as u64;
        }
        tally
    }
}

impl Arrivals {
    /// Counts the items of a request. What was cut is counted for its application when all items
    /// are of one.
    pub fn add(&self, tally: &Tally, is_stored: bool, faults: &[ItemFault], cuts: &[(Cut, usize)]) {
        let now = now();
        let mut counts = self.counts.lock();
        for (app, items) in &tally.accepted {
            let counts = counts.entry(Some(*app)).or_default();
            match is_stored {
                true => counts.accepted += items,
                false => counts.reject("not_stored", *items, "the store did not take it", now),
            }
        }
        for fault in faults {
            let counts = counts.entry(fault.app).or_default();
            counts.reject(fault.reason.name(), 1, &fault.message, now);
        }
        let mut apps = tally.accepted.keys();
        let only = apps.next().copied().filter(|_| apps.next().is_none());
        for (cut, items) in cuts {
            let counts = counts.entry(only).or_default();
            *counts.cut.entry((cut.ty, cut.field)).or_default() += *items as u64;
        }
    }

    /// What became of the items of an application; of `None` those that are nobody's.
    pub fn of(&self, app: Option<AppId>) -> Counts {
        self.counts.lock().get(&app).cloned().unwrap_or_default()
    }
}

impl Counts {
    fn reject(&mut self, reason: &'static str, count: u64, message: &str, now: i64) {
        let rejected = self.rejected.entry(reason).or_default();
        rejected.count += count;
        rejected.at = now;
        message
            .chars()
            .take(MESSAGE_CHARS_MAX)
            .collect::<String>()
            .clone_into(&mut rejected.message);
    }
}
