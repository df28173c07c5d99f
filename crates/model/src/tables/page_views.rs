//! `pageViews` and `AppPageViews`: pages shown in a browser (spec ingestion.md §10).

use super::shared::{
    DIMENSIONS, ID, ItemTypePlace, MEASUREMENTS, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 33] = with_tail([
    TIMESTAMP,
    ID,
    ColumnDef::new("name", Type::String),
    ColumnDef::new("url", Type::String),
    ColumnDef::new("duration", Type::Real),
    ColumnDef::new("performanceBucket", Type::String),
    DIMENSIONS,
    MEASUREMENTS,
]);

/// The stored table `pageViews`.
pub static PAGE_VIEWS: TableDef = TableDef { name: "pageViews", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &PAGE_VIEWS,
        item_type: "pageView",
        place: ItemTypePlace::BeforeDimensions,
        doc: "Pages shown in a browser",
        workspace: "AppPageViews",
        workspace_columns: vec![
            ("Id", Type::String, Source::Column("id")),
            ("Name", Type::String, Source::Column("name")),
            ("Url", Type::String, Source::Column("url")),
            ("DurationMs", Type::Real, Source::Column("duration")),
            ("PerformanceBucket", Type::String, Source::Column("performanceBucket")),
        ],
        has_measurements: true,
    })
}
