//! `TestResults`: results of tests (spec azure-devops.md §4.6).

use super::{BUILD_KEY, view};
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 22] = [
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    ColumnDef::new("RunId", Type::Long),
    ColumnDef::new("ResultId", Type::Long),
    ColumnDef::new("TestName", Type::String),
    ColumnDef::new("TestStorage", Type::String),
    ColumnDef::new("TestCaseReferenceId", Type::Long),
    ColumnDef::new("Outcome", Type::String),
    ColumnDef::new("Attempt", Type::Long),
    ColumnDef::new("DurationMs", Type::Real),
    ColumnDef::new("Tries", Type::Long),
    ColumnDef::new("StartTime", Type::DateTime),
    ColumnDef::new("FinishTime", Type::DateTime),
    ColumnDef::new("Computer", Type::String),
    ColumnDef::new("ErrorMessage", Type::String),
    ColumnDef::new("StackTrace", Type::String),
    ColumnDef::new("FailingSince", Type::DateTime),
    ColumnDef::with_role("Fingerprint", Type::String, ColumnRole::Id),
    ColumnDef::new("Branch", Type::String),
    ColumnDef::new("IsPullRequest", Type::Bool),
    ColumnDef::with_role("CollectedAt", Type::DateTime, ColumnRole::Time),
];

/// The stored table `TestResults`.
pub static TEST_RESULTS: TableDef =
    TableDef { name: "TestResults", columns: &COLUMNS, key: &BUILD_KEY };

pub(super) fn shown() -> ViewDef {
    view(&TEST_RESULTS, "StartTime", "Results of tests")
}
