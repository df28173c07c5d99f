//! `TimelineIssues`: errors and warnings (spec azure-devops.md §4.6).

use super::{BUILD_KEY, view};
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 21] = [
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    ColumnDef::with_role("RecordId", Type::String, ColumnRole::Id),
    ColumnDef::new("TimelineId", Type::String),
    ColumnDef::new("Index", Type::Long),
    ColumnDef::new("Path", Type::String),
    ColumnDef::new("Type", Type::String),
    ColumnDef::new("Category", Type::String),
    ColumnDef::new("Bucket", Type::String),
    ColumnDef::new("BucketSource", Type::String),
    ColumnDef::new("Message", Type::String),
    ColumnDef::new("SourcePath", Type::String),
    ColumnDef::new("LineNumber", Type::Long),
    ColumnDef::new("ColumnNumber", Type::Long),
    ColumnDef::new("Code", Type::String),
    ColumnDef::new("LogFileLineNumber", Type::Long),
    ColumnDef::with_role("Fingerprint", Type::String, ColumnRole::Id),
    ColumnDef::new("EffectiveAttempt", Type::Long),
    ColumnDef::new("IsLatestAttempt", Type::Bool),
    ColumnDef::with_role("CollectedAt", Type::DateTime, ColumnRole::Time),
];

/// The stored table `TimelineIssues`.
pub static TIMELINE_ISSUES: TableDef =
    TableDef { name: "TimelineIssues", columns: &COLUMNS, key: &BUILD_KEY };

pub(super) fn shown() -> ViewDef {
    view(&TIMELINE_ISSUES, "", "Errors and warnings of records and of the validation of builds")
}
