//! How many bytes of request bodies the server holds at once.
//!
//! Invariant: what was admitted holds its permits until it is answered; who waits longer than
//! [`WAIT`] is told to come back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::INTAKE_UNIT_BYTES;

/// How long a request waits for others to be done.
const WAIT: Duration = Duration::from_millis(500);

/// Permits one request holds.
#[derive(Debug)]
pub struct Hold {
    intake: Arc<Semaphore>,
    /// All permits there are: no request needs more.
    units_max: usize,
    permit: OwnedSemaphorePermit,
}

fn units(bytes: usize, units_max: usize) -> usize {
    bytes.div_ceil(INTAKE_UNIT_BYTES).clamp(1, units_max)
}

impl Hold {
    /// Admits a body of `bytes`; `None` when there is no room in time.
    pub async fn admit(
        intake: &Arc<Semaphore>,
        in_flight_bytes_max: usize,
        bytes: usize,
    ) -> Option<Hold> {
        let units_max = (in_flight_bytes_max / INTAKE_UNIT_BYTES).max(1);
        let count = u32::try_from(units(bytes, units_max)).ok()?;
        let waiting = Arc::clone(intake).acquire_many_owned(count);
        let permit = tokio::time::timeout(WAIT, waiting).await.ok()?.ok()?;
        Some(Hold { intake: Arc::clone(intake), units_max, permit })
    }

    /// Holds room for `bytes` in all. Does not wait: it would do so while holding what others
    /// wait for.
    pub fn grow_to(&mut self, bytes: usize) -> bool {
        let wanted = units(bytes, self.units_max).saturating_sub(self.permit.num_permits());
        let Ok(wanted) = u32::try_from(wanted) else { return false };
        if wanted == 0 {
            return true;
        }
        match Arc::clone(&self.intake).try_acquire_many_owned(wanted) {
            Ok(more) => {
                self.permit.merge(more);
                true
            }
            Err(_) => false,
        }
    }
}

/// How many items a body has, without reading them: every refused item needs its own entry in the
/// answer, or a client drops it (spec ingestion.md §4.3).
pub fn count_items(body: &[u8]) -> usize {
    let mut depth = 0usize;
    let mut is_array = false;
    let mut items = 0;
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => at = skip_string(body, at),
            b'[' if depth == 0 && items == 0 => {
                is_array = true;
                depth = 1;
            }
            b'{' | b'[' => {
                items += usize::from(depth == usize::from(is_array));
                depth += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    items
}

/// The position of the quote that ends the string starting at `at`.
fn skip_string(body: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = body.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => return at,
            _ => {}
        }
        at += 1;
    }
    at
}
