//! `telltale ci categorize` and `POST /api/ci/triage`: new categories of stored issues.

use std::path::{Path, PathBuf};

use azdo::category::Categories;
use azdo::identity::Identities;
use azdo::rows::{CollectedBuild, CollectedLog, Context, Tests, of_build};
use azdo::wire::{Build, Definition, Issue, Record, Timeline};
use serde_json::{Value, json};

use crate::client::Response;
use crate::server::{Server, output, run};

const HOUR: i64 = 3_600_000_000_000;

/// The build with a log.
const LOGGED: i64 = 9;

/// A folder with builds as a collector stores them, before anybody had rules: build `n` finished
/// so many hours ago and has these errors.
fn collected(builds: &[(i64, i64, &[&str])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Server::on(dir.path(), &[]).stop();
    let categories = Categories::new(Vec::new(), None).unwrap();
    let now = chrono::Utc::now().timestamp_nanos_opt().unwrap();
    let context = Context {
        organization: "org",
        project: "proj",
        project_id: "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01",
        categories: &categories,
        identities: Identities::Drop,
        tests: Tests::Failed,
        collected_at: now,
    };
    let store = store::Store::open(dir.path(), store::Options::default()).unwrap();
    for (id, hours, errors) in builds {
        let found = of_build(&build(*id, now - hours * HOUR, errors), &context).unwrap();
        let rows = found.batches.into_iter().map(|batch| (model::AppId(1), batch)).collect();
        store.append_blocking(store::Write { rows, documents: Vec::new() }).unwrap();
    }
    store.close().unwrap();
    dir
}

/// The log of a build's task, which holds an error that is no issue.
fn log(id: i64) -> CollectedLog {
    CollectedLog {
        record_id: format!("record-{id}"),
        log_id: 1,
        first_line: 1,
        text: "##[error]We stopped hearing from the log".to_owned(),
    }
}

fn build(id: i64, finish: i64, errors: &[&str]) -> CollectedBuild {
    let issue = |message: &&str| Issue {
        kind: "error".to_owned(),
        category: "General".to_owned(),
        message: (*message).to_owned(),
        ..Issue::default()
    };
    let task = Record {
        id: format!("record-{id}"),
        kind: "Task".to_owned(),
        name: "Compile".to_owned(),
        issues: errors.iter().map(issue).collect(),
        ..Record::default()
    };
    let latest = Timeline { records: vec![task], ..Timeline::default() };
    let definition =
        Definition { name: "ci".to_owned(), path: "\\team".to_owned(), ..Definition::default() };
    let build = Build { id, finish_time: Some(finish), definition, ..Build::default() };
    let logs = if id == LOGGED { vec![log(id)] } else { Vec::new() };
    CollectedBuild { build, latest: Some(latest), logs, ..CollectedBuild::default() }
}

fn rules(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("rules.toml");
    std::fs::write(&path, format!("category_defaults = false\n{text}")).unwrap();
    path
}

const LOST: &str = "We stopped hearing from agent pool-7";

fn folder() -> tempfile::TempDir {
    collected(&[
        (7, 1, &[LOST, "other", "(PIPELINE_CATEGORY=Sign) signing stopped hearing from"]),
        (8, 2, &[LOST, LOST]),
        (9, 24 * 40, &[LOST]),
    ])
}

const TRIAGE: &str = "TimelineIssuesTriage | order by BuildId asc, Index asc \
    | project BuildId, RecordId, Index, UpdatedCategory, By";

#[test]
fn a_dry_run_shows_and_a_run_stores_once() {
    let dir = folder();
    let file = rules(
        dir.path(),
        "[[category]]\ncontains = \"stopped hearing from\"\ncategory = \"MachineLost\"\n\
         [[category]]\ncontains = \"never there\"\ncategory = \"Nothing\"\n",
    );
    let file = file.to_str().unwrap();
    let server = Server::on(dir.path(), &[]);
    let args = ["ci", "categorize", file, "--url", &server.url];
    let shown = output(&[&args[..], &["--dry-run"]].concat());
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with("5 issues of 2 builds since 20"), "{shown}");
    assert!(lines[1].starts_with("from     to           issues  builds  such as"), "{shown}");
    assert_eq!(lines[3], format!("Unknown  MachineLost       3       2  {LOST}"));
    assert_eq!(lines[4], "rule 2 (`never there` → Nothing) gave no issue its category");
    assert_eq!(lines[5], "3 issues would change; this was a dry run");
    assert_eq!(server.rows(TRIAGE), json!([]));

    assert!(output(&args).ends_with("3 issues changed\n"));
    let stored = json!([
        [7, "record-7", 0, "MachineLost", "rules"],
        [8, "record-8", 0, "MachineLost", "rules"],
        [8, "record-8", 1, "MachineLost", "rules"],
    ]);
    assert_eq!(server.rows(TRIAGE), stored);
    assert!(output(&args).ends_with("nothing changes\n"));
    let older = output(&[&args[..], &["--since", "60d"]].concat());
    assert!(older.starts_with("6 issues of 3 builds"), "{older}");
    assert!(older.ends_with("1 issues changed\n"), "{older}");
    // Within the last 30 days there was no log.
    let logs = "1 error lines of logs keep their category until their builds are collected again";
    assert!(older.contains(logs) && !shown.contains("lines of logs"), "{older}");
    let audit = "Audit | where action == 'ci.triage' | order by rows asc | project target, rows";
    assert_eq!(server.rows(audit), json!([["default", 1], ["default", 3]]));
}

