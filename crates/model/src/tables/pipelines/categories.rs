//! `Categories`: categories of the settings and whose failures they are.

use super::view;
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 3] = [
    ColumnDef::with_role("ModifiedDateTime", Type::DateTime, ColumnRole::Time),
    ColumnDef::new("Category", Type::String),
    // `code`, `infrastructure` or `unknown`; empty: the settings no longer say.
    ColumnDef::new("Domain", Type::String),
];

/// The stored table `Categories`.
pub static CATEGORIES: TableDef =
    TableDef { name: "Categories", columns: &COLUMNS, key: &["Category"] };

pub(super) fn shown() -> ViewDef {
    view(&CATEGORIES, "", "Domains of categories that the settings name")
}
