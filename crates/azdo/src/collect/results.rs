//! Test runs of a build and their results, within limits that are told when they are met.

use super::Collector;
use super::failure::Failure;
use super::run::Tally;
use super::sink::Sink;
use crate::client::{Budget, Transport};
use crate::rows::{CollectedRun, Tests, is_rerun};
use crate::wire;

/// Outcomes of tests that are kept when only failed ones are.
const FAILED: [&str; 4] = ["Failed", "Aborted", "Timeout", "Error"];
/// Most runs and results of one build, and most bytes of them: they are in memory together.
const ITEMS_MAX: usize = 200_000;
const BYTES_MAX: u64 = 128 << 20;

impl<T: Transport, S: Sink> Collector<T, S> {
    pub(super) fn runs(
        &self,
        project: &str,
        build: i64,
        tests: Tests,
        tally: &Tally,
    ) -> Result<Vec<CollectedRun>, Failure> {
        let mut budget = Budget::new(ITEMS_MAX, BYTES_MAX);
        let runs = self.client.test_runs(project, build, &mut budget)?;
        let collect = |run: wire::TestRun| {
            let results = self.results(project, &run, tests, &mut budget)?;
            Ok(CollectedRun { run, results })
        };
        let runs: Result<_, Failure> = runs.into_iter().map(collect).collect();
        if budget.is_spent {
            tally.note(format!(
                "build {build} has more than the {ITEMS_MAX} runs and results of tests, or \
                 {BYTES_MAX} bytes of them, that are read of a build"
            ));
        }
        runs
    }

    /// The results that are kept of a run; no request when its counts say that there are none.
    fn results(
        &self,
        project: &str,
        run: &wire::TestRun,
        tests: Tests,
        budget: &mut Budget,
    ) -> Result<Vec<wire::TestCaseResult>, Failure> {
        let statistics = &run.run_statistics;
        let has = |test: &dyn Fn(&wire::test::RunStatistic) -> bool| {
            statistics.iter().any(|s| s.count != Some(0) && test(s))
        };
        let has_reruns = has(&|s| !s.result_metadata.is_empty());
        let has_failed = match statistics.is_empty() {
            true => run.unanalyzed_tests != Some(0) || run.passed_tests != run.total_tests,
            false => has(&|s| FAILED.contains(&s.outcome.as_str())),
        };
        let mut ask = |outcomes: &str, detailed: bool| {
            self.client.test_results(project, run.id, outcomes, detailed, budget)
        };
        match tests {
            Tests::Summary => Ok(Vec::new()),
            Tests::All => Ok(ask("", has_reruns)?),
            Tests::Failed => {
                let mut results = Vec::new();
                if has_failed {
                    results = ask(&FAILED.join(","), true)?;
                }
                if has_reruns {
                    let mut passed = ask("Passed", true)?;
                    passed.retain(|result| {
                        is_rerun(result) && !results.iter().any(|known| known.id == result.id)
                    });
                    results.extend(passed);
                }
                Ok(results)
            }
        }
    }
}
