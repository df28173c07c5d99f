//! `performanceCounters` and `AppPerformanceCounters`: performance counters of process and machine
//! (spec ingestion.md §10).

use super::shared::{
    DIMENSIONS, ItemTypePlace, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 32] = with_tail([
    TIMESTAMP,
    ColumnDef::new("name", Type::String),
    ColumnDef::new("category", Type::String),
    ColumnDef::new("counter", Type::String),
    ColumnDef::new("instance", Type::String),
    ColumnDef::new("value", Type::Real),
    DIMENSIONS,
]);

/// The stored table `performanceCounters`.
pub static PERFORMANCE_COUNTERS: TableDef =
    TableDef { name: "performanceCounters", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &PERFORMANCE_COUNTERS,
        item_type: "performanceCounter",
        place: ItemTypePlace::TailWithoutCount,
        doc: "Performance counters of process and machine",
        workspace: "AppPerformanceCounters",
        workspace_columns: vec![
            ("Name", Type::String, Source::Column("name")),
            ("Category", Type::String, Source::Column("category")),
            ("Counter", Type::String, Source::Column("counter")),
            ("Instance", Type::String, Source::Column("instance")),
            ("Value", Type::Real, Source::Column("value")),
        ],
        has_measurements: false,
    })
}
