//! The builds of the collector's scenario give exactly the rows wanted after each pass.

use std::collections::BTreeMap;

use super::*;

const FOLDER: &str = "synthetic/collector";

fn body<T: serde::de::DeserializeOwned>(file: &str) -> T {
    wire::decode(&fixture(&format!("{FOLDER}/{file}.json")), "a body").unwrap()
}

fn exists(file: &str) -> bool {
    let path = format!("../../tests/azdo/{FOLDER}/{file}.json");
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
}

/// What a collector fetches of a build in a pass.
fn collected(build: wire::Build, pass: &str) -> CollectedBuild {
    let id = build.id;
    let current = [format!("timeline_{id}_{pass}"), format!("timeline_{id}")];
    let latest: Option<wire::Timeline> = current.iter().find(|f| exists(f)).map(|f| body(f));
    let named = latest.as_ref().map(previous_timelines).unwrap_or_default();
    let previous: Vec<wire::Timeline> =
        if named.is_empty() { Vec::new() } else { vec![body(&format!("timeline_{id}_prev"))] };
    assert_eq!(named, previous.iter().map(|t| t.id.clone()).collect::<Vec<_>>());
    let runs: Vec<wire::TestRun> = match format!("testruns_{id}_{pass}") {
        file if exists(&file) => body::<wire::List<_>>(&file).value,
        _ => Vec::new(),
    };
    let with_results = |run: wire::TestRun| CollectedRun {
        results: body::<wire::List<_>>(&format!("testresults_{}", run.id)).value,
        run,
    };
    let runs = Some(runs.into_iter().map(with_results).collect());
    CollectedBuild { build, latest, previous, logs: Vec::new(), runs }
}

#[test]
fn a_pass_gives_the_rows_of_the_scenario() {
    let categories = rules(&[
        ("stopped hearing from agent", "MachineLost"),
        ("operation was canceled", "Canceled"),
    ]);
    let context = context(&categories);
    // A later collection of a build replaces its rows of a table.
    let mut stored: BTreeMap<(i64, String), Vec<Map<String, Value>>> = BTreeMap::new();
    for (pass, lists) in
        [("poll1", &["poll1_builds_page1", "poll1_builds_page2"][..]), ("poll2", &["poll2_builds"])]
    {
        for list in lists {
            for build in body::<wire::List<wire::Build>>(list).value {
                let id = build.id;
                let rows = of_build(&collected(build, pass), &context).unwrap();
                for batch in &rows.batches {
                    let name = batch.table.name;
                    stored.insert((id, name.to_owned()), table(&rows.batches, name));
                }
            }
        }
        let expected: Value =
            serde_json::from_slice(&fixture(&format!("{FOLDER}/expected_{pass}.json"))).unwrap();
        for (name, expected) in expected.as_object().unwrap() {
            let Some(expected) = expected.as_array() else {
                assert_eq!(name, "Watermark");
                continue;
            };
            let got: Vec<_> = stored
                .iter()
                .filter(|((_, table), _)| table == name)
                .flat_map(|(_, rows)| rows.clone())
                .collect();
            compare(&format!("{pass} {name}"), expected, got);
        }
    }
}

/// Both sides hold the same rows, in the columns the expectation has.
fn compare(what: &str, expected: &[Value], got: Vec<Map<String, Value>>) {
    let columns: Vec<&String> = expected[0].as_object().unwrap().keys().collect();
    let only = |row: &Map<String, Value>| {
        let cells = columns.iter().map(|column| {
            let value = row.get(*column).unwrap_or_else(|| panic!("{what}: no column {column}"));
            // Stored strings are never null; numbers compare by value.
            match value {
                Value::Null => format!("{column}="),
                Value::String(text) => format!("{column}={text}"),
                Value::Number(number) => format!("{column}={}", number.as_f64().unwrap()),
                other => format!("{column}={other}"),
            }
        });
        cells.collect::<Vec<_>>().join("\n")
    };
    let mut want: Vec<String> = expected.iter().map(|row| only(row.as_object().unwrap())).collect();
    let mut got: Vec<String> = got.iter().map(only).collect();
    want.sort();
    got.sort();
    for (want, got) in want.iter().zip(&got) {
        assert_eq!(got, want, "{what}");
    }
    assert_eq!(got.len(), want.len(), "{what}");
}

#[test]
fn what_is_not_in_the_expectations_is_right_too() {
    let categories = rules(&[]);
    let context = context(&categories);
    let build = body::<wire::List<wire::Build>>("poll2_builds").value;
    let build = build.into_iter().find(|build| build.id == 103).unwrap();
    let rows = of_build(&collected(build, "poll2"), &context).unwrap();
    let builds = table(&rows.batches, "TimelineBuilds");
    assert_eq!(
        builds[0]["Url"],
        "https://dev.azure.com/exorg/3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01/_build/results?buildId=103"
    );
    assert_eq!(builds[0]["OperationId"], crate::trace::operation_id(context.project_id, 103));
    assert_eq!(builds[0]["IsDeleted"], json!(false));
    let person = context.identities.stored("00000000-0000-4000-8000-000000000001").into_owned();
    assert_eq!(builds[0]["RequestedFor"], json!(person));
    let attempts = table(&rows.batches, "TimelineBuildAttempts");
    assert_eq!(
        (&attempts[0]["RetriedBy"], &attempts[1]["RetriedBy"]),
        (&json!(person), &json!(""))
    );
    let records = table(&rows.batches, "TimelineRecords");
    for record in &records {
        let id = record["RecordId"].as_str().unwrap();
        assert_eq!(record["SpanId"], crate::trace::span_id(context.project_id, 103, id));
        assert_eq!(record["OperationId"], builds[0]["OperationId"]);
        assert_eq!(record["LastModified"], Value::Null);
        assert_eq!(record["CollectedAt"], "2027-01-15T08:00:00.0000000Z");
    }
    let results = table(&rows.batches, "TestResults");
    for result in &results {
        assert_eq!(result["Branch"], "refs/pull/17/merge");
        assert_eq!(result["IsPullRequest"], json!(true));
        assert_eq!(result["Fingerprint"].as_str().unwrap().len(), 16);
    }
    assert_eq!(results[0]["FailingSince"], "2026-11-20T09:59:52.0000000Z");
    assert_eq!(table(&rows.batches, "TestRuns")[0]["PhaseName"], "unit");
}
