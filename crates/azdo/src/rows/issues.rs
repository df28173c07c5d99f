//! `TimelineIssues`: errors and warnings of records and of the validation of a build
//! (spec azure-devops.md §4.6, §5).

use model::Batch;
use model::tables::pipelines::TIMELINE_ISSUES;

use super::writer::Rows;
use super::{CollectedBuild, Context, RowsError};
use crate::attempts::Merged;
use crate::category::{BucketSource, Subject, VALIDATION_RESULT};
use crate::wire::Issue;

/// What a rule's filter `task` is compared with.
pub(super) fn task_name<'a>(merged: &Merged<'a>) -> &'a str {
    let task = merged.record.task.as_ref().map(|task| task.name.as_str());
    task.filter(|name| !name.is_empty()).unwrap_or(&merged.record.name)
}

pub(super) fn of(
    collected: &CollectedBuild,
    records: &[Merged],
    definition: &str,
    context: &Context,
) -> Result<Option<Batch>, RowsError> {
    let count = records.iter().map(|merged| merged.record.issues.len()).sum::<usize>();
    let validation = collected.build.validation_results.len();
    let mut rows = Rows::new(&TIMELINE_ISSUES, count + validation);
    for merged in records {
        let issues = &merged.record.issues;
        let errors = issues.iter().filter(|issue| issue.kind == "error").count();
        for (index, issue) in (0..).zip(issues) {
            let subject = Subject {
                message: &issue.message,
                service_category: &issue.category,
                definition,
                task: task_name(merged),
                kind: &issue.kind,
                alone: issue.kind == "error" && errors == 1,
            };
            of_record(&mut rows, collected.build.id, merged, (index, issue), &subject, context);
        }
    }
    of_validation(&mut rows, collected, context);
    rows.finish()
}

fn of_record(
    rows: &mut Rows,
    build: i64,
    merged: &Merged,
    (index, issue): (i64, &Issue),
    subject: &Subject,
    context: &Context,
) {
    let bucket = context.categories.bucket(subject);
    let number = |name| issue.datum(name).and_then(|text| text.trim().parse().ok());
    rows.text(context.organization)
        .text(context.project)
        .long(build)
        .text(&merged.record.id)
        .text(merged.timeline_id)
        .long(index)
        .text(&format!("{}.{index:03}", merged.path))
        .text(&issue.kind)
        .text(&issue.category)
        .text(&bucket.name)
        .text(bucket.source.name())
        .text(&issue.message)
        .text(issue.datum("sourcepath").unwrap_or(""))
        .maybe(number("linenumber"))
        .maybe(number("columnnumber"))
        .text(issue.datum("code").unwrap_or(""))
        .maybe(number("logFileLineNumber"))
        .text(&context.categories.fingerprint(&issue.message))
        .long(merged.effective_attempt)
        .bool(merged.is_latest)
        .long(context.collected_at)
        .end();
}

/// What the service says about the definition belongs to no record.
fn of_validation(rows: &mut Rows, collected: &CollectedBuild, context: &Context) {
    for (index, result) in (0..).zip(&collected.build.validation_results) {
        rows.text(context.organization)
            .text(context.project)
            .long(collected.build.id)
            .text("")
            .text("")
            .long(index)
            .text("")
            .text(&result.result)
            .text(VALIDATION_RESULT)
            .text(VALIDATION_RESULT)
            .text(BucketSource::Validation.name())
            .text(&result.message)
            .text("")
            .maybe(None)
            .maybe(None)
            .text("")
            .maybe(None)
            .text(&context.categories.fingerprint(&result.message))
            .long(1)
            .bool(true)
            .long(context.collected_at)
            .end();
    }
}
