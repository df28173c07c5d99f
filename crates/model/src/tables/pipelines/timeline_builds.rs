//! `TimelineBuilds`: the builds of an organisation (spec azure-devops.md §4.6).

use super::{BUILD_KEY, view};
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 34] = [
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("ProjectId", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    ColumnDef::new("BuildNumber", Type::String),
    ColumnDef::new("DefinitionId", Type::String),
    ColumnDef::new("Definition", Type::String),
    ColumnDef::new("Status", Type::String),
    ColumnDef::new("Result", Type::String),
    ColumnDef::new("Reason", Type::String),
    ColumnDef::new("Repository", Type::String),
    ColumnDef::new("RepositoryType", Type::String),
    ColumnDef::new("SourceBranch", Type::String),
    ColumnDef::new("TargetBranch", Type::String),
    ColumnDef::new("SourceVersion", Type::String),
    ColumnDef::new("PullRequestNumber", Type::Long),
    ColumnDef::new("QueueTime", Type::DateTime),
    ColumnDef::new("StartTime", Type::DateTime),
    ColumnDef::new("FinishTime", Type::DateTime),
    ColumnDef::new("QueueDuration", Type::TimeSpan),
    ColumnDef::new("Duration", Type::TimeSpan),
    ColumnDef::new("AttemptCount", Type::Long),
    ColumnDef::new("PoolName", Type::String),
    ColumnDef::new("IsHosted", Type::Bool),
    ColumnDef::new("Tags", Type::String),
    ColumnDef::new("Parameters", Type::String),
    ColumnDef::new("TriggeredByBuildId", Type::Long),
    ColumnDef::new("ValidationErrors", Type::Long),
    ColumnDef::new("HasTimeline", Type::Bool),
    ColumnDef::new("IsDeleted", Type::Bool),
    ColumnDef::new("RequestedFor", Type::String),
    ColumnDef::new("Url", Type::String),
    ColumnDef::with_role("OperationId", Type::String, ColumnRole::Id),
    ColumnDef::with_role("CollectedAt", Type::DateTime, ColumnRole::Time),
];

/// The stored table `TimelineBuilds`.
pub static TIMELINE_BUILDS: TableDef =
    TableDef { name: "TimelineBuilds", columns: &COLUMNS, key: &BUILD_KEY };

pub(super) fn shown() -> ViewDef {
    view(&TIMELINE_BUILDS, "QueueTime", "Builds, one row each")
}
