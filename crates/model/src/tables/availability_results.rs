//! `availabilityResults` and `AppAvailabilityResults`: results of availability tests (spec
//! ingestion.md §10).

use super::shared::{
    DIMENSIONS, ID, ItemTypePlace, MEASUREMENTS, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 36] = with_tail([
    TIMESTAMP,
    ID,
    ColumnDef::new("name", Type::String),
    ColumnDef::new("location", Type::String),
    ColumnDef::new("success", Type::String),
    ColumnDef::new("message", Type::String),
    ColumnDef::new("size", Type::String),
    ColumnDef::new("duration", Type::Real),
    ColumnDef::new("performanceBucket", Type::String),
    DIMENSIONS,
    MEASUREMENTS,
]);

/// The stored table `availabilityResults`.
pub static AVAILABILITY_RESULTS: TableDef =
    TableDef { name: "availabilityResults", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &AVAILABILITY_RESULTS,
        item_type: "availabilityResult",
        place: ItemTypePlace::BeforeDimensions,
        doc: "Results of availability tests",
        workspace: "AppAvailabilityResults",
        workspace_columns: vec![
            ("Id", Type::String, Source::Column("id")),
            ("Name", Type::String, Source::Column("name")),
            ("Location", Type::String, Source::Column("location")),
            ("Success", Type::Bool, Source::BoolOf("success")),
            ("Message", Type::String, Source::Column("message")),
            ("Size", Type::String, Source::Column("size")),
            ("DurationMs", Type::Real, Source::Column("duration")),
            ("PerformanceBucket", Type::String, Source::Column("performanceBucket")),
        ],
        has_measurements: true,
    })
}