#[test]
fn a_folder_without_a_server_does_the_same() {
    let dir = folder();
    let data = dir.path().to_str().unwrap();
    let lost = "[[category]]\nregex = \"^We stopped\"\ncategory = \"Lost\"\n\
                definition = '\\team\\*'\ntask = \"compile\"\ntype = \"error\"\n";
    let file = rules(dir.path(), lost);
    let args = ["ci", "categorize", file.to_str().unwrap(), "--data", data];
    assert!(output(&args).ends_with("3 issues changed\n"));
    assert!(output(&args).ends_with("nothing changes\n"));
    // Without the rule the first category comes back.
    rules(dir.path(), "");
    assert!(output(&args).ends_with("3 issues changed\n"));
    assert!(output(&args).ends_with("nothing changes\n"));
    let server = Server::on(dir.path(), &[]);
    let now = server.rows(
        "TimelineIssuesTriage | summarize arg_max(ModifiedDateTime, *) by BuildId, RecordId, Index \
         | summarize count() by UpdatedCategory, By",
    );
    assert_eq!(now, json!([["Unknown", "rules", 3]]));
}

#[test]
fn what_a_person_decided_stays() {
    let dir = folder();
    let server = Server::on(dir.path(), &[]);
    let entry = json!({
        "organization": "org", "project": "proj", "buildId": 7, "recordId": "record-7",
        "index": 0, "category": "Mine", "url": "https://example.invalid/why",
    });
    let answer = triage(&server, &json!({ "by": "somebody", "issues": [entry] }));
    assert_eq!((answer.status, answer.json()), (200, json!({ "stored": 1 })));
    let file = rules(dir.path(), "[[category]]\ncontains = \"hearing\"\ncategory = \"Lost\"\n");
    let shown = output(&["ci", "categorize", file.to_str().unwrap(), "--url", &server.url]);
    assert!(shown.contains("1 issues keep the category a person gave them\n"), "{shown}");
    assert!(shown.ends_with("2 issues changed\n"), "{shown}");
    let rows = server.rows("TimelineIssuesTriage | where BuildId == 7 | project By, Url");
    assert_eq!(rows, json!([["somebody", "https://example.invalid/why"]]));
}

#[test]
fn decisions_about_issues_nobody_collected_are_stored_and_told() {
    let dir = folder();
    let server = Server::on(dir.path(), &[]);
    let entry = |build: i64, record: &str| {
        json!({ "organization": "org", "project": "proj", "buildId": build, "recordId": record,
            "index": 0, "category": "Mine" })
    };
    let issues = json!([
        entry(7, "record-7"),
        entry(7, "record-\"7"),
        entry(70, "record-7"),
        entry(70, "record-7"),
    ]);
    let answer = triage(&server, &json!({ "by": "somebody", "issues": issues }));
    assert_eq!((answer.status, answer.json()), (200, json!({ "stored": 4, "unmatched": 2 })));
    let kept = server.rows("TimelineIssuesTriage | distinct BuildId, RecordId | count");
    assert_eq!(kept, json!([[3]]));
}

