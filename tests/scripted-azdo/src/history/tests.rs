//! Tests of a history: which there are, how each run of them went, and their JSON
//! (spec azure-devops.md §2.4).

use serde_json::{Value, json};

use super::dice::Dice;
use super::errors::Kind;
use super::layout::{STAGES, TEST};
use super::plan::{Build, Failure, JobRun};
use super::world::{ORGANIZATION, World};
use crate::http::Request;
use crate::time::{self, SECOND, Ticks};

/// The first tests of every suite are flaky.
pub(crate) const FLAKY: usize = 3;
/// The next ones break for a while on the main branch.
const BROKEN: usize = 5;
/// Every how-manieth test is not executed.
const NOT_EXECUTED: usize = 37;
/// Fewest tests of a suite.
const TESTS_MIN: usize = 20;
/// On a full disk every how-manieth test still passes.
const SPARED: usize = 20;

/// The tests of a pipeline.
#[derive(Debug)]
pub(crate) struct Suite {
    area: String,
    pub(crate) count: usize,
    /// For each flaky test: how often it passes only when it is run again.
    rerun: [f64; FLAKY],
}

/// How a test went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// Failed, and passed when the runner tried it again.
    PassedOnRerun,
    NotExecuted,
}

/// A published run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) id: i64,
    pub(crate) attempt: usize,
    /// Which job of the test stage published it.
    pub(crate) job: usize,
    pub(crate) start: Ticks,
    pub(crate) finish: Ticks,
}

impl Suite {
    pub(crate) fn new(dice: Dice, area: &str, count: usize) -> Self {
        let rate = |n: u64| 0.01 + 0.04 * dice.of("rerun", n).unit();
        let rerun = [rate(0), rate(1), rate(2)];
        Self { area: area.to_owned(), count: count.max(TESTS_MIN), rerun }
    }

    /// Which test fails: one that stays broken, or mostly a flaky one.
    pub(crate) fn failing(&self, draw: Dice, stays: bool) -> usize {
        if stays {
            FLAKY + draw.index(BROKEN)
        } else if draw.of("flaky", 0).chance(0.7) {
            draw.index(FLAKY)
        } else {
            FLAKY + BROKEN + draw.index(self.count - FLAKY - BROKEN)
        }
    }

    /// Whether it is a flaky test that fails.
    pub(crate) fn is_flaky(failure: Failure) -> bool {
        failure.kind == Kind::Test && usize::from(failure.test) < FLAKY
    }

    /// The full name of a test.
    pub(crate) fn name(&self, test: usize) -> String {
        let kind = match test {
            0..FLAKY => "Flaky",
            _ if test < FLAKY + BROKEN => "Fragile",
            _ => "Steady",
        };
        format!("{}.Tests.{kind}{}.Case{test:04}", self.area, test % 7)
    }

    /// The file its tests are in.
    pub(crate) fn storage(&self) -> String {
        format!("{}.tests.dll", self.area)
    }

    /// What was planted into a test: `flaky`, `fragile` (breaks for a while) or `steady`.
    pub(crate) fn planted(test: usize) -> &'static str {
        match test {
            0..FLAKY => "flaky",
            _ if test < FLAKY + BROKEN => "fragile",
            _ => "steady",
        }
    }
}

/// The runs that a build has published once the given number of attempts have ended.
pub(crate) fn runs(world: &World, build: &Build, attempts: usize) -> Vec<Run> {
    let mut runs = Vec::new();
    if build.story != super::plan::Story::Ran {
        return runs;
    }
    for attempt in 1..=attempts {
        if build.stage(attempt, TEST).is_none_or(|stage| stage.result == "skipped") {
            continue;
        }
        for job in 0..world.layout.runs() {
            let kept = build.keeps(attempt, TEST, job);
            if kept || (build.is_failing(attempt, TEST, job) && !publishes(build)) {
                continue;
            }
            let Some(JobRun { times: Some((_, finish)), .. }) =
                build.job(world.dice, attempt, TEST, job)
            else {
                continue;
            };
            let id = build.id * 100 + (attempt * 10 + job) as i64;
            let (start, finish) = (finish - 8 * SECOND, finish - SECOND);
            runs.push(Run { id, attempt, job, start, finish });
        }
    }
    runs
}

