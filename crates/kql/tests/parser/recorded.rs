//! Queries that the reference engine has answered: all of them are read.

use super::{assert_places_inside, assert_prints_back, assert_survives_cuts};

fn queries() -> Vec<(String, String)> {
    super::read("recorded-answers.jsonl")
        .lines()
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).expect("a record");
            let text = |name: &str| record[name].as_str().expect("a text").to_owned();
            (text("id"), text("query"))
        })
        .collect()
}

/// Queries over dates the implementation cannot represent.
const OUTSIDE_RANGE: [&str; 5] = [
    "fuzz/agent-datetime-timespan-0020",
    "fuzz/agent-datetime-timespan-0023-2",
    "fuzz/agent-datetime-timespan-0024-2",
    "fuzz/agent-datetime-timespan-0039-2",
    "fuzz/agent-null-and-edge-0027",
];

#[test]
fn every_recorded_query_is_read_without_findings() {
    let queries = queries();
    assert_eq!(queries.len(), 269);
    let mut failures = String::new();
    let mut outside = std::collections::BTreeSet::new();
    for (id, query) in &queries {
        for finding in kql::parse(query).diagnostics {
            if finding.code == kql::codes::MOMENT_OUT_OF_RANGE {
                outside.insert(id.as_str());
            } else {
                failures.push_str(&format!("{id}\n{}\n\n", finding.render(query)));
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(outside.into_iter().eq(OUTSIDE_RANGE));
}

#[test]
fn every_recorded_query_prints_back() {
    for (id, query) in queries() {
        let parsed = kql::parse(&query);
        assert_places_inside(&query, &parsed);
        if !OUTSIDE_RANGE.contains(&id.as_str()) {
            assert_prints_back(&query, &parsed);
        }
    }
}

#[test]
fn a_recorded_query_cut_off_is_read_without_a_panic() {
    for (_, query) in queries() {
        assert_survives_cuts(&query, 37);
    }
}
