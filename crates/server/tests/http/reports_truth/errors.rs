//! Primary errors, their categories, what they blocked and what the service dropped: E1 to E5.

use std::collections::{BTreeMap, BTreeSet};

use scripted_azdo::truth::{DefinitionTruth, Failures, Truth};
use serde_json::{Value, json};

use super::check::Check;

pub fn check(check: &mut Check, truth: &Truth) {
    let all = || truth.definitions.iter().map(|one| &one.failures);
    check.has(all().any(|f| f.only_in_logs > 0), "errors only in logs");
    check.has(all().any(|f| f.dropped_errors > 0), "dropped errors");
    let categories: BTreeSet<&str> = all().flat_map(|f| f.categories.keys().copied()).collect();
    check.has(categories.len() >= 12, "twelve categories");
    primary(check, truth);
    shares(check, truth);
    check.by_definition(
        "UnknownShare",
        "Failed, UnknownShare",
        rows(truth, |f| vec![json!(f.failed), json!(f.unknown_share)]),
    );
    let report = check.report("UnknownErrors", "");
    let unknown = all().map(|f| of(f, "Unknown") + of(f, "NoError")).sum::<usize>();
    check.same(&format!("{report} | summarize sum(Builds)"), vec![vec![json!(unknown)]]);
    blocked(check, truth);
    check.by_definition(
        "IssueOverflow",
        "Overflow, Recovered",
        rows(truth, |f| vec![json!(f.dropped_errors), json!(f.dropped_errors)]),
    );
}

fn of(failures: &Failures, category: &str) -> usize {
    failures.categories.get(category).copied().unwrap_or(0)
}

fn rows(truth: &Truth, cells: impl Fn(&Failures) -> Vec<Value>) -> Vec<Vec<Value>> {
    let row = |one: &DefinitionTruth| {
        [vec![json!(one.project), json!(one.definition)], cells(&one.failures)].concat()
    };
    truth.definitions.iter().map(row).collect()
}

/// E1: by category, by what decided it, and those that only a log tells.
fn primary(check: &mut Check, truth: &Truth) {
    let report = check.report("PrimaryErrors", "");
    let want = truth.definitions.iter().flat_map(|one| {
        let counts = one.failures.categories.iter();
        counts.map(move |(category, n)| vec![json!(one.definition), json!(category), json!(n)])
    });
    check.same(&format!("{report} | summarize count() by Definition, Category"), want.collect());
    check.same(
        &format!(
            "{report} | summarize countif(Source == 'log'), countif(Source == 'validation'), \
             countif(Source == 'none') by Project, Definition"
        ),
        rows(truth, |f| {
            vec![json!(f.only_in_logs), json!(of(f, "ValidationResult")), json!(of(f, "NoError"))]
        }),
    );
}

/// E2 as shares of one pipeline, and over time.
fn shares(check: &mut Check, truth: &Truth) {
    let mut sums: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &truth.definitions {
        let share = |(category, n): (&&'static str, &usize)| {
            let share = *n as f64 / one.failures.failed as f64;
            vec![json!(category), json!(n), json!(share)]
        };
        let want = one.failures.categories.iter().map(share).collect();
        let argument = format!("definition = @\"{}\"", one.definition);
        let report = check.report("CategoryShare", &argument);
        check.same(&format!("{report} | project Category, Builds, Share"), want);
        for (category, n) in &one.failures.categories {
            *sums.entry(category).or_default() += n;
        }
    }
    let want = sums.into_iter().map(|(category, n)| vec![json!(category), json!(n)]).collect();
    let report = check.report("CategoryTrend", "");
    check.same(
        &format!(
            "{report} | where Period == startofday(Period) | summarize sum(Builds) by Category"
        ),
        want,
    );
}

/// E4: skipped stages are what the report counts, jobs lie inside of them.
fn blocked(check: &mut Check, truth: &Truth) {
    let report = check.report("BlockedFailures", "");
    let blocking = truth.definitions.iter().filter(|one| one.failures.blocked_stages > 0);
    let want = blocking.map(|one| vec![json!(one.definition), json!(one.failures.blocked_stages)]);
    check.same(&format!("{report} | summarize sum(Blocked) by Definition"), want.collect());
    let jobs = truth.definitions.iter().map(|one| one.failures.blocked_jobs).sum::<usize>();
    let failed = check.report("CompletedBuilds", "");
    check.same(
        &format!(
            "LatestRecords | where Type == 'Job' and Result == 'skipped' \
             | where BuildId in (({failed} | where IsFail | project BuildId)) | count"
        ),
        vec![vec![json!(jobs)]],
    );
}
