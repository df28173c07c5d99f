//! `TimelineIssuesTriage`: categories given later (spec azure-devops.md §4.6).

use super::view;
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 9] = [
    ColumnDef::with_role("ModifiedDateTime", Type::DateTime, ColumnRole::Time),
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    ColumnDef::with_role("RecordId", Type::String, ColumnRole::Id),
    ColumnDef::new("Index", Type::Long),
    ColumnDef::new("UpdatedCategory", Type::String),
    ColumnDef::new("Url", Type::String),
    ColumnDef::new("By", Type::String),
];

/// The stored table `TimelineIssuesTriage`.
pub static TIMELINE_ISSUES_TRIAGE: TableDef = TableDef {
    name: "TimelineIssuesTriage",
    columns: &COLUMNS,
    key: &["Organization", "BuildId", "RecordId", "Index"],
};

pub(super) fn shown() -> ViewDef {
    view(
        &TIMELINE_ISSUES_TRIAGE,
        "ModifiedDateTime",
        "Categories given to issues after they were collected",
    )
}
