//! `TimelineRecords`: what a build was made of (spec azure-devops.md §4.6).

use super::{BUILD_KEY, view};
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 40] = [
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    ColumnDef::with_role("RecordId", Type::String, ColumnRole::Id),
    ColumnDef::new("TimelineId", Type::String),
    ColumnDef::new("ParentId", Type::String),
    ColumnDef::new("Type", Type::String),
    ColumnDef::new("Identifier", Type::String),
    ColumnDef::new("Name", Type::String),
    ColumnDef::new("Order", Type::Long),
    ColumnDef::new("Path", Type::String),
    ColumnDef::new("Attempt", Type::Long),
    ColumnDef::new("EffectiveAttempt", Type::Long),
    ColumnDef::new("IsLatestAttempt", Type::Bool),
    ColumnDef::new("StageName", Type::String),
    ColumnDef::new("PhaseName", Type::String),
    ColumnDef::new("JobName", Type::String),
    ColumnDef::new("State", Type::String),
    ColumnDef::new("Result", Type::String),
    ColumnDef::new("ResultCode", Type::String),
    ColumnDef::new("StartTime", Type::DateTime),
    ColumnDef::new("FinishTime", Type::DateTime),
    ColumnDef::new("Duration", Type::TimeSpan),
    ColumnDef::new("ChangeId", Type::Long),
    ColumnDef::new("LastModified", Type::DateTime),
    ColumnDef::new("WorkerName", Type::String),
    ColumnDef::new("QueueId", Type::Long),
    ColumnDef::new("ImageName", Type::String),
    ColumnDef::new("Details", Type::String),
    ColumnDef::new("ErrorCount", Type::Long),
    ColumnDef::new("WarningCount", Type::Long),
    ColumnDef::new("Url", Type::String),
    ColumnDef::new("LogId", Type::Long),
    ColumnDef::new("LogUri", Type::String),
    ColumnDef::new("TaskId", Type::String),
    ColumnDef::new("TaskName", Type::String),
    ColumnDef::new("TaskVersion", Type::String),
    ColumnDef::with_role("OperationId", Type::String, ColumnRole::Id),
    ColumnDef::with_role("SpanId", Type::String, ColumnRole::Id),
    ColumnDef::with_role("CollectedAt", Type::DateTime, ColumnRole::Time),
];

/// The stored table `TimelineRecords`.
pub static TIMELINE_RECORDS: TableDef =
    TableDef { name: "TimelineRecords", columns: &COLUMNS, key: &BUILD_KEY };

pub(super) fn shown() -> ViewDef {
    view(&TIMELINE_RECORDS, "", "Stages, phases, jobs, tasks and checkpoints of builds")
}
