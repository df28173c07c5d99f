//! One source while the server runs: what it is to do next, and how it fares.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use azdo::client::Usage;
use parking_lot::{Condvar, Mutex};

use super::source::SourceCollector;
use crate::app::now;
use crate::settings::sources::Source;

/// Late records of a build land within this time of its event (spec azure-devops.md §4.3).
const TRIGGER_DELAY: Duration = Duration::from_secs(10);
/// Most builds that wait to be collected by a trigger: the next pass finds the others.
const TRIGGERS_MAX: usize = 10_000;

/// Too many builds are waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// A source and its queue.
pub struct Line {
    pub source: Source,
    /// Made by the first pass.
    pub collector: OnceLock<SourceCollector>,
    /// Nanoseconds since 1970.
    pub started_ns: i64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// (Project name or id, build) → when it is due.
    triggers: BTreeMap<(String, i64), Instant>,
    /// A pass is wanted now.
    is_wanted: bool,
    is_stopped: bool,
    health: Health,
}

/// How a source fares, for metrics and status.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// As the client counts it.
    pub usage: Usage,
    /// When a pass last went well for all projects, nanoseconds; 0: not since the start.
    pub succeeded_ns: i64,
    /// When it was last known which projects there are, nanoseconds; 0: not since the start.
    pub listed_ns: i64,
    /// By project: builds pending and given up, when the last good pass began.
    pub projects: BTreeMap<String, ProjectHealth>,
    /// Why the source needs its user; empty: it does not.
    pub alarm: String,
}

/// How a project of a source fares.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProjectHealth {
    pub succeeded_ns: i64,
    /// When a changed build was last seen.
    pub active_ns: i64,
    pub pending: u64,
    pub dead: u64,
}

impl Line {
    pub fn new(source: Source) -> Line {
        Line {
            source,
            collector: OnceLock::new(),
            started_ns: now(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Has a build collected in ten seconds; further calls until then change nothing.
    ///
    /// # Errors
    /// When too many are waiting.
    pub fn enqueue(&self, project: &str, build: i64) -> Result<(), Full> {
        let mut state = self.state.lock();
        let key = (project.to_lowercase(), build);
        if state.triggers.len() >= TRIGGERS_MAX && !state.triggers.contains_key(&key) {
            return Err(Full);
        }
        state.triggers.entry(key).or_insert_with(|| Instant::now() + TRIGGER_DELAY);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Has a pass begin as soon as the running one has ended.
    pub fn pass_now(&self) {
        self.state.lock().is_wanted = true;
        self.changed.notify_all();
    }

    /// Has the threads of this source end.
    pub fn stop(&self) {
        self.state.lock().is_stopped = true;
        self.changed.notify_all();
    }

    /// Waits for the next due trigger; none when it is over.
    pub fn next_trigger(&self) -> Option<(String, i64)> {
        let mut state = self.state.lock();
        loop {
            if state.is_stopped {
                return None;
            }
            let first = state.triggers.iter().min_by_key(|(_, due)| **due);
            match first.map(|(key, due)| (key.clone(), *due)) {
                Some((key, due)) if due <= Instant::now() => {
                    state.triggers.remove(&key);
                    return Some(key);
                }
                Some((_, due)) => {
                    self.changed.wait_until(&mut state, due);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }

    /// Waits until a pass is due or wanted; whether there is to be one.
    pub fn next_pass(&self, due: Instant) -> bool {
        let mut state = self.state.lock();
        while !state.is_stopped && !state.is_wanted && Instant::now() < due {
            self.changed.wait_until(&mut state, due);
        }
        state.is_wanted = false;
        !state.is_stopped
    }

    pub fn health(&self) -> Health {
        let mut health = self.state.lock().health.clone();
        // Also in the middle of a pass that does not get on.
        if let Some(collector) = self.collector.get() {
            health.usage = collector.client().usage();
        }
        health
    }

    pub fn set_health(&self, edit: impl FnOnce(&mut Health)) {
        edit(&mut self.state.lock().health);
    }
}