/// Whether a job that fails gets as far as publishing its tests.
fn publishes(build: &Build) -> bool {
    build.failure.is_some_and(|f| matches!(f.kind, Kind::Test | Kind::DiskFull))
}

/// Whether a run failed because of its machine: more than 80 % of its tests did.
pub(crate) fn is_infrastructure(build: &Build, run: Run) -> bool {
    build.is_failing(run.attempt, TEST, run.job)
        && build.failure.is_some_and(|f| f.kind == Kind::DiskFull)
}

/// How a test of a run went.
pub(crate) fn outcome(world: &World, build: &Build, run: Run, test: usize) -> Outcome {
    if is_infrastructure(build, run) {
        return if test.is_multiple_of(SPARED) { Outcome::Passed } else { Outcome::Failed };
    }
    let fails = build.is_failing(run.attempt, TEST, run.job);
    if fails && build.failure.is_some_and(|f| usize::from(f.test) == test) {
        return Outcome::Failed;
    }
    let rate = world.definition(build).and_then(|d| d.tests.rerun.get(test).copied());
    let draw = world.dice.of("rerun", run.id as u64).of("test", test as u64);
    if rate.is_some_and(|rate| draw.chance(rate * world.shape.trouble)) {
        return Outcome::PassedOnRerun;
    }
    if test % NOT_EXECUTED == NOT_EXECUTED - 1 { Outcome::NotExecuted } else { Outcome::Passed }
}

/// Counts of a run: passed (those on rerun included), failed, passed on rerun, not executed.
pub(crate) fn counts(world: &World, build: &Build, run: Run) -> [usize; 4] {
    let count = world.definition(build).map_or(0, |d| d.tests.count);
    let mut counts = [0; 4];
    for test in 0..count {
        match outcome(world, build, run, test) {
            Outcome::Passed => counts[0] += 1,
            Outcome::Failed => counts[1] += 1,
            Outcome::PassedOnRerun => {
                counts[0] += 1;
                counts[2] += 1;
            }
            Outcome::NotExecuted => counts[3] += 1,
        }
    }
    counts
}

/// A run as JSON.
pub(crate) fn run_json(world: &World, build: &Build, run: Run) -> Value {
    let [passed, failed, rerun, skipped] = counts(world, build, run);
    let job = world.layout.jobs(TEST).get(run.job);
    let name = job.map_or("", |j| j.name.as_str());
    let phase = job.map_or("", |j| j.phase_identifier.as_str());
    let phase = phase.split_once('.').map_or(phase, |(_, phase)| phase);
    let number = super::list::number(build);
    let attempt = run.attempt;
    let mut statistics = vec![json!({
        "state": "Completed", "outcome": "Passed", "count": passed - rerun,
    })];
    for (outcome, count) in [("Failed", failed), ("NotExecuted", skipped)] {
        if count > 0 {
            statistics.push(json!({ "state": "Completed", "outcome": outcome, "count": count }));
        }
    }
    if rerun > 0 {
        statistics.push(json!({
            "state": "Completed", "outcome": "Passed", "count": rerun, "resultMetadata": "rerun",
        }));
    }
    json!({
        "id": run.id,
        "name": name,
        "url": format!("https://dev.azure.com/{ORGANIZATION}/_apis/test/Runs/{}", run.id),
        "isAutomated": true,
        "state": "Completed",
        "totalTests": passed + failed + skipped,
        "passedTests": passed,
        "incompleteTests": 0,
        "notApplicableTests": 0,
        "unanalyzedTests": failed,
        "startedDate": time::text(run.start),
        "completedDate": time::text(run.finish),
        "build": { "id": build.id.to_string() },
        "buildConfiguration": { "id": build.id, "number": number, "flavor": "Release", "platform": "x64",
            "branchName": super::list::branch(build) },
        "pipelineReference": {
            "pipelineId": build.id,
            "stageReference": { "stageName": STAGES[TEST], "attempt": attempt },
            "phaseReference": { "phaseName": phase, "attempt": attempt },
            "jobReference": { "jobName": "__default", "attempt": attempt },
        },
        "runStatistics": statistics,
        "revision": 3,
    })
}

