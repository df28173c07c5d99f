//! Recorded timelines give exactly the counts of `recorded-expected.json`.

use super::*;

fn timeline(file: &str) -> wire::Timeline {
    wire::decode(&fixture(&format!("recorded/{file}")), "a timeline").unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

/// Sorted by key, so that objects compare whatever order they were made in.
fn sorted(value: &Value) -> std::collections::BTreeMap<String, Value> {
    value.as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.clone())).collect()
}

#[test]
fn recorded_builds_give_the_counts_of_a_correct_importer() {
    let expected: Value = serde_json::from_slice(&fixture("recorded-expected.json")).unwrap();
    let categories = rules(&[]);
    let context = context(&categories);
    for set in expected["sets"].as_array().unwrap() {
        let name = set["latest"].as_str().unwrap();
        let latest = timeline(name);
        let previous: Vec<_> = texts(&set["previous"]).iter().map(|f| timeline(f)).collect();

        assert_eq!(json!(latest.records.len()), set["records_in_latest"], "{name}");
        let held: Vec<_> = previous.iter().map(|t| t.records.len()).collect();
        assert_eq!(json!(held), set["records_in_previous"], "{name}");
        let mut named = previous_timelines(&latest);
        assert_eq!(json!(named.len()), set["previous_timelines_referenced"], "{name}");
        let mut given: Vec<_> = previous.iter().map(|t| t.id.clone()).collect();
        named.sort();
        given.sort();
        assert_eq!(json!(named == given), set["previous_ids_given_match"], "{name}");

        let build = wire::Build { id: 1, ..wire::Build::default() };
        let collected =
            CollectedBuild { build, latest: Some(latest), previous, ..CollectedBuild::default() };
        let rows = of_build(&collected, &context).unwrap();
        check(set, &rows.batches);
        let attempts = sorted(&set["by_effective_attempt"]).len();
        assert_eq!(rows.kept, Kept { attempt_count: attempts as i64, has_timeline: true });
    }
}

fn check(set: &Value, batches: &[Batch]) {
    let name = set["latest"].as_str().unwrap();
    let rows = table(batches, "TimelineRecords");
    let issues = table(batches, "TimelineIssues");
    let having = |test: &dyn Fn(&Map<String, Value>) -> bool| {
        json!(rows.iter().filter(|row| test(row)).count())
    };
    let latest = |row: &Map<String, Value>| row["IsLatestAttempt"] == json!(true);
    let job_ticks = rows.iter().filter(|row| row["Type"] == "Job");
    let job_ticks: i64 = job_ticks.filter_map(|row| row["DurationTicks"].as_i64()).sum();
    let fingerprints = counts(&issues, "Fingerprint").as_object().unwrap().len();
    for (key, got) in [
        ("rows", json!(rows.len())),
        ("rows_latest", having(&latest)),
        ("rows_previous_only", having(&|row| !latest(row))),
        ("by_type", counts(&rows, "Type")),
        ("by_result", counts(&rows, "Result")),
        ("by_effective_attempt", counts(&rows, "EffectiveAttempt")),
        ("by_reported_attempt", counts(&rows, "Attempt")),
        (
            "reported_differs_from_effective",
            having(&|row| row["Attempt"] != row["EffectiveAttempt"]),
        ),
        (
            "negative_durations",
            having(&|row| row["DurationTicks"].as_i64().is_some_and(|ticks| ticks < 0)),
        ),
        ("paths_with_999", having(&|row| row["Path"].as_str().unwrap().contains("999"))),
        ("issues", json!(issues.len())),
        ("issues_by_type", counts(&issues, "Type")),
        ("issues_by_category", counts(&issues, "Category")),
        ("issues_by_bucket", counts(&issues, "Bucket")),
        ("issues_by_bucket_source", counts(&issues, "BucketSource")),
        ("distinct_fingerprints", json!(fingerprints)),
        ("sum_job_duration_ticks", json!(job_ticks)),
    ] {
        assert!(!set[key].is_null(), "{key} is not in the expectations");
        if set[key].is_object() {
            assert_eq!(sorted(&got), sorted(&set[key]), "{name}: {key}");
        } else {
            assert_eq!(got, set[key], "{name}: {key}");
        }
    }
}

/// Every pull request of the recorded lists has its number and its target.
#[test]
fn recorded_builds_give_their_pull_requests_and_no_names_of_people() {
    let categories = rules(&[]);
    let context = context(&categories);
    let mut pull_requests = 0;
    for file in ["recorded/builds-list-1.json", "recorded/builds-list-6.json"] {
        let list: wire::List<wire::Build> = wire::decode(&fixture(file), "builds").unwrap();
        for build in &list.value {
            let batch = of_build_alone(build, Kept::default(), &context).unwrap();
            let row = table(&[batch], "TimelineBuilds").remove(0);
            let is_pull_request = build.reason == "pullRequest";
            pull_requests += usize::from(is_pull_request);
            assert_eq!(row["PullRequestNumber"].is_i64(), is_pull_request, "{file} {}", build.id);
            assert_eq!(row["TargetBranch"] != "", is_pull_request, "{file} {}", build.id);
            assert!(row["Definition"].as_str().unwrap().starts_with('\\'));
            assert!(!row["Definition"].as_str().unwrap().starts_with("\\\\"));
            assert!(row["Url"].as_str().unwrap().contains("_build/results?buildId="));
            assert_eq!(row["RequestedFor"].as_str().unwrap().len(), 16);
            let text = Value::Object(row).to_string();
            assert!(!text.contains("sender") && !text.contains("avatar"), "{text}");
        }
    }
    assert!(pull_requests > 0);
}

#[test]
fn a_recorded_deployment_is_a_row_without_who_asked_for_it() {
    let hook: Value =
        serde_json::from_slice(&fixture("recorded/hook-deployment-completed-approved.json"))
            .unwrap();
    let body = hook["resource"]["deployment"].to_string();
    let deployment: wire::Deployment = wire::decode(body.as_bytes(), "a deployment").unwrap();
    let categories = rules(&[]);
    let batch = of_deployments(&[deployment], &context(&categories)).unwrap().unwrap();
    let row = table(&[batch], "ReleaseDeployments").remove(0);
    for (column, want) in [
        ("DeploymentId", json!(1)),
        ("ReleaseName", json!("Release-1")),
        ("DefinitionName", json!("CheckApproval")),
        ("EnvironmentName", json!("Stage 1")),
        ("DefinitionEnvironmentId", json!(1)),
        ("DeploymentStatus", json!("succeeded")),
        ("StartedOn", json!("2019-01-11T13:34:21.1270000Z")),
        ("TimeToDeployTicks", json!(197_960_000)),
        ("SourceBranch", json!("master")),
        ("SourceVersion", json!("b7bce8b3913bcb96965a626f7cfdaeaf84cdfc06")),
    ] {
        assert_eq!(row[column], want, "{column}");
    }
    let artifacts: Value = serde_json::from_str(row["Artifacts"].as_str().unwrap()).unwrap();
    assert_eq!(artifacts[0]["definitionReference"]["version"]["name"], "20190403.4");
    assert!(artifacts[0]["definitionReference"]["requestedFor"].is_null());
    assert!(of_deployments(&[], &context(&categories)).unwrap().is_none());
}
