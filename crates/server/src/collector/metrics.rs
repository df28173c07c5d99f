//! The numbers of the collector for `/metrics`.
//!
//! Labels are names of sources and projects: those the settings and the service name, not requests.

use super::Lines;
use crate::app::now;
use crate::metrics::Page;

/// Adds the lines of all sources; nothing when there are none.
pub fn lines(page: &mut Page, lines: &Lines) {
    if lines.all.is_empty() {
        return;
    }
    let health: Vec<_> =
        lines.all.iter().map(|line| (line.source.name.as_str(), line.health())).collect();
    let mut by_source = |name, kind, about, value: &dyn Fn(&super::line::Health) -> Option<u64>| {
        page.head(name, kind, about);
        for (source, health) in &health {
            if let Some(value) = value(health) {
                page.line(name, &[("source", source)], value);
            }
        }
    };
    let usage = "Requests sent to a source.";
    by_source("telltale_collector_requests_total", "counter", usage, &|h| Some(h.usage.requests));
    let bytes = "Bytes of a source's answers.";
    by_source("telltale_collector_bytes_total", "counter", bytes, &|h| Some(h.usage.bytes));
    let delays = "How long a source delayed answers or had us wait.";
    by_source("telltale_collector_delayed_seconds_total", "counter", delays, &|h| {
        Some(h.usage.delayed_seconds as u64)
    });
    let budget = "What is left of a source's budget, when it says so.";
    by_source("telltale_collector_budget_remaining", "gauge", budget, &|h| h.usage.remaining);
    let limit = "Requests that may run at once.";
    by_source("telltale_collector_concurrency", "gauge", limit, &|h| Some(h.usage.concurrency));
    let alarm = "1 while a source needs attention.";
    by_source("telltale_collector_alarm", "gauge", alarm, &|h| {
        Some(u64::from(!h.alarm.is_empty()))
    });
    let seconds_since = |at: i64| u64::try_from(now().saturating_sub(at) / 1_000_000_000).ok();
    let mut by_project =
        |name, about, value: &dyn Fn(&super::line::ProjectHealth) -> Option<u64>| {
            page.head(name, "gauge", about);
            for (source, health) in &health {
                for (project, health) in &health.projects {
                    if let Some(value) = value(health) {
                        page.line(name, &[("source", source), ("project", project)], value);
                    }
                }
            }
        };
    by_project("telltale_collector_lag_seconds", "Since the start of the last good pass.", &|p| {
        seconds_since(p.succeeded_ns).filter(|_| p.succeeded_ns > 0)
    });
    by_project("telltale_collector_pending", "Builds to try again.", &|p| Some(p.pending));
    by_project("telltale_collector_dead", "Builds given up.", &|p| Some(p.dead));
}
