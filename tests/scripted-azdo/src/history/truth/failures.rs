//! Primary errors (E1) by category (E2), the unknown share (E3), blocked work (E4), dropped errors
//! (E5).

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Done, share};
use crate::history::errors::Kind;
use crate::history::layout::SHARES;
use crate::history::plan::Story;
use crate::history::timeline::ISSUES_MAX;
use crate::history::world::World;

/// Why a pipeline's builds failed.
#[derive(Clone, Debug, Serialize)]
pub struct Failures {
    /// Failed builds.
    pub failed: usize,
    /// E2: failed builds by the category of their primary error.
    pub categories: BTreeMap<&'static str, usize>,
    /// The same by what decided the category: `marker`, `bare`, `rule`, `service`, `none`,
    /// `validation`.
    pub category_sources: BTreeMap<&'static str, usize>,
    /// Failed builds whose only error stands in a log: without logs they are `NoError`.
    pub only_in_logs: usize,
    /// E3, from 0 to 1.
    pub unknown_share: f64,
    /// E4: stages skipped.
    pub blocked_stages: usize,
    /// E4: jobs skipped.
    pub blocked_jobs: usize,
    /// E5: errors beyond the ten that the service keeps of a record.
    pub dropped_errors: usize,
}

pub(super) fn of(world: &World, done: &[Done<'_>]) -> Failures {
    let mut found = Failures {
        failed: 0,
        categories: BTreeMap::new(),
        category_sources: BTreeMap::new(),
        only_in_logs: 0,
        unknown_share: 0.0,
        blocked_stages: 0,
        blocked_jobs: 0,
        dropped_errors: 0,
    };
    for one in done {
        found.dropped_errors += dropped(one);
        if !one.failed() {
            continue;
        }
        found.failed += 1;
        let (category, source) = match one.build.failure {
            Some(failure) => (failure.kind.bucket(), failure.kind.bucket_source()),
            None if one.build.story == Story::Invalid => ("ValidationResult", "validation"),
            None => ("NoError", "none"),
        };
        *found.categories.entry(category).or_default() += 1;
        *found.category_sources.entry(source).or_default() += 1;
        let Some(failure) = one.build.failure else { continue };
        found.only_in_logs += usize::from(failure.kind == Kind::LogOnly);
        for stage in failure.kind.stage() + 1..SHARES.len() {
            found.blocked_stages += 1;
            found.blocked_jobs += world.layout.jobs(stage).len();
        }
    }
    let unknown = ["Unknown", "NoError"].iter().filter_map(|c| found.categories.get(c)).sum();
    found.unknown_share = share(unknown, found.failed);
    found
}

/// Attempts of a build that failed.
pub(super) fn failed_attempts(done: &Done<'_>) -> usize {
    (1..=done.attempts).filter(|attempt| done.build.fails_in(*attempt)).count()
}

/// Errors that the service did not keep.
pub(super) fn dropped(done: &Done<'_>) -> usize {
    let errors = match done.build.failure {
        Some(failure) if failure.kind == Kind::Flood => usize::from(failure.flood),
        _ => 0,
    };
    errors.saturating_sub(ISSUES_MAX) * failed_attempts(done)
}
