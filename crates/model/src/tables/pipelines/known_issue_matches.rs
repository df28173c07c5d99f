//! `KnownIssueMatches`: errors of builds that known issues explain (spec ci-health.md §3.3).

use super::view;
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 11] = [
    ColumnDef::with_role("IssueId", Type::String, ColumnRole::Id),
    // Of `KnownIssues`, when it was matched; 0: a person said so, whatever the issue says.
    ColumnDef::new("IssueRevision", Type::Long),
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    // Empty for tests and for the validation of builds.
    ColumnDef::with_role("RecordId", Type::String, ColumnRole::Id),
    // `issue`, `log`, `test`, `validation`, or `manual`.
    ColumnDef::new("Source", Type::String),
    ColumnDef::new("LineNumber", Type::Long),
    ColumnDef::new("Text", Type::String),
    ColumnDef::with_role("Fingerprint", Type::String, ColumnRole::Id),
    ColumnDef::with_role("MatchedAt", Type::DateTime, ColumnRole::Time),
];

/// The stored table `KnownIssueMatches`. What an issue explains of a build is told together, so
/// that a build that is collected again replaces it.
pub static KNOWN_ISSUE_MATCHES: TableDef = TableDef {
    name: "KnownIssueMatches",
    columns: &COLUMNS,
    key: &["IssueId", "IssueRevision", "Organization", "BuildId"],
};

pub(super) fn shown() -> ViewDef {
    view(
        &KNOWN_ISSUE_MATCHES,
        "",
        "Errors that known issues explain; KnownIssueHits() are those that count",
    )
}
