//! Odd builds: running, deleted, without records, with hostile texts, very large, with logs.

use super::*;
use wire::{Issue, Record, Timeline};

fn record(id: &str, parent: &str, kind: &str) -> Record {
    Record {
        id: id.to_owned(),
        parent_id: parent.to_owned(),
        kind: kind.to_owned(),
        name: format!("{kind} {id}"),
        order: Some(1),
        attempt: Some(1),
        state: "completed".to_owned(),
        result: "succeeded".to_owned(),
        ..Record::default()
    }
}

fn timeline(records: Vec<Record>) -> Timeline {
    Timeline { id: "t".to_owned(), records, ..Timeline::default() }
}

fn build() -> wire::Build {
    wire::Build { id: 7, ..wire::Build::default() }
}

fn rows(collected: &CollectedBuild) -> BuildRows {
    of_build(collected, &context(&rules(&[]))).unwrap()
}

#[test]
fn a_build_without_a_timeline_or_records_has_one_attempt() {
    for latest in [None, Some(timeline(Vec::new()))] {
        let has_timeline = latest.is_some();
        let rows = rows(&CollectedBuild { build: build(), latest, ..CollectedBuild::default() });
        assert_eq!(rows.kept, Kept { attempt_count: 1, has_timeline });
        let names: Vec<_> = rows.batches.iter().map(|batch| batch.table.name).collect();
        assert_eq!(names, ["TimelineBuilds", "TimelineBuildAttempts"]);
    }
    let nothing = CollectedBuild::default();
    let error = of_build(&nothing, &context(&rules(&[]))).unwrap_err().to_string();
    assert_eq!(
        error,
        "rows of TimelineBuilds cannot be built: the service sent a build without an id"
    );
}

#[test]
fn a_deleted_build_keeps_what_is_known_of_its_timelines() {
    let deleted = wire::Build { deleted: true, ..build() };
    let kept = Kept { attempt_count: 3, has_timeline: true };
    let batch = of_build_alone(&deleted, kept, &context(&rules(&[]))).unwrap();
    let row = table(&[batch], "TimelineBuilds").remove(0);
    assert_eq!((&row["IsDeleted"], &row["AttemptCount"]), (&json!(true), &json!(3)));
    assert_eq!(row["HasTimeline"], json!(true));
}

#[test]
fn hostile_texts_are_rows_like_others() {
    let mut task = record("a", "no such parent", "Task");
    task.name = "'; drop table\u{0}\u{202e}\"\\\n".to_owned();
    task.issues = vec![
        Issue {
            message: "(NETCORE_ENGINEERING_TELEMETRY=) \u{1b}[31m".to_owned(),
            ..Issue::default()
        },
        Issue { kind: "error".to_owned(), message: "x".repeat(1 << 20), ..Issue::default() },
    ];
    task.issues[0].data.insert("LineNumber".to_owned(), "12".to_owned());
    task.issues[1].data.insert("linenumber".to_owned(), "99999999999999999999".to_owned());
    let latest = Some(timeline(vec![task.clone()]));
    let rows = rows(&CollectedBuild { build: build(), latest, ..CollectedBuild::default() });
    assert_eq!(table(&rows.batches, "TimelineRecords")[0]["Name"], task.name);
    let issues = table(&rows.batches, "TimelineIssues");
    assert_eq!(issues[0]["Path"], "999.001.000");
    assert_eq!((&issues[0]["LineNumber"], &issues[1]["LineNumber"]), (&json!(12), &Value::Null));
    assert_eq!(issues[1]["Message"].as_str().unwrap().len(), 1 << 20);
    assert_eq!(issues[0]["Bucket"], "Unknown");
}

