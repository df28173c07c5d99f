//! `telltale demo`: a folder full of invented data, in which everything there is to see has rows.

use std::path::Path;

use serde_json::{Value, json};

use crate::server::{Server, run, wait_until};

/// Fills a folder; what was said.
fn fill(dir: &Path, args: &[&str]) -> String {
    let data = dir.display().to_string();
    let done = run(&[&["demo", "--data", &data], args].concat());
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success(), "{said}");
    said
}

fn count(server: &Server, text: &str) -> u64 {
    server.rows(&format!("{text} | count"))[0][0].as_u64().unwrap()
}

const TELEMETRY: [&str; 10] = [
    "requests",
    "dependencies",
    "exceptions",
    "traces",
    "customEvents",
    "pageViews",
    "availabilityResults",
    "browserTimings",
    "customMetrics",
    "performanceCounters",
];
const PIPELINES: [&str; 12] = [
    "TimelineBuilds",
    "TimelineBuildAttempts",
    "TimelineRecords",
    "TimelineIssues",
    "TimelineLogErrors",
    "TestRuns",
    "TestResults",
    "ReleaseDeployments",
    "PipelineEvents",
    "CollectorRuns",
    "KnownIssues",
    "KnownIssueMatches",
];
const REPORTS: [&str; 19] = [
    "PassRate()",
    "FirstAttemptPassRate()",
    "RescueRate()",
    "PrimaryErrors()",
    "CategoryShare()",
    "FailureBreakdown()",
    "FlakyEvidence()",
    "RedIntervals()",
    "BuildDuration()",
    "JobQueueWait()",
    "RerunTime()",
    "LostMachineTime()",
    "IssueOverflow()",
    "DeploymentFrequency()",
    "LeadTime()",
    "CollectorLag()",
    "KnownIssueHits()",
    "KnownIssueCounts()",
    "FingerprintStates()",
];

#[test]
fn a_demonstration_has_rows_everywhere_and_answers_without_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let said = fill(dir.path(), &["--days", "14"]);
    assert!(said.contains("events of service hooks"), "{said}");
    let again = fill(dir.path(), &[]);
    assert!(again.contains("holds a demonstration already (seed 1, 14 days"), "{again}");

    let server = Server::on(dir.path(), &["--demo"]);
    for table in TELEMETRY.iter().chain(&PIPELINES) {
        assert!(count(&server, table) > 0, "{table}");
    }
    for report in REPORTS {
        assert!(count(&server, report) > 0, "{report}");
    }
    telemetry_is_believable(&server);
    builds_are_believable(&server);
    badges_answer(&server);
    let other = server.post(
        "/v1/apps/package-index/query",
        &[("content-type", "application/json")],
        json!({ "query": "union requests, pageViews | count" }).to_string().as_bytes(),
    );
    assert!(other.json()["tables"][0]["rows"][0][0].as_u64() > Some(1_000), "{}", other.text());
    let delivered = server.get("/api/hooks/deliveries").json();
    assert_eq!(delivered["deliveries"][0]["key"], "exorg-hooks", "{delivered}");
}

fn telemetry_is_believable(server: &Server) {
    let tasks = "requests | where operation_Name !startswith 'GET' | summarize dcount(name), \
                 dcount(client_OS), countif(success == false) * 100 / count()";
    let row = server.rows(tasks)[0].clone();
    assert!(row[0].as_u64() >= Some(4) && row[1].as_u64() >= Some(3), "{row}");
    assert!((1..20).contains(&row[2].as_u64().unwrap()), "{row}");
    for (what, text) in [
        ("sampled items", "dependencies | where itemCount > 1"),
        ("measurements", "requests | where isnotnull(customMeasurements.queueMs)"),
        ("severities", "traces | summarize by severityLevel | where severityLevel in (0, 4)"),
        ("wrong clocks", "requests | where ingestion_time() - timestamp > 5m"),
        ("stacks of Node", "exceptions | where type == 'TypeError' and method == 'resolve'"),
        (
            "long operations",
            "union dependencies, requests, traces | summarize n = count() by operation_Id \
             | where n > 200",
        ),
        (
            "items of builds",
            "requests | join kind=inner (TimelineRecords | where Type == 'Task') \
             on $left.operation_ParentId == $right.SpanId",
        ),
        (
            "deep operations",
            "dependencies | where name == 'PUT /packages' | join kind=inner dependencies \
             on $left.operation_Id == $right.operation_Id, $left.operation_ParentId == \
             $right.operation_ParentId",
        ),
    ] {
        assert!(count(server, text) > 0, "{what}");
    }
    let event = server.rows(
        "customEvents | where name == 'Task Execution' | take 1 | project \
         strlen(tostring(customDimensions.projectId)), \
         strlen(tostring(customDimensions.collectionId)), \
         isnotempty(customDimensions.taskName), isnotempty(customDimensions.taskKind)",
    );
    assert_eq!(event, json!([[36, 36, true, true]]));
    let operation = "BuildOperation(toscalar(TimelineBuilds | where Result == 'succeeded' \
                     | top 1 by FinishTime desc | project OperationId)) | where joinedBy == \
                     'operation'";
    assert!(count(server, operation) > 10);
}

