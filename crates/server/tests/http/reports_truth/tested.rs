//! Tests: their counts, those that passed when they were run again, runs that are no test's fault.

use scripted_azdo::truth::{TestTruth, Truth};
use serde_json::{Value, json};

use super::check::Check;

pub fn check(check: &mut Check, truth: &Truth) {
    check.has(truth.tests.iter().any(|test| test.passed_on_rerun > 0), "passes on rerun");
    check.has(truth.tests.iter().any(|test| test.passed_on_retry > 0), "passes on retry");
    check.has(!truth.infrastructure_runs.is_empty(), "runs without a machine");
    let rows = |of: &dyn Fn(&TestTruth) -> bool, cells: &dyn Fn(&TestTruth) -> Vec<Value>| {
        let row =
            |test: &TestTruth| [vec![json!(test.storage), json!(test.name)], cells(test)].concat();
        truth.tests.iter().filter(|test| of(test)).map(row).collect::<Vec<_>>()
    };
    let report = check.report("FlakyEvidence", "");
    check.same(
        &format!("{report} | project TestStorage, TestName, Retries"),
        rows(&|test| test.passed_on_rerun + test.passed_on_retry > 0, &|test| {
            vec![json!(test.passed_on_retry)]
        }),
    );
    let report = check.report("TestResultsDaily", "");
    check.same(
        &format!(
            "{report} | summarize Runs = sum(PassCount + FailCount + PassOnRerunCount), \
             Failures = sum(FailCount), Reruns = sum(PassOnRerunCount) by TestStorage, TestName \
             | where Failures + Reruns > 0"
        ),
        rows(&|_| true, &|test| {
            vec![json!(test.runs), json!(test.failures), json!(test.passed_on_rerun)]
        }),
    );
    let report = check.report("InfrastructureRuns", "");
    let want = truth.infrastructure_runs.iter().map(|run| vec![json!(run.to_string())]);
    check.same(&format!("{report} | project tostring(RunId)"), want.collect());
}
