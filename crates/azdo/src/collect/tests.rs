//! The collector against a scripted transport and a store in memory: what is asked, what is
//! written, what is remembered.

mod failing;
mod limits;
mod renamed;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampNanosecondType};
use model::Batch;
use serde_json::{Value, json};

use super::state::{Pending, Seen, TRIES_MAX, known, retry};
use super::*;
use crate::client::fake::{Fake, START, client, fake, json as body, status};
use crate::client::{Request, Response, TransportError};

const HOUR_NS: i64 = 3600 * 1_000_000_000;
const DAY_NS: i64 = 24 * HOUR_NS;

/// A store in memory; a flag has it refuse writes.
#[derive(Default)]
struct Memory {
    documents: Mutex<BTreeMap<String, Arc<[u8]>>>,
    rows: Mutex<Vec<Batch>>,
    refuses: Mutex<bool>,
}

impl Notes for Arc<Memory> {
    fn document(&self, key: &str) -> Option<Arc<[u8]>> {
        self.documents.lock().unwrap().get(key).cloned()
    }

    fn documents(&self, prefix: &str) -> Vec<(String, Arc<[u8]>)> {
        let documents = self.documents.lock().unwrap();
        let found = documents.iter().filter(|(key, _)| key.starts_with(prefix));
        found.map(|(key, value)| (key.clone(), Arc::clone(value))).collect()
    }
}

impl Sink for Arc<Memory> {
    fn write(&self, rows: Vec<Batch>, documents: Documents) -> Result<(), SinkError> {
        if *self.refuses.lock().unwrap() {
            return Err(SinkError::Failed("the disk is full".to_owned()));
        }
        self.rows.lock().unwrap().extend(rows);
        let mut known = self.documents.lock().unwrap();
        for (key, value) in documents {
            match value {
                Some(value) => known.insert(key, value.into()),
                None => known.remove(&key),
            };
        }
        Ok(())
    }

    fn stored_build(&self, _: &str, build: i64) -> Result<Option<Batch>, SinkError> {
        let rows = self.rows.lock().unwrap();
        let of_build = |batch: &&Batch| {
            batch.table.name == "TimelineBuilds" && longs(batch, "BuildId") == [build]
        };
        Ok(rows.iter().rev().find(of_build).cloned())
    }
}

fn longs(batch: &Batch, name: &str) -> Vec<i64> {
    let column = batch.rows.column_by_name(name).unwrap();
    column.as_primitive::<Int64Type>().values().to_vec()
}

impl Memory {
    /// CollectedAt of each write of a build's row.
    fn collected(&self, build: i64) -> Vec<i64> {
        let rows = self.rows.lock().unwrap();
        let of_build = rows.iter().filter(|batch| {
            batch.table.name == "TimelineBuilds" && longs(batch, "BuildId") == [build]
        });
        let at = |batch: &Batch| {
            let column = batch.rows.column_by_name("CollectedAt").unwrap().clone();
            column.as_primitive::<TimestampNanosecondType>().value(0)
        };
        of_build.map(at).collect()
    }

    /// The texts of a column over all rows of a table.
    fn texts(&self, table: &str, column: &str) -> Vec<String> {
        let rows = self.rows.lock().unwrap();
        let batches = rows.iter().filter(|batch| batch.table.name == table);
        let texts = batches.flat_map(|batch| {
            let column = batch.rows.column_by_name(column).unwrap().clone();
            let texts: Vec<String> =
                column.as_string_view().iter().map(|t| t.unwrap_or_default().to_owned()).collect();
            texts
        });
        texts.collect()
    }
}

fn plan() -> Plan {
    let all = || Globs::new(&["*".to_owned()]).unwrap();
    Plan {
        source: "exorg".to_owned(),
        projects: Globs::new(&["exproj".to_owned()]).unwrap(),
        definitions: all(),
        page_size: 1000,
        overlap_ns: 2 * HOUR_NS,
        backfill_ns: 30 * DAY_NS,
        reconcile_every_ns: DAY_NS,
        reconcile_window_ns: 14 * DAY_NS,
        tests: None,
        logs: Logs::Off,
        log_bytes_max: 1000,
        images: Images::Off,
        releases: false,
        people: People::Drop,
        categories: Arc::new(Categories::default()),
    }
}

