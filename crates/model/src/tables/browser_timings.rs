//! `browserTimings` and `AppBrowserTimings`: load times of pages in a browser (spec ingestion.md
//! §10).

use super::shared::{
    DIMENSIONS, ItemTypePlace, MEASUREMENTS, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 36] = with_tail([
    TIMESTAMP,
    ColumnDef::new("name", Type::String),
    ColumnDef::new("url", Type::String),
    ColumnDef::new("networkDuration", Type::Real),
    ColumnDef::new("sendDuration", Type::Real),
    ColumnDef::new("receiveDuration", Type::Real),
    ColumnDef::new("processingDuration", Type::Real),
    ColumnDef::new("totalDuration", Type::Real),
    ColumnDef::new("performanceBucket", Type::String),
    DIMENSIONS,
    MEASUREMENTS,
]);

/// The stored table `browserTimings`.
pub static BROWSER_TIMINGS: TableDef =
    TableDef { name: "browserTimings", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &BROWSER_TIMINGS,
        item_type: "browserTiming",
        place: ItemTypePlace::TailWithCount,
        doc: "Load times of pages in a browser",
        workspace: "AppBrowserTimings",
        workspace_columns: vec![
            ("Name", Type::String, Source::Column("name")),
            ("Url", Type::String, Source::Column("url")),
            ("NetworkDurationMs", Type::Real, Source::Column("networkDuration")),
            ("SendDurationMs", Type::Real, Source::Column("sendDuration")),
            ("ReceiveDurationMs", Type::Real, Source::Column("receiveDuration")),
            ("ProcessingDurationMs", Type::Real, Source::Column("processingDuration")),
            ("TotalDurationMs", Type::Real, Source::Column("totalDuration")),
            ("PerformanceBucket", Type::String, Source::Column("performanceBucket")),
        ],
        has_measurements: true,
    })
}
