//! Known issues: what they explain of all that is stored and of what is collected later, who may
//! change them, what is refused.

use std::path::Path;
use std::time::Duration;

use azdo::category::Categories;
use azdo::identity::Identities;
use azdo::rows::{CollectedBuild, CollectedLog, Context, Tests, of_build};
use azdo::wire::{Build, Definition, Issue, Record, Timeline};
use serde_json::{Value, json};

use crate::client::{Response, send};
use crate::server::{Server, wait_until};

const HOUR: i64 = 3_600_000_000_000;
const JSON: (&str, &str) = ("content-type", "application/json");
const ADMIN: &str = "the-admin-key-of-this-test";

/// A build: its number, how it ended, its errors, the error lines of its log.
struct Story<'a>(i64, &'a str, &'a [&'a str], &'a [&'a str]);

fn build(story: &Story<'_>, finish: i64) -> CollectedBuild {
    let Story(id, result, errors, lines) = story;
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
        result: (*result).to_owned(),
        issues: errors.iter().map(issue).collect(),
        ..Record::default()
    };
    let logged: Vec<String> = lines.iter().map(|line| format!("##[error]{line}\n")).collect();
    let log = CollectedLog {
        record_id: format!("record-{id}"),
        log_id: 4,
        first_line: 10,
        text: logged.concat(),
    };
    let build = Build {
        id: *id,
        build_number: format!("b{id}"),
        status: "completed".to_owned(),
        result: (*result).to_owned(),
        reason: "pullRequest".to_owned(),
        queue_time: Some(finish - HOUR),
        finish_time: Some(finish),
        trigger_info: [("pr.number".to_owned(), id.to_string())].into(),
        definition: Definition {
            name: if id % 2 == 0 { "even" } else { "odd" }.to_owned(),
            path: "\\team".to_owned(),
            ..Definition::default()
        },
        ..Build::default()
    };
    let latest = Timeline { records: vec![task], ..Timeline::default() };
    let logs = if lines.is_empty() { Vec::new() } else { vec![log] };
    CollectedBuild { build, latest: Some(latest), logs, ..CollectedBuild::default() }
}

