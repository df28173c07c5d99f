//! `customEvents` and `AppEvents`: events an application names itself (spec ingestion.md §10).

use super::shared::{
    DIMENSIONS, ItemTypePlace, MEASUREMENTS, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 29] =
    with_tail([TIMESTAMP, ColumnDef::new("name", Type::String), DIMENSIONS, MEASUREMENTS]);

/// The stored table `customEvents`.
pub static CUSTOM_EVENTS: TableDef = TableDef { name: "customEvents", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &CUSTOM_EVENTS,
        item_type: "customEvent",
        place: ItemTypePlace::BeforeDimensions,
        doc: "Events an application names itself",
        workspace: "AppEvents",
        workspace_columns: vec![("Name", Type::String, Source::Column("name"))],
        has_measurements: true,
    })
}
