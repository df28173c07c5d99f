//! The built-in tables, one file each, and the list of all views.
//!
//! Columns, order and types: spec ingestion.md §10, azure-devops.md §4.6.

pub mod audit;
mod availability_results;
mod browser_timings;
mod custom_events;
mod custom_metrics;
mod dependencies;
mod exceptions;
mod page_views;
mod performance_counters;
pub mod pipelines;
mod requests;
mod shared;
mod system_events;
mod traces;

use std::sync::LazyLock;

pub use audit::AUDIT;
pub use availability_results::AVAILABILITY_RESULTS;
pub use browser_timings::BROWSER_TIMINGS;
pub use custom_events::CUSTOM_EVENTS;
pub use custom_metrics::CUSTOM_METRICS;
pub use dependencies::DEPENDENCIES;
pub use exceptions::EXCEPTIONS;
pub use page_views::PAGE_VIEWS;
pub use performance_counters::PERFORMANCE_COUNTERS;
pub use requests::REQUESTS;
pub use shared::CUT;
pub use traces::TRACES;

use crate::table::{TableDef, ViewDef};

/// Every stored table.
pub static TABLES: [&TableDef; 26] = [
    &REQUESTS,
    &DEPENDENCIES,
    &EXCEPTIONS,
    &TRACES,
    &CUSTOM_EVENTS,
    &PAGE_VIEWS,
    &AVAILABILITY_RESULTS,
    &BROWSER_TIMINGS,
    &CUSTOM_METRICS,
    &PERFORMANCE_COUNTERS,
    &AUDIT,
    &pipelines::TIMELINE_BUILDS,
    &pipelines::TIMELINE_BUILD_ATTEMPTS,
    &pipelines::TIMELINE_RECORDS,
    &pipelines::TIMELINE_ISSUES,
    &pipelines::TIMELINE_ISSUES_TRIAGE,
    &pipelines::TIMELINE_LOG_ERRORS,
    &pipelines::TEST_RUNS,
    &pipelines::TEST_RESULTS,
    &pipelines::RELEASE_DEPLOYMENTS,
    &pipelines::PIPELINE_EVENTS,
    &pipelines::COLLECTOR_RUNS,
    &pipelines::CATEGORIES,
    &pipelines::KNOWN_ISSUES,
    &pipelines::KNOWN_ISSUE_MATCHES,
    &pipelines::OFFICIAL_DEFINITIONS,
];

static VIEWS: LazyLock<Vec<ViewDef>> = LazyLock::new(|| {
    [
        requests::views(),
        dependencies::views(),
        exceptions::views(),
        traces::views(),
        custom_events::views(),
        page_views::views(),
        availability_results::views(),
        browser_timings::views(),
        custom_metrics::views(),
        performance_counters::views(),
        system_events::views(),
        pipelines::views(),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// Every view of the built-in vocabularies; [`audit::view`] is not among them.
pub fn views() -> &'static [ViewDef] {
    &VIEWS
}

/// The stored table called `name`.
pub fn table(name: &str) -> Option<&'static TableDef> {
    TABLES.iter().copied().find(|t| t.name == name)
}

/// The view called `name` (exact letter case, as KQL demands).
pub fn view(name: &str) -> Option<&'static ViewDef> {
    VIEWS.iter().find(|v| v.name == name)
}