/// What a script exits with says something only when nothing else does.
#[test]
fn an_exit_code_beside_another_error_gives_no_category() {
    let issue = |kind: &str, message: &str| Issue {
        kind: kind.to_owned(),
        message: message.to_owned(),
        ..Issue::default()
    };
    let exit = issue("error", "Bash exited with code '1'.");
    for (others, want) in [
        (vec![], vec!["ScriptExit"]),
        (vec![issue("warning", "a warning")], vec!["Unknown", "ScriptExit"]),
        (vec![issue("error", "what went wrong")], vec!["Unknown", "Unknown"]),
    ] {
        let mut task = record("a", "", "Task");
        task.issues = others;
        task.issues.push(exit.clone());
        let latest = Some(timeline(vec![task]));
        let collected = CollectedBuild { build: build(), latest, ..Default::default() };
        let rows = of_build(&collected, &context(&Categories::default())).unwrap();
        let issues = table(&rows.batches, "TimelineIssues");
        let buckets: Vec<_> = issues.iter().map(|row| row["Bucket"].as_str().unwrap()).collect();
        assert_eq!(buckets, want);
    }
}

#[test]
fn parameters_of_a_build_are_kept_without_people() {
    let build = wire::Build {
        parameters: r#"{"a":"1","Build.RequestedFor":"x","mail.email":"y"}"#.to_owned(),
        template_parameters: Some(json!({
            "config": "Release",
            "mailTo": { "authorName": "x", "keep": [{ "senderEmail": "y", "n": 1 }] },
        })),
        tags: vec!["x".to_owned(), "\"".to_owned()],
        ..build()
    };
    let of = |build: &wire::Build| {
        let batch = of_build_alone(build, Kept::default(), &context(&rules(&[]))).unwrap();
        table(&[batch], "TimelineBuilds").remove(0)
    };
    let row = of(&build);
    assert_eq!(
        row["Parameters"],
        r#"{"a":"1","templateParameters":{"config":"Release","mailTo":{"keep":[{"n":1}]}}}"#
    );
    assert_eq!(row["Tags"], r#"["x","\""]"#);
    let row = of(&wire::Build { parameters: "not json".to_owned(), ..self::build() });
    assert_eq!((&row["Parameters"], &row["Tags"]), (&json!(""), &json!("")));
}

#[test]
fn logs_give_errors_the_service_dropped_and_images() {
    let at = "2026-11-20T09:59:52.1234567Z";
    let mut setup = record("setup", "job", "Task");
    setup.name = "Initialize job".to_owned();
    setup.log = Some(wire::timeline::LogRef { id: Some(3), ..Default::default() });
    assert!(sets_up_job(&setup) && !sets_up_job(&record("job", "", "Job")));
    let mut task = record("task", "job", "Task");
    let issue = |message: &str| Issue {
        kind: "error".to_owned(),
        message: message.to_owned(),
        ..Issue::default()
    };
    task.issues = vec![issue("kept"), issue("kept\nwith a second line"), issue("a.cs(1,2): odd")];
    task.issues[2].category = "Code".to_owned();
    let other = record("other", "", "Job");
    let records = vec![record("job", "", "Job"), setup, task, other];
    let log = |record_id: &str, text: String| CollectedLog {
        record_id: record_id.to_owned(),
        log_id: 9,
        first_line: 100,
        text,
    };
    let errors =
        ["kept", "kept", "kept", "(Darc) new", "No space left on device", "a.cs(3,4): odd"];
    let errors: String = errors.map(|text| format!("{at} ##[error]{text}\n")).concat();
    let logs = vec![
        log("setup", format!("{at} ##[group]Runner Image\n{at} Image: ubuntu-24.04\n")),
        log("task", errors),
        log("gone", format!("{at} ##[error]of a record nobody knows\n")),
    ];
    let collected = CollectedBuild {
        build: build(),
        latest: Some(timeline(records)),
        logs,
        ..Default::default()
    };
    let rows = of_build(&collected, &context(&Categories::default())).unwrap();
    let found = table(&rows.batches, "TimelineLogErrors");
    let shown: Vec<_> = found
        .iter()
        .map(|row| {
            let text = |column| row[column].as_str().unwrap();
            let line = row["LineNumber"].as_i64().unwrap();
            (text("RecordId"), line, text("Text"), text("Bucket"), text("BucketSource"))
        })
        .collect();
    let want = [
        ("task", 102, "kept", "Unknown", "none"),
        ("task", 103, "(Darc) new", "Darc", "bare"),
        ("task", 104, "No space left on device", "DiskFull", "rule"),
        ("task", 105, "a.cs(3,4): odd", "Code", "service"),
        ("gone", 100, "of a record nobody knows", "Unknown", "none"),
    ];
    assert_eq!(shown, want);
    assert_eq!(found[0]["Time"], at);
    let images: Vec<_> = table(&rows.batches, "TimelineRecords")
        .iter()
        .map(|row| row["ImageName"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(images, ["ubuntu-24.04", "ubuntu-24.04", "ubuntu-24.04", ""]);
}

#[test]
fn a_log_full_of_errors_is_cut_and_says_so() {
    let text = "2026-11-20T09:59:52.1234567Z ##[error]again\n".repeat(log_errors::MAX_LINES + 20);
    let log = CollectedLog { record_id: "a".to_owned(), log_id: 1, first_line: 1, text };
    let collected = CollectedBuild { build: build(), logs: vec![log], ..Default::default() };
    let found = table(&rows(&collected).batches, "TimelineLogErrors");
    assert_eq!(found.len(), log_errors::MAX_LINES + 1);
    let last = &found[log_errors::MAX_LINES];
    assert_eq!(last["Text"], "20 more error lines of this log are not kept");
    assert_eq!(last["LineNumber"], json!(log_errors::MAX_LINES + 20));
}

#[test]
fn all_results_are_rows_when_they_are_wanted() {
    let result = |id, outcome: &str, group: &str| wire::TestCaseResult {
        id,
        outcome: outcome.to_owned(),
        result_group_type: group.to_owned(),
        test_case_title: format!("test {id}"),
        ..Default::default()
    };
    let results = vec![
        result(1, "Passed", "none"),
        result(2, "Timeout", "none"),
        result(3, "Passed", "rerun"),
        result(4, "Failed", "rerun"),
        result(5, "SomethingNew", "none"),
    ];
    let statistic = |outcome: &str, count, mark: &str| wire::test::RunStatistic {
        outcome: outcome.to_owned(),
        count: Some(count),
        result_metadata: mark.to_owned(),
        ..Default::default()
    };
    let run = wire::TestRun {
        id: 1,
        unanalyzed_tests: Some(9),
        run_statistics: vec![
            statistic("Passed", 4, "rerun"),
            statistic("Failed", 1, ""),
            statistic("Timeout", 1, ""),
        ],
        ..Default::default()
    };
    for (tests, want, reruns) in [
        (Tests::All, vec!["Passed", "Timeout", "PassedOnRerun", "Failed", "SomethingNew"], 1),
        (Tests::Failed, vec!["Timeout", "PassedOnRerun", "Failed"], 1),
        (Tests::Summary, vec![], 4),
    ] {
        let runs = Some(vec![CollectedRun { run: run.clone(), results: results.clone() }]);
        let collected = CollectedBuild { build: build(), runs, ..Default::default() };
        let categories = rules(&[]);
        let rows = of_build(&collected, &Context { tests, ..context(&categories) }).unwrap();
        let found = table(&rows.batches, "TestResults");
        let outcomes: Vec<_> = found.iter().map(|row| row["Outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, want, "{tests:?}");
        if let Some(rerun) = found.iter().find(|row| row["Outcome"] == "PassedOnRerun") {
            assert_eq!((&rerun["Tries"], &rerun["TestName"]), (&Value::Null, &json!("test 3")));
        }
        let run = &table(&rows.batches, "TestRuns")[0];
        assert_eq!((&run["Failed"], &run["Attempt"]), (&json!(2), &json!(1)));
        assert_eq!(run["PassedOnRerun"], json!(reruns));
    }
}

/// 100,000 records, once in a flat tree and once in one chain: linear, whatever they hold.
#[test]
fn very_many_records_take_time_in_proportion() {
    for parent in [|_: usize| 0, |at: usize| at.saturating_sub(1)] {
        let records = (0..100_000)
            .map(|at| {
                let parent = if at == 0 { String::new() } else { parent(at).to_string() };
                record(&at.to_string(), &parent, "Task")
            })
            .collect();
        let collected = CollectedBuild {
            build: build(),
            latest: Some(timeline(records)),
            ..CollectedBuild::default()
        };
        let begin = std::time::Instant::now();
        let rows = rows(&collected);
        assert_eq!(rows.batches[2].rows.num_rows(), 100_000);
        assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
    }
}
