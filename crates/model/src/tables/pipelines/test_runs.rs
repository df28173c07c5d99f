//! `TestRuns`: test runs (spec azure-devops.md §4.6).

use super::{BUILD_KEY, view};
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 20] = [
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    ColumnDef::new("RunId", Type::Long),
    ColumnDef::new("RunName", Type::String),
    ColumnDef::new("StageName", Type::String),
    ColumnDef::new("PhaseName", Type::String),
    ColumnDef::new("JobName", Type::String),
    ColumnDef::new("Attempt", Type::Long),
    ColumnDef::new("State", Type::String),
    ColumnDef::new("StartTime", Type::DateTime),
    ColumnDef::new("FinishTime", Type::DateTime),
    ColumnDef::new("Total", Type::Long),
    ColumnDef::new("Passed", Type::Long),
    ColumnDef::new("Failed", Type::Long),
    ColumnDef::new("PassedOnRerun", Type::Long),
    ColumnDef::new("NotExecuted", Type::Long),
    ColumnDef::new("Flavor", Type::String),
    ColumnDef::new("Platform", Type::String),
    ColumnDef::with_role("CollectedAt", Type::DateTime, ColumnRole::Time),
];

/// The stored table `TestRuns`.
pub static TEST_RUNS: TableDef = TableDef { name: "TestRuns", columns: &COLUMNS, key: &BUILD_KEY };

pub(super) fn shown() -> ViewDef {
    view(&TEST_RUNS, "StartTime", "Test runs of builds with their counts")
}
