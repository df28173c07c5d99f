//! Tests with failures, and the evidence that they are flaky (ci-health.md §3.1): passed on rerun,
//! passed in a later attempt, different outcomes for one commit.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Done, name};
use crate::history::tests::{Outcome, Run, Suite, is_infrastructure, outcome, runs};
use crate::history::world::World;

/// What is true of a test that did not always pass.
#[derive(Clone, Debug, Serialize)]
pub struct TestTruth {
    /// Its pipeline.
    pub definition: String,
    /// Its full name.
    pub name: String,
    /// The file it is in.
    pub storage: String,
    /// What was planted: `flaky`, `fragile` (breaks for a while on the main branch), `steady`.
    pub planted: &'static str,
    /// Results that passed or failed, outside of runs that failed because of their machine.
    pub runs: usize,
    /// Of these, those that failed.
    pub failures: usize,
    /// Evidence: results that passed on rerun.
    pub passed_on_rerun: usize,
    /// Evidence: builds in which it failed in one attempt and passed in a later one, same job.
    pub passed_on_retry: usize,
    /// Evidence: pairs of commit and job for which it failed in one build and passed in another.
    pub same_commit: usize,
    /// Pull requests in which it failed or passed on rerun only.
    pub pull_requests: usize,
}

/// Builds of one pipeline and one commit, with their runs.
type Commits<'a> = BTreeMap<(usize, u64), Vec<(&'a Done<'a>, Vec<Run>)>>;

/// A failure: pipeline, test, commit, job, and the build.
type Failed = (usize, usize, u64, usize, i64);

/// Tests with evidence or failures, and the runs kept out.
pub(super) fn of(world: &World, done: &[Done<'_>]) -> (Vec<TestTruth>, Vec<i64>) {
    let mut tests: BTreeMap<(usize, usize), TestTruth> = BTreeMap::new();
    let mut pull_requests: BTreeSet<(usize, usize, u32)> = BTreeSet::new();
    let mut failed: Vec<Failed> = Vec::new();
    let mut infrastructure = Vec::new();
    let mut commits: Commits<'_> = BTreeMap::new();
    for one in done {
        let build = one.build;
        let Some(suite) = world.definition(build).map(|d| &d.tests) else { continue };
        let mut own = runs(world, build, one.attempts);
        infrastructure.extend(own.iter().filter(|r| is_infrastructure(build, **r)).map(|r| r.id));
        own.retain(|run| !is_infrastructure(build, *run));
        for run in &own {
            for test in 0..suite.count {
                let key = (build.definition, test);
                let found = outcome(world, build, *run, test);
                let truth = tests.entry(key).or_insert_with(|| empty(world, key.0, suite, test));
                truth.runs += usize::from(found != Outcome::NotExecuted);
                truth.failures += usize::from(found == Outcome::Failed);
                truth.passed_on_rerun += usize::from(found == Outcome::PassedOnRerun);
                if found == Outcome::Failed {
                    failed.push((key.0, test, build.commit, run.job, build.id));
                }
                if let (true, Some(number)) =
                    (matches!(found, Outcome::Failed | Outcome::PassedOnRerun), build.pull_request)
                {
                    pull_requests.insert((key.0, test, number));
                }
            }
        }
        commits.entry((build.definition, build.commit)).or_default().push((one, own));
    }
    retries(world, done, &mut tests);
    same_commit(world, &commits, failed, &mut tests);
    for (definition, test, _) in pull_requests {
        if let Some(truth) = tests.get_mut(&(definition, test)) {
            truth.pull_requests += 1;
        }
    }
    let marked = |t: &TestTruth| t.failures + t.passed_on_rerun > 0;
    (tests.into_values().filter(marked).collect(), infrastructure)
}

fn empty(world: &World, definition: usize, suite: &Suite, test: usize) -> TestTruth {
    TestTruth {
        definition: name(world, definition),
        name: suite.name(test),
        storage: suite.storage(),
        planted: Suite::planted(test),
        runs: 0,
        failures: 0,
        passed_on_rerun: 0,
        passed_on_retry: 0,
        same_commit: 0,
        pull_requests: 0,
    }
}

/// A failed test passes when its build is rescued.
fn retries(world: &World, done: &[Done<'_>], tests: &mut BTreeMap<(usize, usize), TestTruth>) {
    for one in done {
        let Some(failure) = one.build.failure.filter(|_| one.passed() && one.attempts > 1) else {
            continue;
        };
        let own = runs(world, one.build, one.attempts);
        let test = usize::from(failure.test);
        let had = |wanted: Outcome| {
            own.iter().any(|run| {
                run.job == usize::from(failure.job)
                    && !is_infrastructure(one.build, *run)
                    && outcome(world, one.build, *run, test) == wanted
            })
        };
        let passed = had(Outcome::Passed) || had(Outcome::PassedOnRerun);
        if let (true, true, Some(truth)) =
            (had(Outcome::Failed), passed, tests.get_mut(&(one.build.definition, test)))
        {
            truth.passed_on_retry += 1;
        }
    }
}

fn same_commit(
    world: &World,
    commits: &Commits<'_>,
    failed: Vec<Failed>,
    tests: &mut BTreeMap<(usize, usize), TestTruth>,
) {
    let mut seen = BTreeSet::new();
    for (definition, test, commit, job, build) in failed {
        if seen.contains(&(definition, test, commit, job)) {
            continue;
        }
        let others = commits.get(&(definition, commit)).map(Vec::as_slice).unwrap_or_default();
        let passed =
            others.iter().filter(|(other, _)| other.build.id != build).any(|(other, runs)| {
                runs.iter().filter(|run| run.job == job).any(|run| {
                    let found = outcome(world, other.build, *run, test);
                    matches!(found, Outcome::Passed | Outcome::PassedOnRerun)
                })
            });
        if passed {
            seen.insert((definition, test, commit, job));
            if let Some(truth) = tests.get_mut(&(definition, test)) {
                truth.same_commit += 1;
            }
        }
    }
}
