//! Counts of everything there is: what a collector must have stored when it is done.

use serde::Serialize;

use super::{Done, failures};
use crate::history::errors::Kind;
use crate::history::layout::{SHARES, TEST};
use crate::history::plan::{Build, Moment, Story};
use crate::history::tests;
use crate::history::timeline::ISSUES_MAX;
use crate::history::world::World;
use crate::time::Ticks;

/// Counts; those of rows are of completed builds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Builds that completed and are not deleted.
    pub completed: usize,
    /// Builds that run, retried ones included.
    pub in_progress: usize,
    /// Builds that wait for a machine.
    pub not_started: usize,
    /// Deleted builds; no other count includes them.
    pub deleted: usize,
    /// Completed builds without a Timeline.
    pub without_timeline: usize,
    /// Records of latest and earlier Timelines, each id once.
    pub records: usize,
    /// Earlier Timelines: full ones of retried stages, and those of single jobs given up.
    pub previous_timelines: usize,
    /// Rows of attempts: the sum of effective attempts.
    pub attempts: usize,
    /// Stored issues that are errors.
    pub errors: usize,
    /// Stored issues that are warnings.
    pub warnings: usize,
    /// Errors of `validationResults`.
    pub validation_errors: usize,
    /// Errors in logs that are no stored issue.
    pub log_errors: usize,
    /// Test runs.
    pub test_runs: usize,
    /// Results that failed, in runs that failed because of their machine as well.
    pub failed_results: usize,
    /// Results that passed on rerun.
    pub rerun_results: usize,
    /// Deployments that were queued.
    pub deployments: usize,
}

pub(super) fn of(world: &World, done: &[Done<'_>], now: Ticks) -> Totals {
    let mut totals = Totals::default();
    for build in &world.builds {
        match build.at(now) {
            Moment::Absent => {}
            _ if build.is_deleted(now) => totals.deleted += 1,
            Moment::Queued => totals.not_started += 1,
            Moment::Running(_) => totals.in_progress += 1,
            Moment::Done(_) => totals.completed += 1,
        }
    }
    totals.deployments = world.deployments.iter().filter(|d| d.queued <= now).count();
    for one in done {
        add(world, one, &mut totals);
    }
    totals
}

fn add(world: &World, one: &Done<'_>, totals: &mut Totals) {
    let build = one.build;
    totals.attempts += one.effective();
    totals.without_timeline += usize::from(!build.has_timeline());
    totals.validation_errors += usize::from(build.story == Story::Invalid);
    if !build.has_timeline() {
        return;
    }
    totals.records += (1..=one.attempts).map(|a| records(world, build, a)).sum::<usize>();
    totals.previous_timelines += one.attempts - 1 + usize::from(build.lost);
    // Machines that go away leave a message in every other build.
    let said = if build.id % 2 == 0 { usize::from(build.lost) } else { 0 };
    totals.errors += said + usize::from(build.story == Story::Canceled);
    totals.warnings += build.warnings as usize;
    if let Some(failure) = build.failure {
        let errors = failure.kind.errors(failure.variant, failure.flood, "").len();
        let attempts = failures::failed_attempts(one);
        totals.errors += errors.min(ISSUES_MAX) * attempts;
        let only = usize::from(failure.kind == Kind::LogOnly);
        totals.log_errors += failures::dropped(one) + only * attempts;
    }
    for run in tests::runs(world, build, one.attempts) {
        let [_, failed, rerun, _] = tests::counts(world, build, run);
        totals.test_runs += 1;
        totals.failed_results += failed;
        totals.rerun_results += rerun;
    }
}

/// Records that the n-th attempt brings: all of the first, of a retry those it does not keep.
fn records(world: &World, build: &Build, attempt: usize) -> usize {
    let mut count = if attempt == 1 { usize::from(build.lost) } else { 0 };
    for stage in 0..SHARES.len() {
        let Some(run) = build.stage(attempt, stage) else { continue };
        let skipped = run.result == "skipped";
        count += 1 + usize::from(stage == TEST && !skipped);
        for (index, job) in world.layout.jobs(stage).iter().enumerate() {
            if !build.keeps(attempt, stage, index) {
                count += 2 + if skipped { 0 } else { job.tasks.len() };
            }
        }
    }
    count
}
