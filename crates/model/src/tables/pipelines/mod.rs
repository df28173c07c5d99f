//! The tables of pipelines: what is collected from Azure DevOps and what its service hooks send.
//!
//! Names, order and types of the columns are those of the reference service where it has them, so
//! that published queries run unchanged (spec azure-devops.md §4.6). Queries see every stored
//! column under its own name.

mod categories;
mod collector_runs;
mod known_issue_matches;
mod known_issues;
mod official_definitions;
mod pipeline_events;
mod release_deployments;
mod test_results;
mod test_runs;
mod timeline_build_attempts;
mod timeline_builds;
mod timeline_issues;
mod timeline_issues_triage;
mod timeline_log_errors;
mod timeline_records;

pub use categories::CATEGORIES;
pub use collector_runs::COLLECTOR_RUNS;
pub use known_issue_matches::KNOWN_ISSUE_MATCHES;
pub use known_issues::KNOWN_ISSUES;
pub use official_definitions::OFFICIAL_DEFINITIONS;
pub use pipeline_events::PIPELINE_EVENTS;
pub use release_deployments::RELEASE_DEPLOYMENTS;
pub use test_results::TEST_RESULTS;
pub use test_runs::TEST_RUNS;
pub use timeline_build_attempts::TIMELINE_BUILD_ATTEMPTS;
pub use timeline_builds::TIMELINE_BUILDS;
pub use timeline_issues::TIMELINE_ISSUES;
pub use timeline_issues_triage::TIMELINE_ISSUES_TRIAGE;
pub use timeline_log_errors::TIMELINE_LOG_ERRORS;
pub use timeline_records::TIMELINE_RECORDS;

use crate::table::{Source, TableDef, ViewColumn, ViewDef, Vocabulary};

/// The columns that name a build: its rows of one table are replaced together. Numbers of builds
/// are unique within an organisation (spec azure-devops.md §2.1); names of projects change.
const BUILD_KEY: [&str; 2] = ["Organization", "BuildId"];

pub(super) fn views() -> Vec<ViewDef> {
    vec![
        categories::shown(),
        official_definitions::shown(),
        timeline_builds::shown(),
        timeline_build_attempts::shown(),
        timeline_records::shown(),
        timeline_issues::shown(),
        timeline_issues_triage::shown(),
        timeline_log_errors::shown(),
        test_runs::shown(),
        test_results::shown(),
        release_deployments::shown(),
        pipeline_events::shown(),
        collector_runs::shown(),
        known_issues::shown(),
        known_issue_matches::shown(),
    ]
}

/// All stored columns under their names. `time_column` is what the time range of a request applies
/// to; empty: rows belong to their build, whose time says when they were.
fn view(table: &'static TableDef, time_column: &'static str, doc: &'static str) -> ViewDef {
    let shown = |column: &crate::table::ColumnDef| ViewColumn {
        name: column.name,
        ty: column.ty,
        source: Source::Column(column.name),
    };
    ViewDef {
        name: table.name,
        vocabulary: Vocabulary::Pipelines,
        table: Some(table),
        columns: table.columns.iter().map(shown).collect(),
        time_column,
        doc,
    }
}
