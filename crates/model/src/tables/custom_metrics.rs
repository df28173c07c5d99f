//! `customMetrics` and `AppMetrics`: metric values and aggregates an application sends (spec
//! ingestion.md §10).

use super::shared::{
    DIMENSIONS, ItemTypePlace, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 34] = with_tail([
    TIMESTAMP,
    ColumnDef::new("name", Type::String),
    ColumnDef::new("value", Type::Real),
    ColumnDef::new("valueCount", Type::Int),
    ColumnDef::new("valueSum", Type::Real),
    ColumnDef::new("valueMin", Type::Real),
    ColumnDef::new("valueMax", Type::Real),
    ColumnDef::new("valueStdDev", Type::Real),
    DIMENSIONS,
]);

/// The stored table `customMetrics`.
pub static CUSTOM_METRICS: TableDef =
    TableDef { name: "customMetrics", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &CUSTOM_METRICS,
        item_type: "customMetric",
        place: ItemTypePlace::TailWithoutCount,
        doc: "Metric values and aggregates an application sends",
        workspace: "AppMetrics",
        workspace_columns: vec![
            ("Name", Type::String, Source::Column("name")),
            ("Sum", Type::Real, Source::Column("valueSum")),
            ("Min", Type::Real, Source::Column("valueMin")),
            ("Max", Type::Real, Source::Column("valueMax")),
            ("ItemCount", Type::Int, Source::Column("valueCount")),
        ],
        has_measurements: false,
    })
}
