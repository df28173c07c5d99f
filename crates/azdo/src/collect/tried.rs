//! Builds that fail: kept for later, and told from a service that fails as a whole.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Collector;
use super::failure::Failure;
use super::run::Tally;
use super::sink::{Documents, Sink};
use crate::client::Transport;

/// So many builds without an answer and without a success between them, and it is not about the
/// builds.
const STORM: usize = 10;

/// What happened to the builds of one run.
#[derive(Debug, Default)]
pub struct Tries {
    failed_in_a_row: AtomicUsize,
}

impl<T: Transport, S: Sink> Collector<T, S> {
    /// Runs the work on a build. A failure that is about this build alone is written down as
    /// pending and forgiven, so that it cannot hold up the others.
    pub(super) fn tried(
        &self,
        project: &str,
        build: i64,
        tries: &Tries,
        tally: &Tally,
        work: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let failure = match work() {
            Ok(()) => {
                tries.failed_in_a_row.store(0, Ordering::Relaxed);
                return Ok(());
            }
            Err(failure) if failure.ends_pass() => return Err(failure),
            Err(failure) => failure,
        };
        let state = self.state(project);
        let (reason, is_silence) = (failure.to_string(), failure.is_silence());
        let pending = state.pending(build).unwrap_or_default().failed(reason, self.now());
        if pending.is_dead {
            tally.dead(build, &pending.error);
        }
        let mut documents = Documents::new();
        state.put_pending(&mut documents, build, Some(&pending));
        self.sink.write(Vec::new(), documents)?;
        Tally::add(&tally.failed);
        if !is_silence {
            return Ok(());
        }
        let count = tries.failed_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        match count >= STORM {
            true => Err(Failure::Storm { count, reason: pending.error }),
            false => Ok(()),
        }
    }

    /// Tries the builds again that are due. That many of them fail again says nothing about the
    /// service: lists and sweep went well.
    pub(super) fn again(&self, project: &str, tally: &Tally) -> Result<(), Failure> {
        let tries = Tries::default();
        let now = self.now();
        let pending = self.state(project).all_pending().into_iter();
        let due = pending.filter(|(_, pending)| !pending.is_dead && pending.next_ns <= now);
        let due: Vec<i64> = due.map(|(build, _)| build).collect();
        let done = super::work::all(&due, self.client.concurrency(), |build| {
            self.tried(project, *build, &tries, tally, || self.one(project, *build, tally))
        });
        match done {
            Err(storm @ Failure::Storm { .. }) => {
                tally.note(format!("of builds tried again {storm}"));
                Ok(())
            }
            done => done,
        }
    }

    /// Takes one build by its number.
    pub(super) fn one(&self, project: &str, build: i64, tally: &Tally) -> Result<(), Failure> {
        match self.client.build(project, build)? {
            Some(found) => self.take(project, &found, tally),
            None => self.gone(project, build, tally),
        }
    }
}
