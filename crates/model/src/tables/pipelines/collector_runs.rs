//! `CollectorRuns`: passes of the collector (spec azure-devops.md §4.6).

use super::view;
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 15] = [
    ColumnDef::with_role("StartTime", Type::DateTime, ColumnRole::Time),
    ColumnDef::new("FinishTime", Type::DateTime),
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("Pass", Type::String),
    ColumnDef::new("Listed", Type::Long),
    ColumnDef::new("Fetched", Type::Long),
    ColumnDef::new("Unchanged", Type::Long),
    ColumnDef::new("Failed", Type::Long),
    ColumnDef::new("Pending", Type::Long),
    ColumnDef::new("Requests", Type::Long),
    ColumnDef::new("Bytes", Type::Long),
    ColumnDef::new("DelayedSeconds", Type::Real),
    ColumnDef::new("Cursor", Type::DateTime),
    ColumnDef::new("Error", Type::String),
];

/// The stored table `CollectorRuns`.
pub static COLLECTOR_RUNS: TableDef =
    TableDef { name: "CollectorRuns", columns: &COLUMNS, key: &[] };

pub(super) fn shown() -> ViewDef {
    view(&COLLECTOR_RUNS, "StartTime", "What each pass of the collector did")
}
