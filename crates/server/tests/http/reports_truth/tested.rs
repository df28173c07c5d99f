//! Tests that passed when they were run again.

use scripted_azdo::truth::{TestTruth, Truth};
use serde_json::json;

use super::check::Check;

pub fn check(check: &mut Check, truth: &Truth) {
    assert!(truth.tests.iter().any(|test| test.passed_on_rerun > 0));
    assert!(truth.tests.iter().any(|test| test.passed_on_retry > 0));
    let has_evidence = |test: &&TestTruth| test.passed_on_rerun + test.passed_on_retry > 0;
    let want = truth
        .tests
        .iter()
        .filter(has_evidence)
        .map(|test| vec![json!(test.storage), json!(test.name), json!(test.passed_on_retry)]);
    let report = check.report("FlakyEvidence", "");
    check.same(&format!("{report} | project TestStorage, TestName, Retries"), want.collect());
}
