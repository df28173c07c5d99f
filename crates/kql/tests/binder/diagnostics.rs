//! Broken queries with the whole report each gets, judged as the person who wrote the query would.
//!
//! `ACCEPT=1` rewrites the reports; the diff is the review. Reports that do not help enough stand
//! in a list that may only shrink.

use std::collections::BTreeSet;

use crate::parser::{cases, corpus, read};

const FILE: &str = "diagnostics/broken.txt";

fn report(text: &str) -> Vec<String> {
    super::outcome(text).lines().map(str::to_owned).collect()
}

#[test]
fn broken_queries_are_reported_as_expected() {
    let file = read(FILE);
    let mut cases = cases::cases(&file);
    assert!(cases.len() >= 120, "{} cases", cases.len());
    if std::env::var_os("ACCEPT").is_some() {
        for case in &mut cases {
            case.expected = report(&case.text);
        }
        std::fs::write(corpus().join(FILE), cases::rewrite(&file, &cases)).expect("written");
        return;
    }
    for case in &cases {
        assert_eq!(report(&case.text), case.expected, "{}:\n{}", case.title, case.text);
        assert!(case.expected[0].starts_with("error "), "{} reports nothing", case.title);
    }
}

/// Reports that do not help enough yet: the list may only shrink.
const POOR_MAX: usize = 4;

#[test]
fn poor_reports_stand_in_a_list_that_only_shrinks() {
    let poor = read("diagnostics/poor.txt");
    let poor: Vec<&str> = poor.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    assert!(poor.len() <= POOR_MAX, "{} poor reports", poor.len());
    let file = read(FILE);
    let titles: BTreeSet<String> = cases::cases(&file).into_iter().map(|c| c.title).collect();
    for title in poor {
        assert!(titles.contains(title), "no broken query `{title}`");
    }
}

/// Codes whose findings need a text or a request no case file has: tested where they arise.
const ELSEWHERE: &[&str] = &[
    kql::codes::TOO_DEEP,
    kql::codes::TOO_LONG,
    kql::codes::NESTS_TOO_DEEP,
    kql::codes::TOO_LARGE,
    kql::codes::TOO_MANY_COLUMNS,
    kql::codes::TOO_MANY_LEGS,
    kql::codes::BAD_REGEX,
    kql::codes::ASSERTION_FAILED,
];

#[test]
fn every_code_has_a_case_that_reports_it() {
    let mut reported = String::new();
    for folder in ["binder", "parser", "diagnostics"] {
        for entry in std::fs::read_dir(corpus().join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            reported.push_str(&std::fs::read_to_string(path).expect("a case file"));
        }
    }
    let codes = kql::codes::SYNTAX.iter().chain(kql::codes::SEMANTIC);
    for (code, meaning) in codes {
        let is_reported = reported.contains(&format!("{code} at "));
        assert_ne!(is_reported, ELSEWHERE.contains(code), "{code}: {meaning}");
    }
}