type Answers = Arc<Mutex<BTreeMap<&'static str, Value>>>;

/// A service that answers paths by their ends; what is not written down is 404.
fn service(answers: &Answers) -> Arc<Fake> {
    let answers = Arc::clone(answers);
    fake(move |request: &Request, _| answer(&answers, request))
}

fn answer(answers: &Answers, request: &Request) -> Result<Response, TransportError> {
    let path = request.url.split('?').next().unwrap_or_default();
    let is_open = request.url.contains("statusFilter=inProgress");
    let path = if is_open { "open" } else { path };
    let answers = answers.lock().unwrap();
    match answers.iter().find(|(end, _)| path.ends_with(*end)).map(|(_, answer)| answer) {
        Some(Value::Number(number)) => status(number.as_u64().unwrap() as u16, &[]),
        Some(Value::String(text)) => {
            let mut answer = status(200, &[("content-type", "text/plain")])?;
            answer.body = text.as_bytes().to_vec();
            Ok(answer)
        }
        Some(found) => body(&found.to_string()),
        None if is_open => body(r#"{"value":[]}"#),
        None => status(404, &[]),
    }
}

fn build(id: i64, finish: &str) -> Value {
    json!({
        "id": id, "status": "completed", "result": "succeeded", "finishTime": finish,
        "lastChangedDate": finish, "definition": { "id": 1, "name": "ci", "path": "\\web" },
        "project": { "id": "p1", "name": "exproj" },
    })
}

fn list(builds: &[Value]) -> Value {
    json!({ "value": builds })
}

struct Story {
    answers: Answers,
    fake: Arc<Fake>,
    memory: Arc<Memory>,
    collector: Collector<Arc<Fake>, Arc<Memory>>,
}

fn story(plan: Plan) -> Story {
    let answers: Answers = Arc::default();
    let fake = service(&answers);
    let memory: Arc<Memory> = Arc::default();
    let collector = Collector::new(client(&fake), Arc::clone(&memory), plan);
    Story { answers, fake, memory, collector }
}

impl Story {
    fn says(&self, path: &'static str, answer: Value) {
        self.answers.lock().unwrap().insert(path, answer);
    }

    /// A pass whose first run went as said.
    fn pass(&self) -> Run {
        self.collector.pass("exproj", None, &Unwatched).remove(0)
    }

    fn good_pass(&self) -> Run {
        let run = self.pass();
        assert_eq!(run.failure, None);
        run
    }

    fn state(&self) -> State<'_, Arc<Memory>> {
        State::of(&self.memory, "exorg", "exproj")
    }

    fn passes(&self, nanos: i64) {
        self.fake.now.fetch_add(nanos, Ordering::SeqCst);
    }

    /// The last parts of the addresses asked since the last call.
    fn asked(&self) -> Vec<String> {
        let urls = self.fake.urls();
        self.fake.sent.lock().unwrap().clear();
        let part = |url: &String| url.split("/_apis/").nth(1).unwrap_or_default().to_owned();
        urls.iter().map(part).collect()
    }
}

#[test]
fn later_rows_of_a_build_are_newer_whatever_our_clock_does() {
    let story = story(plan());
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    story.says("/builds/1/timeline", Value::Null);
    story.good_pass();
    story.passes(-5 * HOUR_NS);
    story.says("/build/builds", list(&[build(1, "2026-11-20T11:00:00Z")]));
    story.good_pass();
    let mut again = build(1, "2026-11-20T11:00:00Z");
    again["status"] = json!("inProgress");
    story.says("open", list(&[again]));
    story.says("/build/builds", list(&[]));
    story.good_pass();
    story.says("open", list(&[]));
    story.says("/build/builds", list(&[build(1, "2026-11-20T11:30:00Z")]));
    story.good_pass();
    assert_eq!(story.memory.collected(1), [START, START + 100, START + 200, START + 300]);
}

