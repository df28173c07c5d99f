//! `OfficialDefinitions`: which definitions of a source the settings call official.

use super::view;
use crate::table::{ColumnDef, ColumnRole, TableDef, ViewDef};
use crate::types::Type;

const COLUMNS: [ColumnDef; 4] = [
    ColumnDef::with_role("ModifiedDateTime", Type::DateTime, ColumnRole::Time),
    ColumnDef::new("Organization", Type::String),
    // Regular expressions of `\folder\name`; without `Pattern` there is none.
    ColumnDef::new("Pattern", Type::String),
    ColumnDef::new("Except", Type::String),
];

/// The stored table `OfficialDefinitions`.
pub static OFFICIAL_DEFINITIONS: TableDef =
    TableDef { name: "OfficialDefinitions", columns: &COLUMNS, key: &["Organization"] };

pub(super) fn shown() -> ViewDef {
    view(&OFFICIAL_DEFINITIONS, "", "Definitions that the settings of a source call official")
}
