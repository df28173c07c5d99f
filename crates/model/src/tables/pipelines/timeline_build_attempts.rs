//! `TimelineBuildAttempts`: attempts of builds (spec azure-devops.md §4.6).

use super::{BUILD_KEY, view};
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 11] = [
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    ColumnDef::new("Attempt", Type::Long),
    ColumnDef::new("StartTime", Type::DateTime),
    ColumnDef::new("FinishTime", Type::DateTime),
    ColumnDef::new("Jobs", Type::Long),
    ColumnDef::new("FailedJobs", Type::Long),
    ColumnDef::new("IsLast", Type::Bool),
    ColumnDef::new("RetriedBy", Type::String),
    ColumnDef::with_role("CollectedAt", Type::DateTime, ColumnRole::Time),
];

/// The stored table `TimelineBuildAttempts`.
pub static TIMELINE_BUILD_ATTEMPTS: TableDef =
    TableDef { name: "TimelineBuildAttempts", columns: &COLUMNS, key: &BUILD_KEY };

pub(super) fn shown() -> ViewDef {
    view(&TIMELINE_BUILD_ATTEMPTS, "", "Attempts of builds: the first run and every repetition")
}
