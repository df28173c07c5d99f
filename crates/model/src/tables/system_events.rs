//! `AppSystemEvents`: exists for clients that ask, always empty here.

use super::shared::workspace_columns;
use crate::table::{Source, ViewDef, Vocabulary};
use crate::types::Type;

pub(super) fn views() -> Vec<ViewDef> {
    let own = vec![
        ("ProblemId", Type::String, Source::Missing),
        ("SystemEventType", Type::String, Source::Missing),
    ];
    vec![ViewDef {
        name: "AppSystemEvents",
        vocabulary: Vocabulary::Workspace,
        table: None,
        columns: workspace_columns("AppSystemEvents", own, true, false),
        time_column: "TimeGenerated",
        doc: "System events; always empty",
    }]
}