fn builds_are_believable(server: &Server) {
    let row = server.rows(
        "TimelineBuilds | where Status == 'completed' | summarize count(), dcount(Definition), \
         dcount(Reason), dcount(SourceBranch), countif(Result == 'failed')",
    )[0]
    .clone();
    assert!(row[0].as_u64() > Some(180), "{row}");
    assert!(row[1] == 6 && row[2].as_u64() >= Some(4) && row[3].as_u64() > Some(20), "{row}");
    assert!(row[4].as_u64() > Some(8), "{row}");
    for (what, text) in [
        ("attempts", "TimelineBuildAttempts | where Attempt > 1"),
        ("categories", "TimelineIssues | summarize by Bucket | where Bucket in ('Feed', 'Code')"),
        ("flaky tests", "TestResults | where Outcome == 'PassedOnRerun'"),
        (
            "a test that stays red",
            "TestResults | summarize n = dcount(BuildId) by TestName | where n > 3",
        ),
        ("machines", "TimelineRecords | where Type == 'Job' | summarize by WorkerName | skip 10"),
        ("failed deployments", "ReleaseDeployments | where DeploymentStatus == 'failed'"),
        (
            "environments",
            "ReleaseDeployments | summarize by EnvironmentName | where EnvironmentName == 'Production'",
        ),
    ] {
        let text = text.replace(
            "| skip 10",
            "| order by WorkerName asc | extend n = row_number() | where n > 10",
        );
        assert!(count(server, &text) > 0, "{what}");
    }
    let failed = count(server, "CollectorRuns | where Error != '' or Failed > 0");
    assert_eq!(failed, 0);
    assert_eq!(count(server, "PipelineEvents | where Error != '' or Processed == false"), 0);
}

fn badges_answer(server: &Server) {
    let badge = server.get("/badges/lantern/production.svg");
    assert_eq!(badge.status, 200, "{}", badge.text());
    assert!(badge.text().contains("lantern delivery: Release-"), "{}", badge.text());
    let value = || server.get("/badges/q/pass-rate.json").json();
    wait_until("the query badge has its value", || {
        value()["message"].as_str().is_some_and(|text| text.ends_with(" %"))
    });
    let list = server.get("/api/badges").json();
    let badges = list["badges"].as_array().unwrap();
    assert!(badges.len() > 5, "{list}");
}

#[test]
fn the_same_seed_and_end_give_the_same_rows_and_another_seed_gives_others() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let other = tempfile::tempdir().unwrap();
    let until = ["--days", "2", "--until", "2026-11-27T15:20:00Z"];
    folders.iter().for_each(|dir| drop(fill(dir.path(), &until)));
    fill(other.path(), &[&until[..], &["--seed", "2"]].concat());
    let sums = |dir: &Path| -> Vec<Value> {
        let server = Server::on(dir, &["--demo"]);
        let sum = |table: &&str| {
            // Ids of applications are made by chance; which keys of a bag stand first
            // is the store's to choose.
            let bags = match TELEMETRY.contains(table) {
                true => {
                    "strcat(tostring(array_sort_asc(bag_keys(customDimensions))), \
                     customDimensions.projectId, customDimensions.buildId, \
                     customDimensions.result)"
                }
                false => "''",
            };
            let text = format!(
                "{table} | extend bags = {bags} \
                 | extend row = tostring(bag_remove_keys(pack_all(), dynamic(['appId', \
                 'customDimensions', 'customMeasurements', '_ResourceId']))) \
                 | summarize count(), sum(hash(row, 1000000007))"
            );
            json!([table, server.rows(&text)])
        };
        TELEMETRY.iter().chain(&PIPELINES).map(sum).collect()
    };
    let first = sums(folders[0].path());
    assert_eq!(first, sums(folders[1].path()));
    assert_ne!(first, sums(other.path()));
}

#[test]
fn data_of_somebody_is_never_touched() {
    let dir = tempfile::tempdir().unwrap();
    drop(Server::on(dir.path(), &[]));
    let data = dir.path().display().to_string();
    let done = run(&["demo", "--data", &data]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(said.contains("has data already and is no demonstration"), "{said}");
    let served = run(&["serve", "--demo", "--data", &data, "--listen", "127.0.0.1:0"]);
    assert_eq!(served.status.code(), Some(1));

    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
    let done = run(&["demo", "--data", &dir.path().display().to_string()]);
    assert!(String::from_utf8(done.stderr).unwrap().contains("is not Telltale's"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
