//! `TimelineBuildAttempts`: the first run of a build and every repetition
//! (spec azure-devops.md §3 rule 4, §4.6).

use std::collections::BTreeMap;

use model::Batch;
use model::tables::pipelines::TIMELINE_BUILD_ATTEMPTS;

use super::writer::Rows;
use super::{CollectedBuild, Context, RowsError};
use crate::attempts::Merged;
use crate::wire::Timeline;

/// Results of jobs that count as failed.
const FAILED: [&str; 3] = ["failed", "canceled", "abandoned"];

#[derive(Default)]
struct Attempt<'a> {
    start: Option<i64>,
    finish: Option<i64>,
    jobs: i64,
    failed_jobs: i64,
    retried_by: &'a str,
}

/// The number of the last attempt.
pub(super) fn count(records: &[Merged]) -> i64 {
    records.iter().map(|record| record.effective_attempt).max().unwrap_or(1)
}

pub(super) fn of(
    collected: &CollectedBuild,
    records: &[Merged],
    context: &Context,
) -> Result<Option<Batch>, RowsError> {
    let mut attempts: BTreeMap<i64, Attempt> = BTreeMap::new();
    for merged in records {
        let record = merged.record;
        let attempt = attempts.entry(merged.effective_attempt).or_default();
        attempt.start = attempt.start.into_iter().chain(record.start_time).min();
        attempt.finish = attempt.finish.into_iter().chain(record.finish_time).max();
        if record.kind == "Job" {
            attempt.jobs += 1;
            attempt.failed_jobs += i64::from(FAILED.contains(&record.result.as_str()));
        }
    }
    if attempts.is_empty() {
        attempts.insert(1, Attempt::default());
    }
    for timeline in &collected.previous {
        if let Some((attempt, person)) = repeated(timeline, records)
            && let Some(attempt) = attempts.get_mut(&attempt)
        {
            attempt.retried_by = person;
        }
    }
    let last = attempts.keys().next_back().copied();
    let mut rows = Rows::new(&TIMELINE_BUILD_ATTEMPTS, attempts.len());
    for (number, attempt) in &attempts {
        rows.text(context.organization)
            .text(context.project)
            .long(collected.build.id)
            .long(*number)
            .maybe(attempt.start)
            .maybe(attempt.finish)
            .long(attempt.jobs)
            .long(attempt.failed_jobs)
            .bool(Some(*number) == last)
            .text(&context.identities.stored(attempt.retried_by))
            .long(context.collected_at)
            .end();
    }
    rows.finish()
}

/// The attempt that `timeline` is left of, and who had it repeated; none for the timelines that
/// lost machines leave behind, and when the service repeated it by itself.
fn repeated<'a>(timeline: &'a Timeline, records: &[Merged]) -> Option<(i64, &'a str)> {
    let full = timeline.records.iter().any(|record| record.parent_id.is_empty());
    if !full || timeline.last_changed_by.is_empty() || is_service(&timeline.last_changed_by) {
        return None;
    }
    let own = records.iter().filter(|record| record.timeline_id == timeline.id);
    Some((own.map(|record| record.effective_attempt).max()?, &timeline.last_changed_by))
}

/// Ids of the service's own parts: `00000002-0000-8888-8000-000000000000`.
fn is_service(id: &str) -> bool {
    id.ends_with("-0000-8888-8000-000000000000")
}
