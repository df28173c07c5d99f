//! Pass rates (P1), first-attempt pass rates (P2), rescue rates (P3), masked failures (P4).

use serde::Serialize;

use super::{Done, share};

/// Rates of some builds, with the counts they are made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// Builds that passed or failed.
    pub builds: usize,
    /// Of these, those that passed.
    pub passed: usize,
    /// Of these, those whose first attempt had no failed, canceled or abandoned job.
    pub passed_at_first: usize,
    /// Builds of more than one attempt.
    pub several_attempts: usize,
    /// Of these, those that passed.
    pub rescued: usize,
    /// Builds that were canceled; no other figure counts them.
    pub canceled: usize,
    /// P1, from 0 to 1.
    pub pass_rate: f64,
    /// P2, from 0 to 1.
    pub first_attempt_pass_rate: f64,
    /// P3, from 0 to 1.
    pub rescue_rate: f64,
    /// P4, points.
    pub masked_points: f64,
}

pub(super) fn of(done: &[Done<'_>]) -> Rates {
    let count = |what: &dyn Fn(&Done<'_>) -> bool| done.iter().filter(|d| what(d)).count();
    let passed = count(&|d| d.passed());
    let builds = passed + count(&|d| d.failed());
    let passed_at_first = count(&|d| d.passed() && d.build.failure.is_none() && d.build.lost == 0);
    let several_attempts = count(&|d| d.effective() > 1);
    let rescued = count(&|d| d.effective() > 1 && d.passed());
    let (first, second) = (share(passed, builds), share(passed_at_first, builds));
    Rates {
        builds,
        passed,
        passed_at_first,
        several_attempts,
        rescued,
        canceled: count(&|d| d.result == "canceled"),
        pass_rate: first,
        first_attempt_pass_rate: second,
        rescue_rate: share(rescued, several_attempts),
        masked_points: 100.0 * (first - second),
    }
}