#[test]
fn a_build_that_began_again_and_was_stopped_as_it_was_runs_no_more() {
    let story = story(plan());
    let finished = build(1, "2026-11-20T10:00:00Z");
    story.says("/build/builds", list(std::slice::from_ref(&finished)));
    story.says("/builds/1/timeline", json!({ "id": "t", "changeId": 1, "records": [] }));
    story.good_pass();
    let mut running = finished;
    running["status"] = json!("inProgress");
    story.says("open", list(&[running]));
    story.good_pass();
    story.says("open", list(&[]));
    story.good_pass();
    assert_eq!(
        story.memory.texts("TimelineBuilds", "Status"),
        ["completed", "inProgress", "completed"]
    );
    assert_eq!(story.good_pass().unchanged, 1);
}

#[test]
fn a_build_that_was_only_touched_costs_one_request_and_one_row() {
    let story = story(plan());
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    let record = json!({ "id": "r", "type": "Job", "name": "job", "order": 1, "attempt": 1,
        "previousAttempts": [{ "attempt": 1, "timelineId": "old", "recordId": "r" }] });
    story.says("/builds/1/timeline", json!({ "id": "t", "changeId": 5, "records": [record] }));
    story.says("/timeline/old", json!({ "id": "old", "changeId": 1, "records": [] }));
    story.good_pass();
    assert_eq!(story.asked().len(), 4);
    let mut touched = build(1, "2026-11-20T10:00:00Z");
    touched["lastChangedDate"] = json!("2026-11-20T11:00:00Z");
    story.says("/build/builds", list(&[touched]));
    story.good_pass();
    assert_eq!(story.asked().len(), 3);
    let names: Vec<&str> =
        story.memory.rows.lock().unwrap().iter().map(|batch| batch.table.name).collect();
    assert_eq!(names.iter().filter(|name| **name == "TimelineRecords").count(), 1);
    assert_eq!(names.iter().filter(|name| **name == "TimelineBuilds").count(), 2);
}

#[test]
fn a_build_that_vanished_while_it_ran_is_looked_for() {
    let story = story(plan());
    story.says("/build/builds", list(&[]));
    let running = |id: i64| {
        json!({ "id": id, "status": "notStarted",
        "project": { "id": "p1", "name": "exproj" }, "definition": { "name": "ci" } })
    };
    story.says("open", list(&[running(1), running(2)]));
    story.good_pass();
    story.says("open", list(&[]));
    // One was stopped before it began and has no finish time, the other was deleted.
    let mut stopped = running(1);
    stopped["status"] = json!("completed");
    stopped["result"] = json!("canceled");
    story.says("/builds/1", stopped);
    story.says("/builds/1/timeline", json!(204));
    story.good_pass();
    assert!(story.state().all_open().is_empty());
    let results = story.memory.texts("TimelineBuilds", "Result");
    let rows = story.memory.rows.lock().unwrap();
    let builds: Vec<&Batch> = rows.iter().filter(|b| b.table.name == "TimelineBuilds").collect();
    let is_deleted =
        |batch: &Batch| batch.rows.column_by_name("IsDeleted").unwrap().as_boolean().value(0);
    let mut seen: Vec<(i64, &str, bool)> = builds
        .iter()
        .zip(&results)
        .map(|(batch, result)| (longs(batch, "BuildId")[0], result.as_str(), is_deleted(batch)))
        .collect();
    // Two workers: which of the builds is written first is not said.
    seen.sort_by_key(|(id, ..)| *id);
    assert_eq!(seen, [(1, "", false), (1, "canceled", false), (2, "", false), (2, "", true)]);
}

