//! `TimelineLogErrors`: error lines of logs (spec azure-devops.md §4.6).

use super::{BUILD_KEY, view};
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 12] = [
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    ColumnDef::with_role("RecordId", Type::String, ColumnRole::Id),
    ColumnDef::new("LogId", Type::Long),
    ColumnDef::new("LineNumber", Type::Long),
    ColumnDef::new("Time", Type::DateTime),
    ColumnDef::new("Text", Type::String),
    ColumnDef::new("Bucket", Type::String),
    ColumnDef::new("BucketSource", Type::String),
    ColumnDef::with_role("Fingerprint", Type::String, ColumnRole::Id),
    ColumnDef::with_role("CollectedAt", Type::DateTime, ColumnRole::Time),
];

/// The stored table `TimelineLogErrors`.
pub static TIMELINE_LOG_ERRORS: TableDef =
    TableDef { name: "TimelineLogErrors", columns: &COLUMNS, key: &BUILD_KEY };

pub(super) fn shown() -> ViewDef {
    view(&TIMELINE_LOG_ERRORS, "", "Error lines of logs beyond the issues the service keeps")
}
