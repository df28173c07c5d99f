//! A token bucket: how many requests a key may send in a minute.
//!
//! Invariant: it starts full and holds one minute's requests, so a burst after a pause passes.

use model::time::MINUTE;

/// Requests a key may still send.
#[derive(Debug, Default)]
pub struct Bucket {
    /// When the next request would find the bucket full again, nanoseconds since 1970.
    full_at: i64,
}

impl Bucket {
    /// Takes one of `per_minute` requests at the time `now`.
    ///
    /// # Errors
    /// Nanoseconds to wait when there is none left.
    pub fn take(&mut self, per_minute: u32, now: i64) -> Result<(), i64> {
        let each = MINUTE / i64::from(per_minute.max(1));
        let full_at = self.full_at.max(now).saturating_add(each);
        let ahead = full_at.saturating_sub(now);
        if ahead > MINUTE {
            return Err(ahead - MINUTE);
        }
        self.full_at = full_at;
        Ok(())
    }
}
