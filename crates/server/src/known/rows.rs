//! Known issues and what they explain → rows of their tables.

use model::tables::pipelines::{KNOWN_ISSUE_MATCHES, KNOWN_ISSUES};
use model::{Batch, BatchBuilder};

use super::Issue;
use super::find::Match;

/// The row of an issue as it is from `now` (nanoseconds since 1970) on.
///
/// # Errors
/// Internal.
pub fn issue_row(
    issue: &Issue,
    is_deleted: bool,
    now: i64,
) -> Result<Batch, arrow_schema::ArrowError> {
    let what = &issue.what;
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    let mut builder = BatchBuilder::new(&KNOWN_ISSUES);
    for (i, column) in KNOWN_ISSUES.columns.iter().enumerate() {
        let cell = builder.column(i);
        match column.name {
            "ModifiedDateTime" => cell.long(now),
            "Id" => cell.text(&issue.id),
            "Title" => cell.text(&what.title),
            "Url" => cell.text(&what.url),
            "Contains" => cell.text(&json(serde_json::to_string(&what.contains))),
            "Pattern" => cell.text(&what.pattern),
            "ExcludeLog" => cell.bool(what.exclude_log),
            "Scope" => cell.text(&json(serde_json::to_string(&what.scope))),
            "Domain" => cell.text(&what.domain),
            "Retry" => cell.bool(what.retry),
            "Created" => cell.long(issue.created),
            "Enabled" => cell.bool(issue.is_enabled()),
            "Revision" => cell.long(issue.revision),
            "IsDeleted" => cell.bool(is_deleted),
            "By" => cell.text(&issue.by),
            _ => match what.expires_ns() {
                Some(end) => cell.long(end),
                None => cell.null(),
            },
        }
    }
    builder.end_row();
    builder.finish()
}

/// The rows of what a revision of an issue explains, found at `now` (nanoseconds since 1970).
///
/// # Errors
/// Internal.
pub fn match_rows(
    id: &str,
    revision: i64,
    found: &[Match],
    now: i64,
) -> Result<Batch, arrow_schema::ArrowError> {
    let mut builder = BatchBuilder::with_capacity(&KNOWN_ISSUE_MATCHES, found.len());
    for found in found {
        for (i, column) in KNOWN_ISSUE_MATCHES.columns.iter().enumerate() {
            let cell = builder.column(i);
            match column.name {
                "IssueId" => cell.text(id),
                "IssueRevision" => cell.long(revision),
                "Organization" => cell.text(&found.organization),
                "Project" => cell.text(&found.project),
                "BuildId" => cell.long(found.build_id),
                "RecordId" => cell.text(&found.record_id),
                "Source" => cell.text(&found.source),
                "Text" => cell.text(&found.text),
                "Fingerprint" => cell.text(&found.fingerprint),
                "MatchedAt" => cell.long(now),
                _ => match found.line_number {
                    Some(number) => cell.long(number),
                    None => cell.null(),
                },
            }
        }
        builder.end_row();
    }
    builder.finish()
}
