//! Tests of the demonstration: which there are, how each run of them went, and their JSON.

use serde_json::{Value, json};

use super::World;
use super::failure::Kind;
use super::plan::{Build, FLAKY_TESTS, JobRun, StageRun, TESTS};
use super::wire::time;
use crate::commands::demo::calendar::SECOND;

/// The place of the stage that runs tests, and of the task in its jobs.
const STAGE: usize = 1;
const TASK: usize = 3;
/// Every how-manieth test is not executed.
const NOT_EXECUTED: usize = 40;
/// How often a flaky test passes only when it is run again.
const RERUN: f64 = 0.02;
/// On a full disk every how-manieth test still passes.
const SPARED: usize = 20;

/// A published run of tests.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub id: i64,
    build: &'a Build,
    stage: &'a StageRun,
    job: &'a JobRun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// Failed, and passed when the runner tried it again.
    PassedOnRerun,
    NotExecuted,
}

const SUBJECTS: [&str; 10] = [
    "PackageReader",
    "FeedIndex",
    "ManifestWriter",
    "RetryPolicy",
    "BlobCache",
    "VersionRange",
    "TokenSource",
    "ChannelMap",
    "AuditTrail",
    "UploadQueue",
];
const DEEDS: [&str; 12] = [
    "KeepsOrder",
    "ReadsEmptyInput",
    "RefusesBadVersion",
    "EndsOnCancel",
    "WaitsForLock",
    "RoundTrips",
    "IgnoresCase",
    "SurvivesRestart",
    "ReportsProgress",
    "HonoursTimeout",
    "MergesRanges",
    "EscapesNames",
];

/// The runs that a build has published by a moment.
pub fn runs(build: &Build, now: i64) -> Vec<Run<'_>> {
    let publishes = |job: &JobRun| {
        job.tasks.get(TASK).is_some_and(|task| matches!(task.result, "succeeded" | "failed"))
            && (job.result == "succeeded"
                || build.failure.is_some_and(|f| matches!(f.kind, Kind::Test | Kind::Disk)))
    };
    build
        .jobs()
        .filter(|(stage, job)| stage.stage == STAGE && job.finish <= now && publishes(job))
        .map(|(stage, job)| {
            let id = build.id * 100 + (job.attempt * 10 + job.job) as i64;
            Run { id, build, stage, job }
        })
        .collect()
}

/// The name of a test.
fn name(area: &str, test: usize) -> String {
    let (subject, deed) = (SUBJECTS[test % 10], DEEDS[test / 10 % 12]);
    format!("{area}.Tests.{subject}Tests.{deed}")
}

