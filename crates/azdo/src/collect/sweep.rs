//! Builds that wait or run: their rows, so that queues and running work are seen, and those that
//! vanished from among them.

use std::collections::HashSet;

use super::failure::Failure;
use super::run::Tally;
use super::sink::Sink;
use super::tried::Tries;
use super::{Collector, Unwatched, work};
use crate::client::{BuildFilter, Transport};
use crate::wire;

/// Every status but the last one; the filter is a set.
const UNFINISHED: &str = "inProgress,cancelling,notStarted,postponed";

impl<T: Transport, S: Sink> Collector<T, S> {
    pub(super) fn sweep(&self, project: &str, tries: &Tries, tally: &Tally) -> Result<(), Failure> {
        // Before the lists: what begins meanwhile is not missed in them.
        let known: Vec<i64> = self.state(project).all_open().into_keys().collect();
        let mut listed: HashSet<i64> = HashSet::new();
        let filter = BuildFilter {
            status: UNFINISHED,
            page_size: self.plan.page_size,
            ..BuildFilter::default()
        };
        self.client.builds(project, &filter, |builds: Vec<wire::Build>| {
            self.learn(project, &builds)?;
            listed.extend(builds.iter().map(|build| build.id));
            self.take_all(project, builds, tries, tally, &Unwatched)
        })?;
        // They finished a moment ago, without a finish time, or were deleted.
        let is_due = |id: &i64| !listed.contains(id) && !self.is_waiting(project, *id);
        let missing: Vec<i64> = known.into_iter().filter(is_due).collect();
        work::all(&missing, self.client.concurrency(), |build| {
            self.tried(project, *build, tries, tally, || self.one(project, *build, tally))
        })
    }
}