/// Adds builds as a collector stores them, to a folder that no server holds.
fn collect(dir: &Path, stories: &[Story<'_>]) {
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
    let store = store::Store::open(dir, store::Options::default()).unwrap();
    for story in stories {
        let found = of_build(&build(story, now - HOUR), &context).unwrap();
        let rows = found.batches.into_iter().map(|batch| (model::AppId(1), batch)).collect();
        store.append_blocking(store::Write { rows, documents: Vec::new() }).unwrap();
    }
    store.close().unwrap();
}

fn folder(stories: &[Story<'_>]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    Server::on(dir.path(), &[]).stop();
    collect(dir.path(), stories);
    dir
}

/// Five builds that failed and one that did not.
fn history() -> tempfile::TempDir {
    folder(&[
        Story(1, "failed", &["error NU1301: no feed", "Bash exited with code '1'."], &[]),
        Story(2, "failed", &["ERROR nu1301: no feed"], &["first line", "NU1301 in a log"]),
        Story(3, "failed", &["cannot compile\n  because of NU1301"], &[]),
        Story(4, "failed", &["other"], &["a: begins", "b", "c: it ends"]),
        Story(5, "failed", &["other"], &["c: it ends", "a: begins"]),
        Story(6, "succeeded", &["NU1301 did no harm"], &[]),
    ])
}

fn call(
    server: &Server,
    method: &str,
    path: &str,
    more: &[(&str, &str)],
    body: &Value,
) -> Response {
    let headers = [&[JSON][..], more].concat();
    send(server.port, method, path, &headers, body.to_string().as_bytes())
}

fn make(server: &Server, body: &Value) -> Value {
    let answer = call(server, "POST", "/api/ci/known", &[], body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

/// Builds and sources of what counts, in order.
fn hits(server: &Server) -> Value {
    server.rows(
        "KnownIssueHits | project BuildId, Source, LineNumber, Text \
         | order by BuildId asc, Source asc, LineNumber asc",
    )
}

#[test]
fn an_issue_explains_what_is_stored_and_what_is_collected_later() {
    let dir = history();
    let server = Server::on(dir.path(), &[]);
    let made = make(&server, &json!({ "title": "Feed", "ErrorMessage": "nu1301" }));
    assert_eq!((&made["matches"], &made["builds"]), (&json!(5), &json!(4)), "{made}");
    let stored = json!([
        [1, "issue", null, "error NU1301: no feed"],
        [2, "issue", null, "ERROR nu1301: no feed"],
        [2, "log", 11, "NU1301 in a log"],
        [3, "issue", null, "because of NU1301"],
        [6, "issue", null, "NU1301 did no harm"],
    ]);
    assert_eq!(hits(&server), stored);
    let counts = "KnownIssueCounts | project Title, Builds24h, Builds7d, Builds, Failed";
    assert_eq!(server.rows(counts), json!([["Feed", 4, 4, 4, 3]]));
    // Errors, those of logs as well, have the fingerprint by which they stand in reports.
    let known = "FingerprintStates | where IsKnown | summarize sum(Builds) | project sum_Builds";
    assert_eq!(server.rows(known), json!([[5]]));
    assert!(server.stop().success());

    collect(
        dir.path(),
        &[
            Story(7, "failed", &["again NU1301"], &[]),
            Story(8, "failed", &["not this"], &[]),
            Story(1, "failed", &["error NU1301: no feed", "and NU1301 again"], &[]),
        ],
    );
    let server = Server::on(dir.path(), &[]);
    wait_until("new builds are looked at", || {
        server.rows("KnownIssueHits | where BuildId == 7 | count") == json!([[1]])
    });
    let again =
        "KnownIssueHits | where BuildId in (1, 8) | project BuildId, Text | order by Text asc";
    assert_eq!(server.rows(again), json!([[1, "and NU1301 again"], [1, "error NU1301: no feed"]]));
}

#[test]
fn lines_follow_each_other_and_patterns_stay_within_a_line() {
    let dir = history();
    let server = Server::on(dir.path(), &[]);
    make(&server, &json!({ "title": "Two", "ErrorMessage": ["A: BEGINS", "it ends"] }));
    assert_eq!(hits(&server), json!([[4, "log", 10, "a: begins"]]));
    let pattern = json!({ "title": "P", "ErrorPattern": r"^\s*because[^:]+\d{4}$" });
    make(&server, &pattern);
    let found = "KnownIssueHits | where Title == 'P' | project BuildId, Text";
    assert_eq!(server.rows(found), json!([[3, "because of NU1301"]]));
    let across = json!({ "title": "A", "pattern": r"compile\s+because" });
    assert_eq!(make(&server, &across)["matches"], json!(0));
    let no_logs = json!({ "title": "L", "ErrorMessage": "NU1301", "ExcludeConsoleLog": true,
        "scope": { "definitions": ["team\\EVEN"] } });
    make(&server, &no_logs);
    let found =
        "KnownIssueHits | where Title == 'L' | project BuildId, Source | order by BuildId asc";
    assert_eq!(server.rows(found), json!([[2, "issue"], [6, "issue"]]));
    let over = json!({ "title": "O", "contains": ["NU1301"], "expires": "2020-01-01" });
    assert_eq!(make(&server, &over)["matches"], json!(0));
}

#[test]
fn nobody_overwrites_an_issue_he_has_not_seen_and_what_it_explained_goes_with_it() {
    let dir = history();
    let server = Server::on(dir.path(), &["--admin-key", ADMIN]);
    let key = [("x-api-key", ADMIN)];
    let rows = |text: &str| {
        let body = json!({ "query": text }).to_string();
        let headers = [JSON, key[0]];
        let answer = server.post("/v1/apps/default/query", &headers, body.as_bytes());
        answer.json()["tables"][0]["rows"].clone()
    };
    let body = json!({ "title": "Feed", "contains": "NU1301" });
    let made = call(&server, "POST", "/api/ci/known", &key, &body);
    assert_eq!(made.status, 201, "{}", made.text());
    let path = format!("/api/ci/known/{}", made.json()["id"].as_str().unwrap());
    let tag = made.header("etag").unwrap().to_owned();
    let count = "KnownIssueHits | summarize dcount(BuildId)";
    assert_eq!(rows(count), json!([[4]]));

    assert_eq!(call(&server, "PUT", &path, &key, &body).status, 428);
    let wrong = [key[0], ("if-match", "\"x\"")];
    assert_eq!(call(&server, "PUT", &path, &wrong, &body).status, 412);
    let right = [key[0], ("if-match", tag.as_str())];
    let other = json!({ "title": "Feed", "contains": "other" });
    let changed = call(&server, "PUT", &path, &right, &other);
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["revision"], json!(2));
    assert_eq!(rows(count), json!([[2]]));
    assert_eq!(call(&server, "PUT", &path, &right, &body).status, 412);

    // Another title is no other meaning; off and on again is looked for anew.
    let tag = changed.header("etag").unwrap().to_owned();
    let off = json!({ "title": "Off", "contains": "other", "enabled": false });
    let off = call(&server, "PUT", &path, &[key[0], ("if-match", &tag)], &off);
    assert_eq!(
        (off.json()["revision"].clone(), off.json()["matches"].clone()),
        (json!(2), Value::Null)
    );
    assert_eq!(rows(count), json!([[2]]));

    let link = json!({ "builds": [{ "organization": "org", "project": "proj", "buildId": 3 }] });
    let links = format!("{path}/builds");
    assert_eq!(call(&server, "POST", &links, &key, &link).status, 200);
    assert_eq!(rows(count), json!([[3]]));
    assert_eq!(call(&server, "DELETE", &links, &key, &link).status, 200);
    assert_eq!(rows(count), json!([[2]]));

    let list = server.post("/api/ci/known", &key, b"");
    assert_eq!(list.status, 415);
    let tag = off.header("etag").unwrap();
    assert_eq!(call(&server, "DELETE", &path, &wrong, &json!({})).status, 412);
    let gone = call(&server, "DELETE", &path, &[key[0], ("if-match", tag)], &json!({}));
    assert_eq!(gone.status, 204);
    assert_eq!(rows(count), json!([[0]]));
    assert_eq!(rows("KnownIssueCounts | count"), json!([[0]]));
    assert_eq!(call(&server, "PUT", &path, &right, &body).status, 404);
    let audit = "Audit | where action startswith 'ci.known' | order by timestamp asc \
                 | project action";
    let actions = ["create", "change", "change", "link", "unlink", "delete"];
    let wanted: Vec<Value> = actions.iter().map(|a| json!([format!("ci.known.{a}")])).collect();
    assert_eq!(rows(audit), json!(wanted));
}

#[test]
fn issues_that_cannot_be_are_refused_with_the_reason() {
    let dir = history();
    let server = Server::on(dir.path(), &[]);
    for (body, reason) in [
        (json!({ "title": "x" }), "say which errors are meant"),
        (json!({ "contains": "abc" }), "`title` must have"),
        (json!({ "title": "x", "pattern": "a(b" }), "see character 2: unclosed group"),
        (json!({ "title": "x", "contains": "abc", "pattern": "abc" }), "not both"),
        (json!({ "title": "x", "contains": "abc", "more": 1 }), "unknown field `more`"),
        (json!([]), "the body must be a JSON object"),
    ] {
        for path in ["/api/ci/known", "/api/ci/known/preview"] {
            let answer = call(&server, "POST", path, &[], &body);
            assert_eq!(answer.status, 400, "{body}");
            let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains(reason), "{message}");
        }
    }
    let nobody = call(&server, "POST", "/api/ci/known?application=nobody", &[], &json!({}));
    assert_eq!(nobody.status, 404);
    assert_eq!(server.get("/api/ci/known/0123456789ab").status, 404);
    assert_eq!(server.get("/api/ci/known/preview").status, 405);
    assert_eq!(server.rows("KnownIssues | count"), json!([[0]]));
}

#[test]
fn a_preview_says_what_it_would_explain_and_what_speaks_against_it() {
    let errors: Vec<String> = (0..25).map(|n| format!("kind {n}")).collect();
    let texts: Vec<[&str; 1]> = errors.iter().map(|text| [text.as_str()]).collect();
    let stories: Vec<Story<'_>> =
        (0..).zip(&texts).map(|(n, texts)| Story(100 + n, "failed", texts, &[])).collect();
    let dir = folder(&stories);
    collect(dir.path(), &[Story(1, "succeeded", &["kind 3 as well"], &[])]);
    let server = Server::on(dir.path(), &[]);
    let preview = |text: &str| {
        let body = json!({ "title": "x", "contains": text });
        let answer = call(&server, "POST", "/api/ci/known/preview", &[], &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let narrow = preview("kind 24");
    assert_eq!(narrow["warnings"], json!([]));
    assert_eq!(narrow["summary"]["FailedBuilds"], json!(1));
    assert_eq!(narrow["summary"]["Share"], json!(0.04));
    assert_eq!(narrow["builds"][0]["BuildNumber"], json!("b124"));
    let broad = preview("kind");
    assert_eq!(broad["summary"]["PullRequests"], json!(26));
    let warnings = broad["warnings"].to_string();
    assert!(warnings.contains("100 % of all failed builds"), "{warnings}");
    assert!(warnings.contains("1 build that passed"), "{warnings}");
    // The reader can run what it was counted by.
    let text = broad["queries"]["summary"].as_str().unwrap();
    assert_eq!(server.rows(&format!("{text}\n| project Builds, Failures")), json!([[26, 25]]));
    assert_eq!(server.rows("KnownIssueMatches | count"), json!([[0]]));
}

#[test]
fn errors_of_many_builds_and_pull_requests_are_proposed_until_an_issue_explains_them() {
    let of = |n: i64| Story(100 + n, "failed", &["the feed is away"], &["only the log says why"]);
    let stories: Vec<Story<'_>> = (0..5).map(of).collect();
    let dir = folder(&stories);
    let server = Server::on(dir.path(), &[]);
    let proposals =
        "KnownIssueProposals | project Builds, PullRequests, Sample | order by Sample asc";
    let in_log = json!([5, 5, "only the log says why"]);
    assert_eq!(server.rows(proposals), json!([in_log, [5, 5, "the feed is away"]]));
    make(&server, &json!({ "title": "Feed", "contains": "feed is away" }));
    assert_eq!(server.rows(proposals), json!([in_log]));
    make(&server, &json!({ "title": "Log", "contains": "the log says" }));
    assert_eq!(server.rows(proposals), json!([]));
}

#[test]
fn an_issue_explains_only_so_many_errors_and_no_build_is_lost_by_that() {
    let dir = folder(&[]);
    let server = Server::on(dir.path(), &[]);
    make(&server, &json!({ "title": "All", "contains": "the same" }));
    assert!(server.stop().success());
    // Builds are looked at together; one of these alone is more than the limit.
    let errors = |n| vec!["the same"; n];
    let (some, many) = (errors(500), errors(50_001));
    collect(dir.path(), &[Story(1, "failed", &many, &[]), Story(2, "failed", &some, &[])]);
    let server = Server::on(dir.path(), &[]);
    let hits = "KnownIssueHits | summarize count() by BuildId | order by BuildId asc";
    // So much takes its time, which questions in between would prolong.
    std::thread::sleep(Duration::from_secs(5));
    wait_until("new builds are looked at", || {
        std::thread::sleep(Duration::from_secs(1));
        server.rows(hits) == json!([[2, 500]])
    });

    let more = json!({ "title": "Too much", "contains": "the same" });
    let limit = "explains more than 50,000 errors, which is the limit: say more of their text";
    let refused = call(&server, "POST", "/api/ci/known", &[], &more);
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(refused.json()["error"]["code"], json!("limit"));
    assert!(refused.text().contains(limit), "{}", refused.text());
    let preview = call(&server, "POST", "/api/ci/known/preview", &[], &more).json();
    assert_eq!(preview["summary"]["Matches"], json!(50_501));
    assert!(preview["warnings"][0].as_str().unwrap().contains(limit), "{preview}");
    assert_eq!(server.rows("KnownIssues | count"), json!([[1]]));
    let even = json!({ "title": "Less", "contains": "the same",
        "scope": { "definitions": ["team\\even"] } });
    assert_eq!(make(&server, &even)["matches"], json!(500));
    assert_eq!(server.rows(hits), json!([[2, 1000]]));
}

#[test]
fn there_are_only_so_many_issues() {
    let dir = folder(&[]);
    let store = store::Store::open(dir.path(), store::Options::default()).unwrap();
    let document = |n: i64| {
        let what = json!({ "title": format!("issue {n}"), "contains": ["nothing"] });
        let issue = json!({ "id": format!("{n:012x}"), "what": what, "created": n, "by": "me",
            "revision": 1 });
        (format!("known/1/{n:012x}"), Some(issue.to_string().into_bytes()))
    };
    let documents = (0..1000).map(document).collect();
    store.append_blocking(store::Write { rows: Vec::new(), documents }).unwrap();
    store.close().unwrap();
    let server = Server::on(dir.path(), &[]);
    let body = json!({ "title": "one more", "contains": "abc" });
    let more = call(&server, "POST", "/api/ci/known", &[], &body);
    assert_eq!(more.status, 429, "{}", more.text());
    assert!(more.text().contains("there are 1000 known issues, which is the limit"));
    let gone = "/api/ci/known/000000000000";
    assert_eq!(call(&server, "DELETE", gone, &[], &json!({})).status, 204);
    assert_eq!(call(&server, "POST", "/api/ci/known", &[], &body).status, 201);
    let list = server.get("/api/ci/known").json();
    assert_eq!(list["issues"].as_array().map(Vec::len), Some(1000));
}
