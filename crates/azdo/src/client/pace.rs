//! How fast a source is asked: never more requests at once than allowed, fewer while the service
//! is busy, none while it wants to be left alone (spec azure-devops.md §1.5).

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::transport::{Response, Stopped, Transport};

const SECOND_NS: i64 = 1_000_000_000;
/// So long without trouble before one more request may run at once.
const QUIET_NS: i64 = 600 * SECOND_NS;
/// Longest pause a service can ask for at once: a wrong header must not silence a source for good.
const PAUSE_NS_MAX: i64 = 3600 * SECOND_NS;
/// A waiting thread looks again after so long, so that it sees a stop.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What a source has cost so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Requests sent, each try counted.
    pub requests: u64,
    /// Bytes of decompressed bodies.
    pub bytes: u64,
    /// How long the service says it delayed answers, and how long it had us wait.
    pub delayed_seconds: f64,
    /// What is left of the service's budget, when it says so.
    pub remaining: Option<u64>,
    /// How many requests may run at once now.
    pub concurrency: u64,
}

/// The pace of one source.
#[derive(Debug)]
pub struct Pace {
    state: Mutex<State>,
    freed: Condvar,
    most: usize,
}

#[derive(Debug)]
struct State {
    limit: usize,
    running: usize,
    /// When the limit last changed.
    changed_ns: i64,
    paused_until_ns: i64,
    usage: Usage,
}

/// The right to send one request; give it back with [`Pace::leave`].
#[derive(Debug)]
pub struct Slot {
    began_ns: i64,
}

impl Pace {
    /// A pace of at most `most` requests at once, at least one.
    pub fn new(most: usize) -> Pace {
        let most = most.max(1);
        let state = State {
            limit: most,
            running: 0,
            changed_ns: i64::MIN,
            paused_until_ns: i64::MIN,
            usage: Usage::default(),
        };
        Pace { state: Mutex::new(state), freed: Condvar::new(), most }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counters are whole whatever a thread died of.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn usage(&self) -> Usage {
        let state = self.state();
        Usage { concurrency: state.limit as u64, ..state.usage }
    }

    /// Waits for the right to send.
    ///
    /// # Errors
    /// When the work is to end.
    pub fn enter(&self, transport: &dyn Transport) -> Result<Slot, Stopped> {
        loop {
            let now = transport.now();
            let mut state = self.state();
            let pause_ns = state.paused_until_ns.saturating_sub(now);
            if pause_ns > 0 {
                drop(state);
                transport.sleep(pause_ns)?;
                continue;
            }
            let quiet_ns = now.saturating_sub(state.changed_ns);
            if state.limit < self.most && quiet_ns >= QUIET_NS {
                state.limit += 1;
                state.changed_ns = now;
            }
            if state.running < state.limit {
                state.running += 1;
                return Ok(Slot { began_ns: now });
            }
            let waited = self.freed.wait_timeout(state, LOOK_AGAIN);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            transport.sleep(0)?;
        }
    }

    /// Ends a request and takes note of what its answer says about the service.
    pub fn leave(&self, slot: &Slot, now: i64, answer: Option<&Response>) {
        let mut state = self.state();
        state.running -= 1;
        state.usage.requests += 1;
        if let Some(answer) = answer {
            state.usage.bytes += answer.body.len() as u64;
            state.note(slot, now, answer);
        }
        drop(state);
        self.freed.notify_one();
    }
}

impl State {
    fn note(&mut self, slot: &Slot, now: i64, answer: &Response) {
        let delay = number(answer, "x-ratelimit-delay").unwrap_or(0.0).clamp(0.0, 3600.0);
        self.usage.delayed_seconds += delay;
        // Requests that ran together tell of one trouble.
        let is_new = slot.began_ns >= self.changed_ns;
        if (delay > 0.0 || matches!(answer.status, 429 | 503)) && is_new {
            self.limit = (self.limit / 2).max(1);
            self.changed_ns = now;
        }
        if let Some(wait_ns) = retry_after_ns(answer, now) {
            self.pause(now, wait_ns);
        }
        if let Some(remaining) = number(answer, "x-ratelimit-remaining") {
            self.usage.remaining = Some(remaining.max(0.0) as u64);
            let reset = number(answer, "x-ratelimit-reset").filter(|_| remaining <= 0.0);
            if let Some(reset) = reset {
                // By the service's clock, when it shows it: ours may differ.
                let date = answer.header("date").and_then(model::time::parse_datetime);
                let reset_ns = (reset.clamp(0.0, 9e9) as i64) * SECOND_NS;
                self.pause(now, reset_ns.saturating_sub(date.unwrap_or(now)));
            }
        }
    }

    fn pause(&mut self, now: i64, wait_ns: i64) {
        let wait_ns = wait_ns.clamp(0, PAUSE_NS_MAX);
        let until = now.saturating_add(wait_ns);
        let further = until.saturating_sub(self.paused_until_ns.max(now)).max(0);
        self.usage.delayed_seconds += further as f64 / 1e9;
        self.paused_until_ns = self.paused_until_ns.max(until);
    }
}

/// How long a `Retry-After` (seconds or a date) asks to wait, at most an hour.
pub fn retry_after_ns(answer: &Response, now: i64) -> Option<i64> {
    let text = answer.header("retry-after")?;
    let wait_ns = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => (seconds.clamp(0.0, 3600.0) * 1e9) as i64,
        _ => model::time::parse_datetime(text)?.saturating_sub(now),
    };
    Some(wait_ns.clamp(0, PAUSE_NS_MAX))
}

fn number(answer: &Response, name: &str) -> Option<f64> {
    answer.header(name)?.parse::<f64>().ok().filter(|number| number.is_finite())
}
