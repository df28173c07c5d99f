//! `dependencies` and `AppDependencies`: calls to something outside the process (spec ingestion.md
//! §10).

use super::shared::{
    DIMENSIONS, ID, ItemTypePlace, MEASUREMENTS, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 37] = with_tail([
    TIMESTAMP,
    ID,
    ColumnDef::new("target", Type::String),
    ColumnDef::new("type", Type::String),
    ColumnDef::new("name", Type::String),
    ColumnDef::new("data", Type::String),
    ColumnDef::new("success", Type::String),
    ColumnDef::new("resultCode", Type::String),
    ColumnDef::new("duration", Type::Real),
    ColumnDef::new("performanceBucket", Type::String),
    DIMENSIONS,
    MEASUREMENTS,
]);

/// The stored table `dependencies`.
pub static DEPENDENCIES: TableDef = TableDef { name: "dependencies", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &DEPENDENCIES,
        item_type: "dependency",
        place: ItemTypePlace::BeforeDimensions,
        doc: "Calls to something outside the process",
        workspace: "AppDependencies",
        workspace_columns: vec![
            ("Id", Type::String, Source::Column("id")),
            ("Target", Type::String, Source::Column("target")),
            ("DependencyType", Type::String, Source::Column("type")),
            ("Name", Type::String, Source::Column("name")),
            ("Data", Type::String, Source::Column("data")),
            ("Success", Type::Bool, Source::BoolOf("success")),
            ("ResultCode", Type::String, Source::Column("resultCode")),
            ("DurationMs", Type::Real, Source::Column("duration")),
            ("PerformanceBucket", Type::String, Source::Column("performanceBucket")),
        ],
        has_measurements: true,
    })
}