#[test]
fn failing_builds_wait_longer_each_time_and_are_given_up_at_last() {
    let story = story(plan());
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    story.says("/builds/1", build(1, "2026-11-20T10:00:00Z"));
    story.says("/builds/1/timeline", json!(500));
    let first = story.good_pass();
    assert_eq!((first.failed, first.pending), (1, 1));
    let pending = story.state().pending(1).unwrap();
    let wait_ns = pending.next_ns - story.fake.now.load(Ordering::SeqCst);
    assert_eq!((pending.tries, wait_ns), (1, 60_000_000_000));
    // Nothing is due: the list alone does not have it tried.
    assert_eq!(story.good_pass().failed, 0);
    for tries in 2..=TRIES_MAX {
        let next = story.state().pending(1).unwrap().next_ns;
        story.fake.now.store(next, Ordering::SeqCst);
        assert_eq!(story.good_pass().failed, 1);
        assert_eq!(story.state().pending(1).unwrap().tries, tries);
    }
    let dead = story.state().pending(1).unwrap();
    assert!(dead.is_dead && dead.error.contains("in 6 tries: status 500"), "{dead:?}");
    story.passes(DAY_NS);
    assert_eq!(story.pass().failed, 0);
    let told = known(&story.memory).remove(0);
    assert_eq!((told.pending.len(), told.project.as_str()), (1, "exproj"));
    assert!(retry(&story.memory, Some("other")).is_empty());
    // Until somebody asks for it.
    story.memory.write(Vec::new(), retry(&story.memory, None)).unwrap();
    story.says("/builds/1/timeline", json!(204));
    let last = story.good_pass();
    assert_eq!((last.fetched, last.pending), (1, 0));
}

#[test]
fn waits_double_up_to_six_hours() {
    let mut pending = Pending::default();
    let mut minutes = Vec::new();
    for _ in 0..11 {
        pending = pending.failed(String::new(), 0);
        minutes.push(pending.next_ns / 60_000_000_000);
    }
    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
}

#[test]
fn a_store_that_refuses_ends_the_pass_and_moves_no_cursor() {
    let story = story(plan());
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    story.says("/builds/1/timeline", json!(204));
    *story.memory.refuses.lock().unwrap() = true;
    let run = story.pass();
    assert_eq!(run.error, "the rows cannot be stored: the disk is full");
    *story.memory.refuses.lock().unwrap() = false;
    assert_eq!(story.state().facts().cursor_ns, 0);
    assert_eq!(story.good_pass().fetched, 1);
}

#[test]
fn a_finish_time_ahead_of_our_clock_hides_nothing() {
    let story = story(plan());
    story.says("/build/builds", list(&[build(1, "2026-11-21T12:00:00Z")]));
    story.says("/builds/1/timeline", json!(204));
    story.good_pass();
    assert_eq!(story.state().facts().cursor_ns, START);
    story.asked();
    story.good_pass();
    assert!(story.asked()[0].contains("minTime=2026-11-20T10%3A00%3A00Z"));
}

#[test]
fn the_window_is_compared_daily_and_forgotten_behind_it() {
    let story = story(plan());
    let old = build(1, "2026-11-08T10:00:00Z");
    let changed = build(2, "2026-11-19T10:00:00Z");
    story.says(
        "/build/builds",
        list(&[old.clone(), changed.clone(), build(3, "2026-11-20T10:00:00Z")]),
    );
    for path in ["/builds/1/timeline", "/builds/2/timeline", "/builds/3/timeline"] {
        story.says(path, json!(204));
    }
    story.good_pass();
    story.asked();
    story.passes(DAY_NS);
    let mut binned = changed;
    binned["deleted"] = json!(true);
    story.says("/build/builds", list(&[old, binned]));
    let runs = story.collector.pass("exproj", None, &Unwatched);
    assert_eq!(runs.iter().map(|run| run.kind.name()).collect::<Vec<_>>(), ["poll", "reconcile"]);
    // Build 2 is in the bin, build 3 is nowhere.
    assert_eq!((runs[1].failure.clone(), runs[1].fetched), (None, 1));
    let asked = story.asked();
    let compared = asked.iter().find(|url| url.contains("deletedFilter=includeDeleted")).unwrap();
    assert!(compared.contains("minTime=2026-11-07T12%3A00%3A00Z"), "{compared}");
    let deleted: Vec<bool> = story.state().all_seen().values().map(|seen| seen.deleted).collect();
    assert_eq!(deleted, [false, true, true]);
    story.passes(3 * DAY_NS);
    story.says("/build/builds", list(&[]));
    story.says("/builds/1", build(1, "2026-11-08T10:00:00Z"));
    story.pass();
    let seen: Vec<i64> = story.state().all_seen().into_keys().collect();
    assert_eq!(seen, [2, 3]);
}

