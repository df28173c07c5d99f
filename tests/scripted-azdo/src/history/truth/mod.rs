//! What is true of a history: the figures a correct collector and correct reports must find.
//!
//! Invariant: computed from the plan alone, by sums and sorted lists; no body that the service
//! answers with is read. Only builds that have completed and are not deleted count, unless a field
//! says otherwise. Times are texts in UTC, lengths are seconds.

mod cost;
mod durations;
mod failures;
mod rates;
mod red;
mod releases;
mod tests;
mod totals;

use std::collections::BTreeMap;

use serde::Serialize;

use super::plan::{Build, Moment};
use super::world::World;
use crate::time::{self, DAY, SECOND, Ticks};

pub use cost::{Cost, LostMachines};
pub use durations::{Distribution, Durations, Hour};
pub use failures::Failures;
pub use rates::Rates;
pub use red::{Red, RedInterval};
pub use releases::EnvironmentTruth;
pub use tests::TestTruth;
pub use totals::Totals;

/// How each figure is computed, after the metric it belongs to.
const FORMULAS: [(&str, &str); 20] = [
    (
        "P1",
        "passed / (passed + failed); passed = succeeded or partiallySucceeded; canceled builds do not count",
    ),
    (
        "P2",
        "builds that passed and whose attempt 1 has no failed, canceled or abandoned job / (passed + failed)",
    ),
    (
        "P3",
        "builds of more than one attempt that passed / builds of more than one attempt; a job re-run by the service is an attempt",
    ),
    ("P4", "100 * (P1 - P2)"),
    (
        "R1",
        "builds that are no pull request's, by finish, canceled skipped; sum of intervals from the first failed build to the finish of the next pass, open ones to now; period = from the beginning of the history to now",
    ),
    ("R2", "median (nearest rank) of closed intervals"),
    (
        "R3",
        "persistent: at least 3 failed builds of at least 2 commits, all with the same primary fingerprint; else intermittent",
    ),
    (
        "D1",
        "finish - start of succeeded builds of one attempt; pN = nearest rank; trimmed mean: n >= 30, values from p5 to p95, of these those within sqrt(2) sample deviations of their mean",
    ),
    ("D2", "last finish - queue time, all results"),
    (
        "D3",
        "builds: start - queue time of those that started, by pool; jobs: running - waiting events",
    ),
    (
        "E1",
        "the planted failure of the last attempt; invalid YAML is ValidationResult, no error at all is NoError",
    ),
    ("E2", "failed builds by category of E1; log errors are used when there is no issue"),
    ("E3", "(Unknown + NoError) / failed builds"),
    ("E4", "stages and jobs skipped in the last attempt of failed builds"),
    (
        "E5",
        "sum over failed records of all attempts of max(0, errorCount - 10); logs hold all of them",
    ),
    ("C1", "sum of finish - start of jobs of effective attempt >= 2"),
    (
        "C2",
        "sum of finish - start of failed, abandoned, canceled jobs whose identifier passed in a later attempt; jobs given up have no times and add 0",
    ),
    (
        "C3",
        "sum over pull requests' builds of more than one attempt that passed: finish of the last attempt - finish of the first; 0 when a job was re-run by the service within the first",
    ),
    ("W2", "abandoned jobs of all attempts by pool and by the day the build finished"),
    (
        "Q",
        "deployments that completed; lead time of succeeded ones = completed - finish of the build; change failure = failed, or a deployment of an older release began within 24 h of its completion; restored = completed of the next succeeded one - completed of the failed one",
    ),
];

/// All that is true at a moment.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    /// How each figure is computed.
    pub formulas: BTreeMap<&'static str, &'static str>,
    /// The organisation.
    pub organization: String,
    /// The seed it was planned from.
    pub seed: u64,
    /// The moment it is looked at from.
    pub now: String,
    /// Counts of everything there is.
    pub totals: Totals,
    /// P1–P4 of all builds.
    pub rates: Rates,
    /// One per pipeline.
    pub definitions: Vec<DefinitionTruth>,
    /// P1–P4 per pipeline and week.
    pub weeks: Vec<Week>,
    /// Queue waits (D3) by pool.
    pub queue_waits: BTreeMap<String, Distribution>,
    /// The same by pool and hour of queueing.
    pub queue_waits_by_hour: Vec<Hour>,
    /// Waits of jobs for machines (D3) by pool, from the events of hooks; deleted builds and those
    /// that still run included.
    pub job_waits: BTreeMap<String, Distribution>,
    /// The same by the job's name.
    pub job_waits_by_name: BTreeMap<String, Distribution>,
    /// The same by pool, job and the hour in which the wait began, without deleted builds.
    pub job_waits_by_hour: Vec<Hour>,
    /// Lost machines (W2).
    pub lost_machines: Vec<LostMachines>,
    /// Tests with evidence of flakiness or failures.
    pub tests: Vec<TestTruth>,
    /// Runs in which more than 80 % of the tests failed: kept out of figures of tests.
    pub infrastructure_runs: Vec<i64>,
    /// Releases (Q1–Q4) by project and environment.
    pub environments: Vec<EnvironmentTruth>,
}

