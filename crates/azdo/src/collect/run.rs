//! What one pass did: counted, remembered, and a row of `CollectorRuns`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::RecordBatch;
use model::tables::pipelines::COLLECTOR_RUNS;
use model::{Batch, BatchBuilder};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::client::Usage;

/// So many remarks of a run are kept.
const NOTES_MAX: usize = 3;

/// Why a run was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The list of builds since the cursor, and those that run.
    Poll,
    /// The same for the first time.
    Backfill,
    /// The whole window compared again.
    Reconcile,
    /// One build that an event or a person named.
    Trigger,
    /// The list of deployments.
    Releases,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Poll => "poll",
            Kind::Backfill => "backfill",
            Kind::Reconcile => "reconcile",
            Kind::Trigger => "trigger",
            Kind::Releases => "releases",
        }
    }
}

/// Counts of a run under way.
#[derive(Debug, Default)]
pub struct Tally {
    pub listed: AtomicU64,
    pub fetched: AtomicU64,
    pub unchanged: AtomicU64,
    pub failed: AtomicU64,
    /// Whether what contradicts the list is looked at again.
    pub is_thorough: bool,
    notes: Mutex<Notes>,
}

/// For people.
#[derive(Debug, Default)]
struct Notes {
    /// Builds given up, with the reason.
    dead: Vec<(i64, String)>,
    /// What was left out.
    texts: Vec<String>,
    /// How many more there were.
    more: usize,
}

impl Notes {
    fn text(&self) -> String {
        let given_up =
            |(build, reason): &(i64, String)| format!("build {build} is given up: {reason}");
        let mut texts: Vec<String> = self.dead.iter().take(NOTES_MAX).map(given_up).collect();
        texts.extend(self.texts.iter().cloned());
        let more = self.more + self.dead.len().saturating_sub(NOTES_MAX);
        if more > 0 {
            texts.push(format!("{more} more remarks"));
        }
        texts.join("; ")
    }
}

impl Tally {
    pub fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Of a comparison of the whole window.
    pub fn thorough() -> Tally {
        Tally { is_thorough: true, ..Tally::default() }
    }

    pub fn note(&self, note: String) {
        let mut notes = self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if notes.texts.contains(&note) {
            return;
        }
        match notes.texts.len() < NOTES_MAX {
            true => notes.texts.push(note),
            false => notes.more += 1,
        }
    }

    /// A build was tried too often.
    pub fn dead(&self, build: i64, reason: &str) {
        let mut notes = self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        notes.dead.push((build, reason.to_owned()));
    }
}

/// A run that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub kind: Kind,
    pub source: String,
    /// Empty: the source as a whole.
    pub project: String,
    pub started_ns: i64,
    pub finished_ns: i64,
    pub listed: u64,
    pub fetched: u64,
    pub unchanged: u64,
    pub failed: u64,
    /// Builds that wait to be tried again, dead letters among them.
    pub pending: u64,
    pub requests: u64,
    pub bytes: u64,
    pub delayed_seconds: f64,
    pub cursor_ns: Option<i64>,
    pub failure: Option<Failure>,
    /// Builds this run gave up, with the reasons.
    pub dead: Vec<(i64, String)>,
    /// The failure, builds given up, and what was left out.
    pub error: String,
}

/// What is remembered of a run beside its row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    pub kind: String,
    pub started_ns: i64,
    pub finished_ns: i64,
    pub listed: u64,
    pub fetched: u64,
    pub failed: u64,
    pub requests: u64,
    pub error: String,
}

/// What a run began with.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    pub kind: Kind,
    pub started_ns: i64,
    pub usage: Usage,
}

impl Run {
    pub fn new(
        begun: &Begun,
        source: &str,
        project: &str,
        tally: &Tally,
        ended: (i64, Usage, Option<Failure>),
    ) -> Run {
        let (finished_ns, usage, failure) = ended;
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let notes = tally.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let error = match (&failure, notes.text()) {
            (Some(failure), left_out) if left_out.is_empty() => failure.to_string(),
            (Some(failure), left_out) => format!("{failure}; {left_out}"),
            (None, left_out) => left_out,
        };
        Run {
            kind: begun.kind,
            source: source.to_owned(),
            project: project.to_owned(),
            started_ns: begun.started_ns,
            finished_ns,
            listed: load(&tally.listed),
            fetched: load(&tally.fetched),
            unchanged: load(&tally.unchanged),
            failed: load(&tally.failed),
            pending: 0,
            requests: usage.requests.saturating_sub(begun.usage.requests),
            bytes: usage.bytes.saturating_sub(begun.usage.bytes),
            delayed_seconds: usage.delayed_seconds - begun.usage.delayed_seconds,
            cursor_ns: None,
            failure,
            dead: notes.dead.clone(),
            error,
        }
    }

    /// Whether builds were collected, rather than deployments.
    pub fn is_about_builds(&self) -> bool {
        self.kind != Kind::Releases
    }

    pub fn summary(&self) -> Summary {
        Summary {
            kind: self.kind.name().to_owned(),
            started_ns: self.started_ns,
            finished_ns: self.finished_ns,
            listed: self.listed,
            fetched: self.fetched,
            failed: self.failed,
            requests: self.requests,
            error: self.error.clone(),
        }
    }

    /// The row of `CollectorRuns`.
    pub fn batch(&self) -> Batch {
        let mut builder = BatchBuilder::with_capacity(&COLLECTOR_RUNS, 1);
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        for (i, column) in COLLECTOR_RUNS.columns.iter().enumerate() {
            let cell = builder.column(i);
            match column.name {
                "StartTime" => cell.long(self.started_ns),
                "FinishTime" => cell.long(self.finished_ns),
                "Organization" => cell.text(&self.source),
                "Project" => cell.text(&self.project),
                "Pass" => cell.text(self.kind.name()),
                "Listed" => cell.long(count(self.listed)),
                "Fetched" => cell.long(count(self.fetched)),
                "Unchanged" => cell.long(count(self.unchanged)),
                "Failed" => cell.long(count(self.failed)),
                "Pending" => cell.long(count(self.pending)),
                "Requests" => cell.long(count(self.requests)),
                "Bytes" => cell.long(count(self.bytes)),
                "DelayedSeconds" => cell.real(self.delayed_seconds),
                "Cursor" => match self.cursor_ns {
                    Some(cursor) => cell.long(cursor),
                    None => cell.null(),
                },
                "Error" => cell.text(&self.error),
                _ => cell.null(),
            }
        }
        builder.end_row();
        let empty = || Batch {
            table: &COLLECTOR_RUNS,
            rows: RecordBatch::new_empty(model::batch::schema(&COLLECTOR_RUNS)),
        };
        // Every column got its one value above.
        builder.finish().unwrap_or_else(|_| empty())
    }
}