#[test]
fn results_of_tests_are_asked_for_only_where_there_are_some() {
    let story = story(Plan { tests: Some(Tests::Failed), ..plan() });
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    story.says("/builds/1/timeline", json!({ "id": "t", "records": [] }));
    let run = |id: i64, statistics: Value| {
        json!({ "id": id, "name": "unit", "totalTests": 3,
        "passedTests": 3, "unanalyzedTests": 0, "runStatistics": statistics })
    };
    let passed = json!({ "outcome": "Passed", "count": 3 });
    let rerun = json!({ "outcome": "Passed", "count": 1, "resultMetadata": "rerun" });
    let failed = json!({ "outcome": "Failed", "count": 1 });
    story.says(
        "/test/runs",
        list(&[
            run(1, json!([passed])),
            run(2, json!([passed, rerun])),
            run(3, json!([failed])),
            run(4, json!([])),
        ]),
    );
    let results = list(&[
        json!({ "id": 1, "outcome": "Passed", "resultGroupType": "rerun", "subResults": [] }),
        json!({ "id": 2, "outcome": "Passed", "resultGroupType": "none" }),
    ]);
    for path in ["/Runs/2/results", "/Runs/3/results"] {
        story.says(path, results.clone());
    }
    story.good_pass();
    let asked = story.asked();
    let results: Vec<&String> = asked.iter().filter(|url| url.contains("/results")).collect();
    assert_eq!(results.len(), 2, "{results:?}");
    assert!(results[0].contains("Runs/2/") && results[0].contains("outcomes=Passed&$top=200"));
    assert!(results[1].contains("Runs/3/"));
    assert!(results[1].contains("outcomes=Failed%2CAborted%2CTimeout%2CError&$top=200"));
    let outcomes = story.memory.texts("TestResults", "Outcome");
    assert!(outcomes.contains(&"PassedOnRerun".to_owned()), "{outcomes:?}");
}

#[test]
fn of_long_logs_the_end_is_read() {
    let story = story(Plan { logs: Logs::Failed, ..plan() });
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    let task = |id: &str, result: &str, log: i64| {
        json!({ "id": id, "type": "Task", "name": id,
        "order": 1, "attempt": 1, "result": result, "log": { "id": log } })
    };
    let records = [task("a", "failed", 7), task("b", "succeeded", 8), task("c", "failed", 9)];
    story.says("/builds/1/timeline", json!({ "id": "t", "records": records }));
    story.says("/builds/1/logs", list(&[json!({ "id": 7, "lineCount": 500 })]));
    story.says("/logs/7", json!("2026-11-20T09:59:52.1234567Z ##[error]no space\n"));
    story.good_pass();
    let asked = story.asked();
    let logs: Vec<&String> = asked.iter().filter(|url| url.contains("/logs/")).collect();
    // Log 9 is gone already.
    assert_eq!(logs, ["build/builds/1/logs/7?api-version=5.0&startLine=491"]);
    assert_eq!(story.memory.texts("TimelineLogErrors", "Text"), ["no space"]);
}

