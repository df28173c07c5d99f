//! `TimelineLogErrors`: error lines of logs beyond the ten errors the service keeps per record
//! (spec azure-devops.md §2.3, §4.6).
//!
//! An error the service keeps stands in the log as well: for each stored issue one line of its text
//! is left out. What has the fingerprint of an issue of its record has the service's category of
//! that issue too, so that one error is not two. At most [`MAX_LINES`] lines of a log and
//! [`MAX_TEXT`] bytes of an error are kept, and what was left out is said.

use std::collections::HashMap;

use model::Batch;
use model::tables::pipelines::TIMELINE_LOG_ERRORS;

use super::issues::task_name;
use super::writer::Rows;
use super::{CollectedBuild, CollectedLog, Context, RowsError};
use crate::attempts::Merged;
use crate::category::Subject;
use crate::wire::LogLine;

/// Error lines kept of one log.
pub const MAX_LINES: usize = 500;

/// Bytes kept of one error.
pub const MAX_TEXT: usize = 8 << 10;

/// What an error line begins with after its time.
const MARK: &str = "##[error]";

pub(super) fn of(
    collected: &CollectedBuild,
    records: &[Merged],
    definition: &str,
    context: &Context,
) -> Result<Option<Batch>, RowsError> {
    let mut rows = Rows::new(&TIMELINE_LOG_ERRORS, collected.logs.len());
    if collected.logs.is_empty() {
        return rows.finish();
    }
    let by_id: HashMap<&str, &Merged> =
        records.iter().map(|merged| (merged.record.id.as_str(), merged)).collect();
    for log in &collected.logs {
        let merged = by_id.get(log.record_id.as_str()).copied();
        let mut stored = merged.map(stored_errors).unwrap_or_default();
        let known = merged.map(|merged| categories(merged, context)).unwrap_or_default();
        let record = Record { merged, known, definition };
        let mut dropped = 0_usize;
        let mut kept = 0_usize;
        let mut last = None;
        for error in errors(log) {
            if let Some(left) = stored.get_mut(first_line(&error.text))
                && *left > 0
            {
                *left -= 1;
                continue;
            }
            if kept == MAX_LINES {
                dropped += 1;
                last = Some((error.line, error.time));
                continue;
            }
            kept += 1;
            row(&mut rows, collected.build.id, log, &error, &record, context);
        }
        if let Some((line, time)) = last {
            let text = format!("{dropped} more error lines of this log are not kept");
            let error = ErrorLine { line, time, text };
            row(&mut rows, collected.build.id, log, &error, &record, context);
        }
    }
    rows.finish()
}

/// How often each first line stands among the errors the service keeps.
fn stored_errors<'a>(merged: &Merged<'a>) -> HashMap<&'a str, usize> {
    let mut stored = HashMap::new();
    for issue in merged.record.issues.iter().filter(|issue| issue.kind == "error") {
        *stored.entry(first_line(&issue.message)).or_default() += 1;
    }
    stored
}

/// The service's category of each fingerprint among the errors the service keeps.
fn categories<'a>(merged: &Merged<'a>, context: &Context) -> HashMap<String, &'a str> {
    let errors = merged.record.issues.iter().filter(|issue| issue.kind == "error");
    errors
        .map(|issue| (context.categories.fingerprint(&issue.message), issue.category.as_str()))
        .collect()
}

/// What is known of the record a log belongs to.
struct Record<'a> {
    merged: Option<&'a Merged<'a>>,
    /// The service's category by fingerprint.
    known: HashMap<String, &'a str>,
    definition: &'a str,
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or("").trim_end()
}

fn row(
    rows: &mut Rows,
    build: i64,
    log: &CollectedLog,
    error: &ErrorLine,
    record: &Record,
    context: &Context,
) {
    let fingerprint = context.categories.fingerprint(&error.text);
    let subject = Subject {
        message: &error.text,
        service_category: record.known.get(&fingerprint).copied().unwrap_or(""),
        definition: record.definition,
        task: record.merged.map_or("", task_name),
        kind: "error",
        alone: false,
    };
    let bucket = context.categories.bucket(&subject);
    rows.text(context.organization)
        .text(context.project)
        .long(build)
        .text(&log.record_id)
        .long(log.log_id)
        .long(error.line)
        .maybe(error.time)
        .text(&error.text)
        .text(&bucket.name)
        .text(bucket.source.name())
        .text(&fingerprint)
        .long(context.collected_at)
        .end();
}

/// An error of a log.
#[derive(Debug, PartialEq, Eq)]
struct ErrorLine {
    line: i64,
    time: Option<i64>,
    text: String,
}

/// The errors of a log. A message of several lines has a time on its first line only, so lines
/// without a time belong to the error before them.
fn errors(log: &CollectedLog) -> impl Iterator<Item = ErrorLine> {
    let mut lines = (log.first_line..).zip(log.text.split('\n')).peekable();
    std::iter::from_fn(move || {
        loop {
            let (line, text) = lines.next()?;
            let read = LogLine::read(text);
            let Some(message) = read.text.strip_prefix(MARK) else { continue };
            let mut error = ErrorLine { line, time: read.time, text: String::new() };
            push(&mut error.text, message);
            while read.time.is_some()
                && let Some((_, text)) =
                    lines.next_if(|(_, text)| LogLine::read(text).time.is_none())
            {
                push(&mut error.text, "\n");
                push(&mut error.text, text.trim_end_matches('\r'));
            }
            error.text.truncate(error.text.trim_end().len());
            return Some(error);
        }
    })
}

/// Appends what fits; what does not is announced once at the end.
fn push(text: &mut String, more: &str) {
    const CUT: &str = " … (cut)";
    if text.ends_with(CUT) {
        return;
    }
    if text.len() + more.len() <= MAX_TEXT {
        text.push_str(more);
        return;
    }
    let mut room = MAX_TEXT.saturating_sub(text.len());
    while !more.is_char_boundary(room) {
        room -= 1;
    }
    text.push_str(more.get(..room).unwrap_or(""));
    text.push_str(CUT);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(i64, String)> {
        let log = CollectedLog { first_line: 1, text: text.to_owned(), ..CollectedLog::default() };
        errors(&log).map(|error| (error.line, error.text)).collect()
    }

    const AT: &str = "2026-11-20T09:59:52.1234567Z";

    #[test]
    fn a_message_of_several_lines_is_one_error() {
        let log = format!(
            "{AT} ##[section]x\r\n{AT} ##[error]one\r\n  two\r\n\r\n{AT} three\n{AT} ##[error]four"
        );
        let want = [(2, "one\n  two".to_owned()), (6, "four".to_owned())];
        assert_eq!(read(&log), want);
    }

    #[test]
    fn without_times_each_line_is_an_error_of_its_own() {
        let want = [(1, "one".to_owned()), (3, "two".to_owned())];
        assert_eq!(read("##[error]one\nnot an error\n##[error]two\n"), want);
        assert_eq!(read("not ##[error] at the start"), []);
    }

    #[test]
    fn a_long_error_is_cut_and_says_so() {
        let log = format!("{AT} ##[error]{}\n{}", "ä".repeat(MAX_TEXT), "more\n".repeat(9));
        let errors = read(&log);
        assert_eq!(errors.len(), 1);
        assert!(errors[0].1.ends_with("ä … (cut)"));
        assert!(errors[0].1.len() <= MAX_TEXT + 12);
    }
}
