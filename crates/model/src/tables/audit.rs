//! `Audit`: who asked and changed what on this server. Written by the server alone, not by clients.
//!
//! Invariant: it stands in no list of views, so that wildcards never mean it and only callers who
//! may see it find it by its name.

use std::sync::LazyLock;

use crate::table::{ColumnDef, ColumnRole, Source, TableDef, ViewColumn, ViewDef, Vocabulary};
use crate::types::Type;

const COLUMNS: [ColumnDef; 11] = [
    ColumnDef::with_role("timestamp", Type::DateTime, ColumnRole::Time),
    ColumnDef::new("caller", Type::String),
    ColumnDef::new("keyId", Type::String),
    ColumnDef::new("action", Type::String),
    ColumnDef::new("target", Type::String),
    ColumnDef::new("status", Type::Int),
    ColumnDef::new("durationMs", Type::Real),
    ColumnDef::new("rows", Type::Long),
    // What the client calls its request (`x-ms-client-request-id`).
    ColumnDef::with_role("requestId", Type::String, ColumnRole::Id),
    // The text without its literals.
    ColumnDef::new("query", Type::String),
    // Empty unless addresses are stored.
    ColumnDef::new("client_IP", Type::String),
];

/// The stored table `Audit`.
pub static AUDIT: TableDef = TableDef { name: "Audit", columns: &COLUMNS, key: &[] };

static VIEW: LazyLock<ViewDef> = LazyLock::new(|| ViewDef {
    name: AUDIT.name,
    vocabulary: Vocabulary::Classic,
    table: Some(&AUDIT),
    columns: COLUMNS
        .iter()
        .map(|c| ViewColumn { name: c.name, ty: c.ty, source: Source::Column(c.name) })
        .chain([ViewColumn { name: "appName", ty: Type::String, source: Source::AppName }])
        .collect(),
    time_column: "timestamp",
    doc: "Who asked and changed what; for administrators",
});

/// The view `Audit`.
pub fn view() -> &'static ViewDef {
    &VIEW
}
