//! What re-runs cost: machine time (C1, C2), people's time (C3), lost machines (W2).

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Done, day, seconds};
use crate::history::errors::Kind;
use crate::history::world::World;
use crate::time::Ticks;

/// Times lost to re-runs of a pipeline.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// C1.
    pub rerun_machine_seconds: f64,
    /// C2.
    pub lost_machine_seconds: f64,
    /// Jobs that C2 adds up, those without times included.
    pub lost_jobs: usize,
    /// C3.
    pub lost_people_seconds: f64,
    /// Builds that C3 adds up.
    pub people_waited: usize,
}

/// Jobs whose machine went away.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LostMachines {
    /// The pool.
    pub pool: String,
    /// The day its build finished.
    pub day: String,
    /// Abandoned jobs.
    pub jobs: usize,
}

pub(super) fn of(world: &World, done: &[Done<'_>]) -> Cost {
    let (mut again, mut lost, mut people): (Ticks, Ticks, Ticks) = (0, 0, 0);
    let (mut lost_jobs, mut people_waited) = (0, 0);
    for one in done {
        let build = one.build;
        for job in build.jobs(world.dice, &world.layout, one.attempts) {
            if job.attempt >= 2 {
                again += job.duration();
            }
            // What failed passes later when the build is rescued; a job given up always does.
            let given_up = job.times.is_none();
            if job.failed() && (given_up || (one.passed() && build.failure.is_some())) {
                lost += job.duration();
                lost_jobs += 1;
            }
        }
        let retried = one.attempts > 1 && one.passed() && build.is_pull_request();
        if let (true, Some(first)) = (retried, build.window(1)) {
            people += one.finish - first.finish;
            people_waited += 1;
        }
    }
    Cost {
        rerun_machine_seconds: seconds(again),
        lost_machine_seconds: seconds(lost),
        lost_jobs,
        lost_people_seconds: seconds(people),
        people_waited,
    }
}

/// Lost machines by pool and day.
pub(super) fn lost(world: &World, done: &[Done<'_>]) -> Vec<LostMachines> {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for one in done {
        let Some(definition) = world.definition(one.build) else { continue };
        let for_good = one.build.failure.is_some_and(|f| f.kind == Kind::MachineLost);
        let failed = if for_good { super::failures::failed_attempts(one) } else { 0 };
        let given_up = if one.build.has_timeline() { usize::from(one.build.lost) } else { 0 };
        if failed + given_up > 0 {
            let key = (world.pool(definition).name.to_owned(), day(one.finish));
            *counts.entry(key).or_default() += failed + given_up;
        }
    }
    counts.into_iter().map(|((pool, day), jobs)| LostMachines { pool, day, jobs }).collect()
}
