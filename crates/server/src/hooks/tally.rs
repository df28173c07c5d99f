//! What came with each key: how many events, when the last, on which days; and keys gone silent.
//!
//! One document per key, `hook/key/<id>`, changed in the write of the events it counts, so that it
//! is exact. Days are days of UTC since 1970.

use std::collections::{BTreeMap, BTreeSet};

use model::time::DAY;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use store::Store;

use super::effects::Hint;

const PREFIX: &str = "hook/key/";
/// Days that are kept: the seven that count, today, and one that may be going by.
const DAYS_KEPT: usize = 9;
/// A key that was heard on so many days in a row is expected to be heard (spec §8.6).
const REGULAR_DAYS: i64 = 7;
/// And is silent after this long without an event, nanoseconds.
const SILENT_NS: i64 = DAY;

/// What came with one key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tally {
    /// All events, without repeated deliveries.
    pub events: u64,
    /// Of them, those the key is not for.
    pub out_of_scope: u64,
    /// When the last one came, nanoseconds since 1970.
    pub last: Option<i64>,
    /// Its type.
    pub last_type: String,
    /// Day → events.
    pub days: BTreeMap<i64, u64>,
    /// What would make the key's events more useful.
    pub hint: Hint,
}

impl Tally {
    /// Counts an event that came at `at`. `hint`: what it tells of the subscription, if anything.
    pub fn hear(&mut self, at: i64, event_type: &str, hint: Option<Hint>) {
        self.events += 1;
        *self.days.entry(at.div_euclid(DAY)).or_default() += 1;
        while self.days.len() > DAYS_KEPT {
            self.days.pop_first();
        }
        if self.last.is_none_or(|last| last <= at) {
            self.last = Some(at);
            self.last_type = event_type.to_owned();
        }
        if let Some(hint) = hint {
            self.hint = hint;
        }
    }

    /// Whether events came every day for a week and then none for a day.
    pub fn is_silent(&self, now: i64) -> bool {
        let Some(last) = self.last else { return false };
        let day = last.div_euclid(DAY);
        let is_regular = (0..REGULAR_DAYS).all(|back| self.days.contains_key(&(day - back)));
        is_regular && now.saturating_sub(last) > SILENT_NS
    }

    /// Events of the day of `now`.
    pub fn today(&self, now: i64) -> u64 {
        self.days.get(&now.div_euclid(DAY)).copied().unwrap_or(0)
    }

    /// The edit that stores it.
    pub fn edit(&self, key_id: &str) -> (String, Option<Vec<u8>>) {
        // Of texts and numbers alone, which can always be written.
        (format!("{PREFIX}{key_id}"), serde_json::to_vec(self).ok())
    }
}

/// Tallies of all keys that ever delivered, by id.
#[derive(Debug, Default)]
pub struct Tallies {
    all: Mutex<BTreeMap<String, Tally>>,
    /// Keys whose silence was told in the log.
    told: Mutex<BTreeSet<String>>,
}

impl Tallies {
    /// Those of a store. A document that cannot be read begins anew.
    pub fn load(store: &Store) -> Tallies {
        let read = |(key, bytes): (String, std::sync::Arc<[u8]>)| {
            let tally = serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::error!(key, %error, "what came with a hook key cannot be read");
                Tally::default()
            });
            Some((key.strip_prefix(PREFIX)?.to_owned(), tally))
        };
        let all = store.documents(PREFIX).into_iter().filter_map(read).collect();
        Tallies { all: Mutex::new(all), told: Mutex::default() }
    }

    pub fn of(&self, key_id: &str) -> Tally {
        self.all.lock().get(key_id).cloned().unwrap_or_default()
    }

    pub fn set(&self, key_id: &str, tally: Tally) {
        self.all.lock().insert(key_id.to_owned(), tally);
    }

    /// Whether the silence of a key is to be told now: once, and again after it spoke.
    pub fn tells(&self, key_id: &str, is_silent: bool) -> bool {
        let mut told = self.told.lock();
        match is_silent {
            true => told.insert(key_id.to_owned()),
            false => {
                told.remove(key_id);
                false
            }
        }
    }
}
