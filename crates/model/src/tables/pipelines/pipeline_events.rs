//! `PipelineEvents`: deliveries of service hooks (spec azure-devops.md §4.6).

use super::view;
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 15] = [
    ColumnDef::with_role("ReceivedAt", Type::DateTime, ColumnRole::Time),
    ColumnDef::new("CreatedDate", Type::DateTime),
    ColumnDef::new("KeyName", Type::String),
    ColumnDef::new("SubscriptionId", Type::String),
    ColumnDef::new("NotificationId", Type::Long),
    ColumnDef::with_role("EventId", Type::String, ColumnRole::Id),
    ColumnDef::new("EventType", Type::String),
    ColumnDef::new("PublisherId", Type::String),
    ColumnDef::new("ResourceVersion", Type::String),
    ColumnDef::new("ProjectId", Type::String),
    ColumnDef::new("BuildId", Type::Long),
    ColumnDef::new("ReleaseId", Type::Long),
    ColumnDef::new("Payload", Type::Dynamic),
    ColumnDef::new("Processed", Type::Bool),
    ColumnDef::new("Error", Type::String),
];

/// The stored table `PipelineEvents`.
pub static PIPELINE_EVENTS: TableDef =
    TableDef { name: "PipelineEvents", columns: &COLUMNS, key: &[] };

pub(super) fn shown() -> ViewDef {
    view(&PIPELINE_EVENTS, "ReceivedAt", "Deliveries of service hooks")
}