/// The results of a run that a request asks for, as JSON.
pub(crate) fn results(world: &World, build: &Build, run: Run, request: &Request) -> Vec<u8> {
    let details = request.param("detailsToInclude").unwrap_or("none").to_ascii_lowercase();
    let limit = if details == "none" { 1_000 } else { 200 };
    let top = request.param("$top").and_then(|n| n.parse().ok()).unwrap_or(limit).min(limit);
    let skip: usize = request.param("$skip").and_then(|n| n.parse().ok()).unwrap_or(0);
    let wanted = request.param("outcomes").unwrap_or_default();
    let asked = |outcome: Outcome| {
        let names: &[&str] = match outcome {
            Outcome::Passed => &["Passed"],
            Outcome::Failed => &["Failed"],
            Outcome::PassedOnRerun => &["Passed", "PassedOnRerun"],
            Outcome::NotExecuted => &["NotExecuted"],
        };
        wanted.is_empty()
            || wanted.split(',').any(|w| names.iter().any(|n| n.eq_ignore_ascii_case(w.trim())))
    };
    let count = world.definition(build).map_or(0, |d| d.tests.count);
    let value: Vec<Value> = (0..count)
        .map(|test| (test, outcome(world, build, run, test)))
        .filter(|(_, outcome)| asked(*outcome))
        .skip(skip)
        .take(top)
        .map(|(test, outcome)| {
            result(world, build, run, test, outcome, details.contains("subresults"))
        })
        .collect();
    json!({ "count": value.len(), "value": value }).to_string().into_bytes()
}

fn result(
    world: &World,
    build: &Build,
    run: Run,
    test: usize,
    outcome: Outcome,
    parts: bool,
) -> Value {
    let suite = world.definition(build).map(|d| &d.tests);
    let name = suite.map(|s| s.name(test)).unwrap_or_default();
    let draw = world.dice.of("time", run.id as u64).of("test", test as u64);
    let duration = draw.between(10, 20_000) as f64 / 10.0;
    let rerun = outcome == Outcome::PassedOnRerun;
    let text = match outcome {
        Outcome::Passed | Outcome::PassedOnRerun => "Passed",
        Outcome::Failed => "Failed",
        Outcome::NotExecuted => "NotExecuted",
    };
    let start = run.start + draw.of("start", 0).between(0, 5 * SECOND);
    let mut result = json!({
        "id": 100_000 + test,
        "automatedTestName": name,
        "automatedTestStorage": suite.map(Suite::storage),
        "automatedTestType": "UnitTest",
        "testCaseTitle": name.rsplit('.').next(),
        "testCaseReferenceId": 100_000 + test,
        "outcome": text,
        "state": "Completed",
        "durationInMs": duration,
        "startedDate": time::text(start),
        "completedDate": time::text(start + (duration * 10_000.0) as Ticks),
        "computerName": format!("host-{}", run.job + 1),
        "resultGroupType": if rerun { "rerun" } else { "none" },
        "priority": 255,
    });
    if let (true, Some(fields)) = (outcome == Outcome::Failed, result.as_object_mut()) {
        let message = if is_infrastructure(build, run) {
            "System.IO.IOException: No space left on device".to_owned()
        } else {
            format!("Assert.Equal() failure in case {test}: expected 1, actual 2")
        };
        fields.insert("errorMessage".into(), json!(message));
        fields.insert(
            "stackTrace".into(),
            json!(format!("   at {name}() in tests/Cases.cs:line {test}")),
        );
    }
    if let (true, true, Some(fields)) = (rerun, parts, result.as_object_mut()) {
        let part = |number: usize, outcome: &str| {
            json!({ "id": number, "parentId": 0, "sequenceId": number, "outcome": outcome,
                "durationInMs": duration as i64, "resultGroupType": "none" })
        };
        fields.insert("subResults".into(), json!([part(1, "Failed"), part(2, "Passed")]));
    }
    result
}