#[test]
fn patterns_ask_for_the_list_of_projects() {
    let globs = Globs::new(&["*".to_owned(), "!sand*".to_owned()]).unwrap();
    let definitions = Globs::new(&["\\web\\*".to_owned()]).unwrap();
    let story = story(Plan { projects: globs, definitions, ..plan() });
    story.says(
        "/_apis/projects",
        list(&[json!({ "id": "p1", "name": "exproj" }), json!({ "id": "p2", "name": "Sandbox" })]),
    );
    assert_eq!(story.collector.projects().unwrap(), ["exproj"]);
    let mut other = build(2, "2026-11-20T10:00:00Z");
    other["definition"]["path"] = json!("\\app");
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z"), other]));
    story.says("/builds/1/timeline", json!(204));
    assert_eq!(story.good_pass().listed, 1);
}

#[test]
fn a_named_build_is_collected_when_its_project_is() {
    let story = story(plan());
    story.says("/builds/1", build(1, "2026-11-20T10:00:00Z"));
    story.says("/builds/1/timeline", json!(204));
    let run = story.collector.trigger("p1", 1);
    assert_eq!((run.failure, run.fetched, run.project.as_str()), (None, 1, "exproj"));
    assert_eq!(story.collector.trigger("p1", 1).unchanged, 1);
    let mut other = build(2, "2026-11-20T10:00:00Z");
    other["project"] = json!({ "id": "p2", "name": "other" });
    story.says("/builds/2", other);
    let run = story.collector.trigger("p2", 2);
    assert_eq!(run.error, "project `other` is not collected: see `projects` of the source");
    assert_eq!(story.collector.trigger("p1", 3).error, "there is no build 3");
    assert_eq!(story.memory.texts("CollectorRuns", "Pass"), ["trigger"; 4]);
}

#[test]
fn deployments_are_read_once_and_their_trouble_is_their_own() {
    let story = story(Plan { releases: true, ..plan() });
    story.says("/build/builds", list(&[]));
    let runs = story.collector.pass("exproj", None, &Unwatched);
    assert_eq!(runs[0].failure, None);
    assert!(runs[1].error.contains("there is nothing at `https://vsrm.dev.azure.com/exorg/"));
    let deployment = |id: i64, at: &str| {
        json!({ "id": id, "lastModifiedOn": at,
        "deploymentStatus": "succeeded", "queuedOn": at })
    };
    let deployments =
        [deployment(1, "2026-11-20T09:00:00Z"), deployment(2, "2026-11-20T10:00:00Z")];
    story.says("/release/deployments", list(&deployments));
    story.says("/_apis/projects/exproj", json!({ "id": "p1", "name": "exproj" }));
    let run = story.collector.pass("exproj", None, &Unwatched).remove(1);
    assert_eq!((run.failure, run.fetched), (None, 2));
    story.asked();
    let run = story.collector.pass("exproj", None, &Unwatched).remove(1);
    assert_eq!((run.failure, run.fetched, run.unchanged), (None, 0, 2));
    assert!(story.asked()[2].contains("minModifiedTime=2026-11-20T08%3A00%3A00Z"));
    let changed = [deployment(2, "2026-11-20T11:00:00Z")];
    story.says("/release/deployments", list(&changed));
    assert_eq!(story.collector.pass("exproj", None, &Unwatched)[1].fetched, 1);
    assert_eq!(story.memory.texts("ReleaseDeployments", "Project"), ["exproj"; 3]);
}

#[test]
fn what_is_remembered_of_a_build_is_small() {
    let seen = Seen {
        finish_ns: START,
        result: "succeededWithIssues".to_owned(),
        changed_ns: START,
        change_id: Some(123_456),
        timeline: Some(true),
        attempts: 2,
        deleted: false,
        has_lost_timeline: false,
        name_hash: 12_345,
        collected_ns: START,
    };
    let text = serde_json::to_vec(&seen).unwrap();
    assert!(text.len() < 160, "{}", text.len());
    assert_eq!(serde_json::from_slice::<Seen>(&text).unwrap(), seen);
}