impl Run<'_> {
    fn outcome(&self, world: &World, test: usize) -> Outcome {
        let fails = self.build.fails_at(self.job.attempt, STAGE, self.job.job);
        match self.build.failure.filter(|_| fails) {
            Some(failure) if failure.kind == Kind::Disk => {
                return if test.is_multiple_of(SPARED) { Outcome::Passed } else { Outcome::Failed };
            }
            Some(failure) if failure.test == test => return Outcome::Failed,
            _ => {}
        }
        let draw = world.dice.at("rerun", self.id).of("test", test as u64);
        match test {
            0..FLAKY_TESTS if draw.chance(RERUN) => Outcome::PassedOnRerun,
            _ if test % NOT_EXECUTED == NOT_EXECUTED - 1 => Outcome::NotExecuted,
            _ => Outcome::Passed,
        }
    }

    /// The run as JSON.
    pub fn json(&self, world: &World) -> Value {
        let layout = self.job.layout(self.stage, self.build.definition());
        let count = |wanted: Outcome| {
            (0..TESTS).filter(|test| self.outcome(world, *test) == wanted).count()
        };
        let (failed, rerun) = (count(Outcome::Failed), count(Outcome::PassedOnRerun));
        let (passed, skipped) = (count(Outcome::Passed), count(Outcome::NotExecuted));
        let mut statistics = vec![
            json!({ "state": "Completed", "outcome": "Passed", "count": passed }),
            json!({ "state": "Completed", "outcome": "NotExecuted", "count": skipped }),
        ];
        if failed > 0 {
            statistics.push(json!({ "state": "Completed", "outcome": "Failed", "count": failed }));
        }
        if rerun > 0 {
            statistics.push(json!({
                "state": "Completed", "outcome": "Passed", "count": rerun,
                "resultMetadata": "rerun",
            }));
        }
        let attempt = self.job.attempt;
        let times = self.job.tasks.get(TASK).map_or((0, 0), |task| (task.start, task.finish));
        json!({
            "id": self.id,
            "name": layout.name,
            "isAutomated": true,
            "state": "Completed",
            "totalTests": TESTS,
            "passedTests": passed + rerun,
            "incompleteTests": 0,
            "notApplicableTests": skipped,
            "unanalyzedTests": failed,
            "startedDate": time(times.0),
            "completedDate": time(times.1),
            "build": { "id": self.build.id.to_string() },
            "buildConfiguration": {
                "id": self.build.id, "number": self.build.number, "flavor": "Release",
                "platform": layout.os.agent(), "branchName": self.build.branch,
            },
            "pipelineReference": {
                "pipelineId": self.build.id,
                "stageReference": { "stageName": "Test", "attempt": attempt },
                "phaseReference": { "phaseName": layout.phase, "attempt": attempt },
                "jobReference": { "jobName": "__default", "attempt": attempt },
            },
            "runStatistics": statistics,
            "revision": 2,
        })
    }

    /// The results with one of these outcomes, separated by commas; empty: all.
    pub fn results(&self, world: &World, outcomes: &str, with_parts: bool) -> Vec<Value> {
        let is_asked = |outcome: Outcome| {
            let name = match outcome {
                Outcome::Passed | Outcome::PassedOnRerun => "Passed",
                Outcome::Failed => "Failed",
                Outcome::NotExecuted => "NotExecuted",
            };
            outcomes.is_empty() || outcomes.split(',').any(|one| one == name)
        };
        let all = (0..TESTS).map(|test| (test, self.outcome(world, test)));
        let asked = all.filter(|(_, outcome)| is_asked(*outcome));
        asked.map(|(test, outcome)| self.result(world, test, outcome, with_parts)).collect()
    }

    fn result(&self, world: &World, test: usize, outcome: Outcome, with_parts: bool) -> Value {
        let area = self.build.definition().area;
        let (full, draw) =
            (name(area, test), world.dice.at("time", self.id).of("test", test as u64));
        let duration = draw.skewed(180.0);
        let start = self.job.tasks.get(TASK).map_or(0, |task| task.start);
        let start = start + draw.of("start", 0).between(0, 20 * SECOND);
        let is_rerun = outcome == Outcome::PassedOnRerun;
        let mut value = json!({
            "id": 100_000 + test,
            "automatedTestName": full,
            "automatedTestStorage": format!("{}.tests.dll", area.to_lowercase()),
            "automatedTestType": "UnitTest",
            "testCaseTitle": full.rsplit('.').next(),
            "testCaseReferenceId": 100_000 + test,
            "outcome": match outcome {
                Outcome::Passed | Outcome::PassedOnRerun => "Passed",
                Outcome::Failed => "Failed",
                Outcome::NotExecuted => "NotExecuted",
            },
            "state": "Completed",
            "durationInMs": duration,
            "startedDate": time(start),
            "completedDate": time(start + (duration * 1e6) as i64),
            "computerName": self.job.worker,
            "resultGroupType": if is_rerun { "rerun" } else { "none" },
            "priority": 255,
        });
        if outcome == Outcome::Failed {
            let is_full = self.build.failure.is_some_and(|failure| failure.kind == Kind::Disk);
            let message = match is_full {
                true => "System.IO.IOException: No space left on device".to_owned(),
                false => {
                    format!("Assert.Equal() Failure: Expected: {}, Actual: {}", test + 2, test)
                }
            };
            let subject = SUBJECTS[test % 10];
            value["errorMessage"] = json!(message);
            value["stackTrace"] = json!(format!(
                "   at {full}() in /_/tests/{area}/{subject}Tests.cs:line {}",
                test * 7 + 31
            ));
        }
        if is_rerun && with_parts {
            let part = |number: usize, outcome: &str| {
                json!({ "id": number, "parentId": 0, "sequenceId": number, "outcome": outcome,
                    "durationInMs": duration as i64, "resultGroupType": "none" })
            };
            value["subResults"] = json!([part(1, "Failed"), part(2, "Passed")]);
        }
        value
    }
}
