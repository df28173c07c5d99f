//! How many events of a day a key may still deliver. Days are those of UTC.
//!
//! Counted when a delivery is taken in; after a restart it begins with what the key's tally has of
//! the day.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::time::DAY;
use parking_lot::Mutex;

use super::tally::Tallies;
use crate::keys::Key;

/// Events a key may deliver in a day when nothing else was said: far more than a team sends, and
/// few enough for a day of a sender gone wild to be stored.
pub const EVENTS_PER_DAY: u32 = 1_000_000;

/// Counts of the day, by id of key.
#[derive(Debug, Default)]
pub struct Quotas(Mutex<BTreeMap<String, Used>>);

#[derive(Debug, Clone, Copy, Default)]
struct Used {
    day: i64,
    events: u64,
    is_told: bool,
}

/// The key's events of the day are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Over {
    pub per_day: u32,
    /// Until the next day, nanoseconds.
    pub wait_ns: i64,
    /// Whether nobody was told of it that day.
    pub is_news: bool,
}

/// A place of a day's events, given back when it is dropped without [`Taken::keep`].
pub struct Taken<'a> {
    quotas: &'a Quotas,
    key_id: String,
    is_kept: bool,
}

impl Taken<'_> {
    /// Has the event count.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.is_kept
            && let Some(used) = self.quotas.0.lock().get_mut(&self.key_id)
        {
            used.events = used.events.saturating_sub(1);
        }
    }
}

impl Quotas {
    /// Takes a place for one event at `now`.
    ///
    /// # Errors
    /// When the day's events are used up.
    pub fn take(&self, key: &Arc<Key>, tallies: &Tallies, now: i64) -> Result<Taken<'_>, Over> {
        let per_day = key.document.events_per_day.unwrap_or(EVENTS_PER_DAY);
        let id = &key.document.id;
        let day = now.div_euclid(DAY);
        let mut all = self.0.lock();
        let used = all.entry(id.clone()).or_default();
        if used.day != day {
            *used = Used { day, events: tallies.of(id).today(now), is_told: false };
        }
        if used.events >= u64::from(per_day) {
            let is_news = !std::mem::replace(&mut used.is_told, true);
            let wait_ns = (day + 1).saturating_mul(DAY).saturating_sub(now);
            return Err(Over { per_day, wait_ns, is_news });
        }
        used.events += 1;
        Ok(Taken { quotas: self, key_id: id.clone(), is_kept: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_holds_so_many_and_what_was_not_taken_is_given_back() {
        let (quotas, tallies) = (Quotas::default(), Tallies::default());
        let key = Key::for_tests(Some(2));
        let day = 20_000 * DAY;
        let take = |now: i64| quotas.take(&key, &tallies, now);
        take(day).unwrap().keep();
        drop(take(day + 1));
        take(day + 2).unwrap().keep();
        let over = take(day + 3).err();
        assert_eq!(over, Some(Over { per_day: 2, wait_ns: DAY - 3, is_news: true }));
        assert!(take(day + 4).is_err_and(|over| !over.is_news));
        assert!(take(day + DAY).is_ok());
    }
}
