//! `TestRuns`: runs of tests with their counts (spec azure-devops.md §2.4, §4.6).

use model::Batch;
use model::tables::pipelines::TEST_RUNS;

use super::test_results::{FAILED, passed_on_rerun};
use super::writer::Rows;
use super::{CollectedRun, Context, RowsError, Tests};
use crate::wire::TestRun;

/// Outcomes of tests that did not run.
const NOT_EXECUTED: [&str; 4] = ["NotExecuted", "NotApplicable", "NotImpacted", "Blocked"];

pub(super) fn of(
    build: i64,
    runs: &[CollectedRun],
    context: &Context,
) -> Result<Option<Batch>, RowsError> {
    let mut rows = Rows::new(&TEST_RUNS, runs.len());
    for collected in runs {
        let run = &collected.run;
        let place = &run.pipeline_reference;
        rows.text(context.organization)
            .text(context.project)
            .long(build)
            .long(run.id)
            .text(&run.name)
            .text(&place.stage_reference.stage_name)
            .text(&place.phase_reference.phase_name)
            .text(&place.job_reference.job_name)
            .long(attempt(run))
            .text(&run.state)
            .maybe(run.started_date)
            .maybe(run.completed_date)
            .maybe(run.total_tests)
            .maybe(run.passed_tests.or_else(|| counted(run, &["Passed"])))
            .maybe(counted(run, &FAILED).or(run.unanalyzed_tests))
            .maybe(reruns(collected, context.tests))
            .maybe(counted(run, &NOT_EXECUTED).or(run.not_applicable_tests))
            .text(&run.build_configuration.flavor)
            .text(&run.build_configuration.platform)
            .long(context.collected_at)
            .end();
    }
    rows.finish()
}

/// The attempt of the job that published the run.
pub(super) fn attempt(run: &TestRun) -> i64 {
    run.pipeline_reference.job_reference.attempt.unwrap_or(1)
}

/// How many tests have one of `outcomes`; none when the service gave no statistics. They are more
/// exact than the counts of the run, whose `unanalyzedTests` holds tests that were not run as well.
fn counted(run: &TestRun, outcomes: &[&str]) -> Option<i64> {
    if run.run_statistics.is_empty() {
        return None;
    }
    let counts = run.run_statistics.iter().filter(|s| outcomes.contains(&s.outcome.as_str()));
    Some(counts.filter_map(|statistic| statistic.count).fold(0, i64::saturating_add))
}

/// How many tests passed on a rerun: counted when results were asked for, since the statistics put
/// all tests of a run with reruns under the same mark.
fn reruns(collected: &CollectedRun, tests: Tests) -> Option<i64> {
    if tests != Tests::Summary {
        let passed = collected.results.iter().filter(|result| passed_on_rerun(result));
        return i64::try_from(passed.count()).ok();
    }
    let marked = collected.run.run_statistics.iter().filter(|statistic| {
        statistic.outcome == "Passed" && statistic.result_metadata.eq_ignore_ascii_case("rerun")
    });
    Some(marked.filter_map(|statistic| statistic.count).fold(0, i64::saturating_add))
}
