//! `KnownIssues`: causes of failures that people know, and how to recognise them (spec
//! ci-health.md §3.3).

use super::view;
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 16] = [
    ColumnDef::with_role("ModifiedDateTime", Type::DateTime, ColumnRole::Time),
    ColumnDef::with_role("Id", Type::String, ColumnRole::Id),
    ColumnDef::new("Title", Type::String),
    ColumnDef::new("Url", Type::String),
    // Texts, each within a line of its own, in this order; empty: the pattern counts.
    ColumnDef::new("Contains", Type::Dynamic),
    ColumnDef::new("Pattern", Type::String),
    ColumnDef::new("ExcludeLog", Type::Bool),
    // Lists of names: `projects`, `repositories`, `definitions`; a list that is missing admits all.
    ColumnDef::new("Scope", Type::Dynamic),
    ColumnDef::new("Domain", Type::String),
    ColumnDef::new("Retry", Type::Bool),
    ColumnDef::new("Created", Type::DateTime),
    ColumnDef::new("Expires", Type::DateTime),
    ColumnDef::new("Enabled", Type::Bool),
    // Rises when the issue means other errors than before: matches of earlier ones do not count.
    ColumnDef::new("Revision", Type::Long),
    ColumnDef::new("IsDeleted", Type::Bool),
    ColumnDef::new("By", Type::String),
];

/// The stored table `KnownIssues`.
pub static KNOWN_ISSUES: TableDef =
    TableDef { name: "KnownIssues", columns: &COLUMNS, key: &["Id"] };

pub(super) fn shown() -> ViewDef {
    view(&KNOWN_ISSUES, "", "Causes of failures that people know, and how errors are recognised")
}
