//! `TimelineRecords`: stages, phases, jobs, tasks and checkpoints, one row each
//! (spec azure-devops.md §3, §4.6).

use model::Batch;
use model::tables::pipelines::TIMELINE_RECORDS;

use super::image;
use super::writer::{Rows, between};
use super::{CollectedBuild, Context, RowsError};
use crate::attempts::Merged;
use crate::trace::Spans;
use crate::wire::timeline::{LogRef, TaskRef};

pub(super) fn of(
    collected: &CollectedBuild,
    records: &[Merged],
    context: &Context,
) -> Result<Option<Batch>, RowsError> {
    let build = collected.build.id;
    let images = image::of_jobs(&collected.logs, records);
    let operation = crate::trace::operation_id(context.project_id, build);
    let spans = Spans::of(context.project_id, build);
    let mut rows = Rows::new(&TIMELINE_RECORDS, records.len());
    for merged in records {
        let record = merged.record;
        let image = merged.job_at.and_then(|job| images.get(&job).copied()).unwrap_or("");
        let log = record.log.as_ref();
        let task = record.task.as_ref();
        let task_text = |field: fn(&TaskRef) -> &String| task.map_or("", |task| field(task));
        rows.text(context.organization)
            .text(context.project)
            .long(build)
            .text(&record.id)
            .text(merged.timeline_id)
            .text(&record.parent_id)
            .text(&record.kind)
            .text(&record.identifier)
            .text(&record.name)
            .maybe(record.order)
            .text(&merged.path)
            .long(record.attempt.unwrap_or(1))
            .long(merged.effective_attempt)
            .bool(merged.is_latest)
            .text(merged.stage)
            .text(merged.phase)
            .text(merged.job)
            .text(&record.state)
            .text(&record.result)
            .text(&record.result_code)
            .maybe(record.start_time)
            .maybe(record.finish_time)
            .maybe(between(record.start_time, record.finish_time))
            .maybe(record.change_id)
            .maybe(record.last_modified)
            .text(&record.worker_name)
            .maybe(record.queue_id)
            .text(image)
            .text(record.details.as_ref().map_or("", |details| &details.url))
            .maybe(record.error_count)
            .maybe(record.warning_count)
            .text(&record.url)
            .maybe(log.and_then(|log| log.id))
            .text(log.map_or("", |log: &LogRef| &log.url))
            .text(task_text(|task| &task.id))
            .text(task_text(|task| &task.name))
            .text(task_text(|task| &task.version))
            .text(&operation)
            .text(&spans.id(&record.id))
            .long(context.collected_at)
            .end();
    }
    rows.finish()
}
