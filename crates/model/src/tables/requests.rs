//! `requests` and `AppRequests`: requests a service handled, or work a task did (spec ingestion.md
//! §10).

use super::shared::{
    DIMENSIONS, ID, ItemTypePlace, MEASUREMENTS, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 36] = with_tail([
    TIMESTAMP,
    ID,
    ColumnDef::new("source", Type::String),
    ColumnDef::new("name", Type::String),
    ColumnDef::new("url", Type::String),
    ColumnDef::new("success", Type::String),
    ColumnDef::new("resultCode", Type::String),
    ColumnDef::new("duration", Type::Real),
    ColumnDef::new("performanceBucket", Type::String),
    DIMENSIONS,
    MEASUREMENTS,
]);

/// The stored table `requests`.
pub static REQUESTS: TableDef = TableDef { name: "requests", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &REQUESTS,
        item_type: "request",
        place: ItemTypePlace::BeforeDimensions,
        doc: "Requests a service handled, or work a task did",
        workspace: "AppRequests",
        workspace_columns: vec![
            ("Id", Type::String, Source::Column("id")),
            ("Source", Type::String, Source::Column("source")),
            ("Name", Type::String, Source::Column("name")),
            ("Url", Type::String, Source::Column("url")),
            ("Success", Type::Bool, Source::BoolOf("success")),
            ("ResultCode", Type::String, Source::Column("resultCode")),
            ("DurationMs", Type::Real, Source::Column("duration")),
            ("PerformanceBucket", Type::String, Source::Column("performanceBucket")),
        ],
        has_measurements: true,
    })
}
