//! What became of deliveries since the start, by key and outcome.
//!
//! Invariant: labels are names of keys of this server and the outcomes below, never texts of
//! requests.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Stored, and not seen before.
    Accepted,
    /// Stored, and of a project, definition or type its key is not for.
    OutOfScope,
    /// The same was there within seven days.
    Duplicate,
    /// No JSON object with an `eventType`.
    Unreadable,
    TooLarge,
    /// The key's requests of a minute are used up.
    Throttled,
    /// The key's events of a day are used up.
    OverQuota,
    /// No room, no disk, or the sender broke off.
    Postponed,
    /// The key was revoked or has expired.
    Revoked,
    UnknownKey,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::OutOfScope => "out_of_scope",
            Outcome::Duplicate => "duplicate",
            Outcome::Unreadable => "unreadable",
            Outcome::TooLarge => "too_large",
            Outcome::Throttled => "throttled",
            Outcome::OverQuota => "over_quota",
            Outcome::Postponed => "postponed",
            Outcome::Revoked => "revoked",
            Outcome::UnknownKey => "unknown_key",
        }
    }
}

/// Counters since the start. The name of a key that is not known is `''`.
#[derive(Debug, Default)]
pub struct Counts(Mutex<BTreeMap<(String, Outcome), u64>>);

impl Counts {
    pub fn add(&self, key_name: &str, outcome: Outcome) {
        let mut counts = self.0.lock();
        match counts.get_mut(&(key_name.to_owned(), outcome)) {
            Some(count) => *count += 1,
            None => drop(counts.insert((key_name.to_owned(), outcome), 1)),
        }
    }

    pub fn all(&self) -> Vec<(String, Outcome, u64)> {
        let counts = self.0.lock();
        counts.iter().map(|((key, outcome), count)| (key.clone(), *outcome, *count)).collect()
    }
}