/// What is true of a pipeline.
#[derive(Clone, Debug, Serialize)]
pub struct DefinitionTruth {
    /// Its id.
    pub id: i64,
    /// Its project.
    pub project: String,
    /// Its path and name, as in the column `Definition`: `\team\web\web-ci`, at the root `\web-ci`.
    pub definition: String,
    /// P1–P4.
    pub rates: Rates,
    /// R1–R3.
    pub red: Red,
    /// D1 and D2.
    pub durations: Durations,
    /// E1–E5.
    pub failures: Failures,
    /// C1–C3.
    pub cost: Cost,
}

/// Rates of a pipeline in a week.
#[derive(Clone, Debug, Serialize)]
pub struct Week {
    /// The pipeline, as in [`DefinitionTruth::definition`].
    pub definition: String,
    /// The Sunday the week begins with.
    pub week: String,
    /// P1–P4 of the builds that finished in it.
    pub rates: Rates,
}

/// A completed build.
#[derive(Clone, Copy, Debug)]
struct Done<'a> {
    build: &'a Build,
    /// Attempts that have ended.
    attempts: usize,
    start: Option<Ticks>,
    finish: Ticks,
    result: &'static str,
}

impl Done<'_> {
    fn passed(&self) -> bool {
        matches!(self.result, "succeeded" | "partiallySucceeded")
    }

    fn failed(&self) -> bool {
        self.result == "failed"
    }

    /// Attempts as a collector counts them.
    fn effective(&self) -> usize {
        self.build.effective_attempts(self.attempts)
    }
}

fn done(world: &World, now: Ticks) -> Vec<Done<'_>> {
    let of = |build| -> Option<Done<'_>> {
        let build: &Build = build;
        let Moment::Done(attempts) = build.at(now) else { return None };
        let (start, finish) = super::list::times(build, now);
        let result = build.result(attempts);
        let found = Done { build, attempts, start, finish: finish?, result };
        (!build.is_deleted(now)).then_some(found)
    };
    world.builds.iter().filter_map(of).collect()
}

/// The truth about a history at a moment.
pub(crate) fn of(world: &World, now: Ticks) -> Truth {
    let done = done(world, now);
    let definitions = (0..world.definitions.len())
        .filter_map(|index| definition(world, &done, now, index))
        .collect();
    let (tests, infrastructure_runs) = tests::of(world, &done);
    Truth {
        formulas: FORMULAS.into_iter().collect(),
        organization: super::world::ORGANIZATION.to_owned(),
        seed: world.seed,
        now: time::text(now),
        totals: totals::of(world, &done, now),
        rates: rates::of(&done),
        definitions,
        weeks: weeks(world, &done),
        queue_waits: durations::waits(world, &done),
        queue_waits_by_hour: durations::waits_by_hour(world, &done),
        job_waits: durations::job_waits(world, now, |pool, _| pool),
        job_waits_by_name: durations::job_waits(world, now, |_, job| job),
        job_waits_by_hour: durations::job_waits_by_hour(world, now),
        lost_machines: cost::lost(world, &done),
        tests,
        infrastructure_runs,
        environments: releases::of(world, now),
    }
}

/// A definition as the column `Definition` names it.
fn name(world: &World, index: usize) -> String {
    world
        .definitions
        .get(index)
        .map_or_else(String::new, |d| format!("{}\\{}", d.path.trim_end_matches('\\'), d.name))
}

fn definition(
    world: &World,
    done: &[Done<'_>],
    now: Ticks,
    index: usize,
) -> Option<DefinitionTruth> {
    let own: Vec<Done<'_>> = done.iter().filter(|d| d.build.definition == index).copied().collect();
    let definition = world.definitions.get(index)?;
    Some(DefinitionTruth {
        id: definition.id,
        project: world.projects.get(definition.project)?.name.clone(),
        definition: name(world, index),
        rates: rates::of(&own),
        red: red::of(world, &own, now),
        durations: durations::of(&own),
        failures: failures::of(world, &own),
        cost: cost::of(world, &own),
    })
}

fn weeks(world: &World, done: &[Done<'_>]) -> Vec<Week> {
    let mut weeks: BTreeMap<(usize, Ticks), Vec<Done<'_>>> = BTreeMap::new();
    for one in done {
        weeks.entry((one.build.definition, week(one.finish))).or_default().push(*one);
    }
    let week = |((index, week), own): ((usize, Ticks), Vec<Done<'_>>)| Week {
        definition: name(world, index),
        week: time::text(week),
        rates: rates::of(&own),
    };
    weeks.into_iter().map(week).collect()
}

/// The Sunday, 0:00, before a time.
fn week(time: Ticks) -> Ticks {
    // 1970-01-04 was a Sunday.
    let sunday = 3 * DAY;
    time - (time - sunday).rem_euclid(7 * DAY)
}

/// The day of a time as text, `2026-11-20`.
fn day(time: Ticks) -> String {
    time::text(time).get(..10).unwrap_or_default().to_owned()
}

fn seconds(ticks: Ticks) -> f64 {
    ticks as f64 / SECOND as f64
}

/// A share, 0 when there is nothing to share.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn weeks_begin_on_sundays() {
        let friday = time::parse("2026-11-20T12:00:00Z").expect("a time");
        assert_eq!(time::text(week(friday)), "2026-11-15T00:00:00Z");
        let sunday = time::parse("2026-11-15T00:00:00Z").expect("a time");
        assert_eq!(week(sunday), sunday);
    }
}
