//! `traces` and `AppTraces`: log lines (spec ingestion.md §10).

use super::shared::{
    DIMENSIONS, ItemTypePlace, MEASUREMENTS, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 30] = with_tail([
    TIMESTAMP,
    ColumnDef::new("message", Type::String),
    ColumnDef::new("severityLevel", Type::Int),
    DIMENSIONS,
    MEASUREMENTS,
]);

/// The stored table `traces`.
pub static TRACES: TableDef = TableDef { name: "traces", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &TRACES,
        item_type: "trace",
        place: ItemTypePlace::BeforeDimensions,
        doc: "Log lines",
        workspace: "AppTraces",
        workspace_columns: vec![
            ("Message", Type::String, Source::Column("message")),
            ("SeverityLevel", Type::Int, Source::Column("severityLevel")),
        ],
        has_measurements: true,
    })
}
