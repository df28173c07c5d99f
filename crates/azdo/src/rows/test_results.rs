//! `TestResults`: results of single tests (spec azure-devops.md §2.4, §4.6).

use model::Batch;
use model::tables::pipelines::TEST_RESULTS;

use super::builds::is_pull_request;
use super::test_runs::attempt;
use super::writer::{Rows, branch};
use super::{CollectedRun, Context, RowsError, Tests};
use crate::wire::test::SubResult;
use crate::wire::{Build, TestCaseResult};

/// Outcomes that count as failed.
pub(super) const FAILED: [&str; 4] = ["Failed", "Aborted", "Timeout", "Error"];

/// What the outcome of a test is called that failed first and passed then.
pub const PASSED_ON_RERUN: &str = "PassedOnRerun";

pub(super) fn passed_on_rerun(result: &TestCaseResult) -> bool {
    is_rerun(result) && result.outcome == "Passed"
}

/// Whether a test was tried again.
pub fn is_rerun(result: &TestCaseResult) -> bool {
    result.result_group_type.eq_ignore_ascii_case("rerun")
}

pub(super) fn of(
    build: &Build,
    runs: &[CollectedRun],
    context: &Context,
) -> Result<Option<Batch>, RowsError> {
    let branch = branch(&build.source_branch);
    let is_pull_request = is_pull_request(build);
    let mut rows = Rows::new(&TEST_RESULTS, runs.iter().map(|run| run.results.len()).sum());
    for collected in runs {
        let attempt = attempt(&collected.run);
        for result in collected.results.iter().filter(|result| wanted(result, context.tests)) {
            let (message, stack) = failure(result);
            let fingerprint = match message {
                "" => String::new(),
                message => context.categories.fingerprint(message),
            };
            rows.text(context.organization)
                .text(context.project)
                .long(build.id)
                .long(collected.run.id)
                .long(result.id)
                .text(name(result))
                .text(&result.automated_test_storage)
                .maybe(result.test_case_reference_id)
                .text(if passed_on_rerun(result) { PASSED_ON_RERUN } else { &result.outcome })
                .long(attempt)
                .real(result.duration_in_ms)
                .maybe(tries(result))
                .maybe(result.started_date)
                .maybe(result.completed_date)
                .text(&result.computer_name)
                .text(message)
                .text(stack)
                .maybe(result.failing_since.as_ref().and_then(|since| since.date))
                .text(&fingerprint)
                .text(branch)
                .bool(is_pull_request)
                .long(context.collected_at)
                .end();
        }
    }
    rows.finish()
}

fn wanted(result: &TestCaseResult, tests: Tests) -> bool {
    match tests {
        Tests::Summary => false,
        Tests::Failed => FAILED.contains(&result.outcome.as_str()) || passed_on_rerun(result),
        Tests::All => true,
    }
}

fn name(result: &TestCaseResult) -> &str {
    let automated = result.automated_test_name.as_str();
    if automated.is_empty() { &result.test_case_title } else { automated }
}

/// How often the test ran; none when it was repeated and the service did not say how often.
fn tries(result: &TestCaseResult) -> Option<i64> {
    match (is_rerun(result), result.sub_results.len()) {
        (false, _) => Some(1),
        (true, 0) => None,
        (true, tries) => i64::try_from(tries).ok(),
    }
}

/// Message and stack of the result, else of its first part that has any: what a test that passed on
/// a rerun failed with.
fn failure(result: &TestCaseResult) -> (&str, &str) {
    if !result.error_message.is_empty() || !result.stack_trace.is_empty() {
        return (&result.error_message, &result.stack_trace);
    }
    let failed = |part: &&SubResult| !part.error_message.is_empty();
    match result.sub_results.iter().find(failed) {
        Some(part) => (&part.error_message, &part.stack_trace),
        None => ("", ""),
    }
}
