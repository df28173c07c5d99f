//! `exceptions` and `AppExceptions`: exceptions with their types, messages and stacks (spec
//! ingestion.md §10).

use super::shared::{
    DIMENSIONS, ItemTypePlace, MEASUREMENTS, TIMESTAMP, Views, views as shared_views, with_tail,
};
use crate::table::{ColumnDef, Source, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 44] = with_tail([
    TIMESTAMP,
    ColumnDef::new("problemId", Type::String),
    ColumnDef::new("handledAt", Type::String),
    ColumnDef::new("type", Type::String),
    ColumnDef::new("message", Type::String),
    ColumnDef::new("assembly", Type::String),
    ColumnDef::new("method", Type::String),
    ColumnDef::new("outerType", Type::String),
    ColumnDef::new("outerMessage", Type::String),
    ColumnDef::new("outerAssembly", Type::String),
    ColumnDef::new("outerMethod", Type::String),
    ColumnDef::new("innermostType", Type::String),
    ColumnDef::new("innermostMessage", Type::String),
    ColumnDef::new("innermostAssembly", Type::String),
    ColumnDef::new("innermostMethod", Type::String),
    ColumnDef::new("severityLevel", Type::Int),
    ColumnDef::new("details", Type::Dynamic),
    DIMENSIONS,
    MEASUREMENTS,
]);

/// The stored table `exceptions`.
pub static EXCEPTIONS: TableDef = TableDef { name: "exceptions", columns: &COLUMNS, key: &[] };

pub(super) fn views() -> Vec<ViewDef> {
    shared_views(Views {
        table: &EXCEPTIONS,
        item_type: "exception",
        place: ItemTypePlace::BeforeDimensions,
        doc: "Exceptions with their types, messages and stacks",
        workspace: "AppExceptions",
        workspace_columns: vec![
            ("ProblemId", Type::String, Source::Column("problemId")),
            ("HandledAt", Type::String, Source::Column("handledAt")),
            ("ExceptionType", Type::String, Source::Column("type")),
            ("Message", Type::String, Source::Column("message")),
            ("Assembly", Type::String, Source::Column("assembly")),
            ("Method", Type::String, Source::Column("method")),
            ("OuterType", Type::String, Source::Column("outerType")),
            ("OuterMessage", Type::String, Source::Column("outerMessage")),
            ("OuterAssembly", Type::String, Source::Column("outerAssembly")),
            ("OuterMethod", Type::String, Source::Column("outerMethod")),
            ("InnermostType", Type::String, Source::Column("innermostType")),
            ("InnermostMessage", Type::String, Source::Column("innermostMessage")),
            ("InnermostAssembly", Type::String, Source::Column("innermostAssembly")),
            ("InnermostMethod", Type::String, Source::Column("innermostMethod")),
            ("SeverityLevel", Type::Int, Source::Column("severityLevel")),
            ("Details", Type::Dynamic, Source::Column("details")),
        ],
        has_measurements: true,
    })
}
