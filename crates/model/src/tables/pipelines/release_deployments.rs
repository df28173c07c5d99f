//! `ReleaseDeployments`: deployments of releases (spec azure-devops.md §4.6).

use super::view;
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 23] = [
    ColumnDef::new("Organization", Type::String),
    ColumnDef::new("Project", Type::String),
    ColumnDef::new("DeploymentId", Type::Long),
    ColumnDef::new("ReleaseId", Type::Long),
    ColumnDef::new("ReleaseName", Type::String),
    ColumnDef::new("DefinitionId", Type::String),
    ColumnDef::new("DefinitionName", Type::String),
    ColumnDef::new("EnvironmentId", Type::Long),
    ColumnDef::new("DefinitionEnvironmentId", Type::Long),
    ColumnDef::new("EnvironmentName", Type::String),
    ColumnDef::new("Attempt", Type::Long),
    ColumnDef::new("Reason", Type::String),
    ColumnDef::new("EnvironmentStatus", Type::String),
    ColumnDef::new("DeploymentStatus", Type::String),
    ColumnDef::new("OperationStatus", Type::String),
    ColumnDef::new("QueuedOn", Type::DateTime),
    ColumnDef::new("StartedOn", Type::DateTime),
    ColumnDef::new("CompletedOn", Type::DateTime),
    ColumnDef::new("TimeToDeploy", Type::TimeSpan),
    ColumnDef::new("Artifacts", Type::Dynamic),
    ColumnDef::new("SourceBranch", Type::String),
    ColumnDef::new("SourceVersion", Type::String),
    ColumnDef::with_role("CollectedAt", Type::DateTime, ColumnRole::Time),
];

/// The stored table `ReleaseDeployments`.
pub static RELEASE_DEPLOYMENTS: TableDef = TableDef {
    name: "ReleaseDeployments",
    columns: &COLUMNS,
    key: &["Organization", "Project", "DeploymentId"],
};

pub(super) fn shown() -> ViewDef {
    view(&RELEASE_DEPLOYMENTS, "QueuedOn", "Deployments of releases to environments")
}