#[test]
fn a_rule_for_everything_is_said_to_be_broad() {
    let errors: Vec<String> = (0..50).map(|n| format!("error {n}")).collect();
    let errors: Vec<&str> = errors.iter().map(String::as_str).collect();
    let dir = collected(&[(1, 1, &errors)]);
    let text = "[[category]]\ncontains = \"error\"\ncategory = \"All\"\n";
    let file = rules(dir.path(), text);
    let data = dir.path().to_str().unwrap();
    let args = ["ci", "categorize", file.to_str().unwrap(), "--data", data, "--dry-run"];
    let remark = "rule 1 (`error` → All) gave 100 % of all issues their category: \
                  it may be too broad\n";
    assert!(output(&args).contains(remark));
}

#[test]
fn every_mistake_in_the_rules_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = rules(
        dir.path(),
        "category_marker = \" \"\nunknown = 1\n\
         [[category]]\ncategory = \"A\"\nregex = \"(\"\n\
         [[category]]\ncontains = \"x\"\n\
         [[category]]\ncategory = \"A\"\ncontains = \"x\"\ndomain = \"elsewhere\"\n",
    );
    let file = file.to_str().unwrap();
    let done = run(&["ci", "categorize", file]);
    let wrong = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success());
    for reason in [
        "error: ' ' cannot be the name of a marker\n",
        &format!("error: there is no setting `unknown` (file `{file}`)\n"),
        "error: category rule 1: the pattern is not a regular expression: unclosed group",
        &format!("error: category rule 2 in file `{file}`: missing field `category`\n"),
        "unknown variant `elsewhere`, expected one of `code`, `infrastructure`, `unknown`",
    ] {
        assert!(wrong.contains(reason), "{reason} is not in {wrong}");
    }
    // The server reads the same keys of its settings file.
    let served = run(&["serve", "--config", file]);
    assert!(String::from_utf8(served.stderr).unwrap().contains("category rule 1: the pattern"));
}

#[test]
fn a_call_that_cannot_be_stored_is_refused_as_a_whole() {
    let dir = folder();
    let server = Server::on(dir.path(), &[]);
    let entry = |change: Value| {
        let mut entry = json!({ "organization": "o", "project": "p", "buildId": 1,
            "recordId": "r", "index": 0, "category": "C" });
        let map = change.as_object().unwrap().clone();
        entry.as_object_mut().unwrap().extend(map);
        entry
    };
    let good = entry(json!({}));
    for (body, status, reason) in [
        (json!({ "issues": [] }), 400, "give 1 to 10000 `issues` in a call"),
        (
            json!({ "issues": [good, entry(json!({ "category": " " }))] }),
            400,
            "issue 1: `category`",
        ),
        (json!({ "issues": [entry(json!({ "buildId": 0 }))] }), 400, "`buildId` must be above 0"),
        (
            json!({ "issues": [entry(json!({ "recordId": "x".repeat(1001) }))] }),
            400,
            "`recordId` is",
        ),
        (json!({ "issues": [entry(json!({ "more": 1 }))] }), 400, "unknown field `more`"),
        (json!({ "issues": [good], "application": "nobody" }), 404, "no application `nobody`"),
        (json!([]), 400, "the body must be a JSON object"),
    ] {
        let answer = triage(&server, &body);
        assert_eq!(answer.status, status, "{body}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(reason), "{message}");
    }
    assert_eq!(server.get("/api/ci/triage").status, 405);
    assert_eq!(server.post("/api/ci/triage", &[], b"{}").status, 415);
    assert_eq!(server.rows("TimelineIssuesTriage | count"), json!([[0]]));
}

fn triage(server: &Server, body: &Value) -> Response {
    let headers = [("content-type", "application/json")];
    server.post("/api/ci/triage", &headers, body.to_string().as_bytes())
}
