//! Counters of the process and their Prometheus text.
//!
//! Invariant: labels come from closed sets (tables, reasons, routes), never from requests.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use store::stats::{Histogram, Stats};

use crate::arrivals::Arrivals;

/// What became of items, by table or reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Accepted,
    Rejected,
    Cut,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Rejected => "rejected",
            Outcome::Cut => "cut",
        }
    }
}

type ItemLabels = (Outcome, &'static str, &'static str);

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Metrics {
    /// (outcome, type, reason) → items; `type` is the stored table for accepted items and the
    /// schema type for cut ones.
    items: Mutex<BTreeMap<ItemLabels, u64>>,
    /// (API, status) → answers and their times.
    answers: Mutex<BTreeMap<(&'static str, u16), u64>>,
    track_time: Mutex<Histogram>,
    query_time: Mutex<Histogram>,
    pub track_bytes: AtomicU64,
    pub query_rows: AtomicU64,
    pub queries_failed: AtomicU64,
    pub connections: AtomicU64,
    audit_dropped: AtomicU64,
    /// What became of items, by application.
    pub arrivals: Arrivals,
}

impl Metrics {
    pub fn count_items(&self, counts: impl IntoIterator<Item = (ItemLabels, usize)>) {
        let mut items = self.items.lock();
        for (labels, count) in counts {
            *items.entry(labels).or_default() += count as u64;
        }
    }

    pub fn count_answer(&self, api: &'static str, status: u16) {
        *self.answers.lock().entry((api, status)).or_default() += 1;
    }

    /// Counts rows of the audit for which there was no room.
    pub fn audit_dropped(&self, rows: u64) {
        self.audit_dropped.fetch_add(rows, Ordering::Relaxed);
    }

    pub fn time_track(&self, time: Duration) {
        self.track_time.lock().add(time);
    }

    pub fn time_query(&self, time: Duration) {
        self.query_time.lock().add(time);
    }

    /// The Prometheus text of these counters, the store's numbers, those `more` adds, and the
    /// number of queries `running`; `app_name` names an application.
    pub fn text(
        &self,
        stats: &Stats,
        running: u64,
        more: impl FnOnce(&mut Page),
        app_name: impl Fn(model::AppId) -> String,
    ) -> String {
        let mut page = Page::default();
        page.head("telltale_items_total", "counter", "Telemetry items by type and outcome.");
        for ((outcome, ty, reason), count) in self.items.lock().iter() {
            page.line(
                "telltale_items_total",
                &[("type", ty), ("outcome", outcome.name()), ("reason", reason)],
                *count,
            );
        }
        page.head("telltale_answers_total", "counter", "HTTP answers by API and status.");
        for ((api, status), count) in self.answers.lock().iter() {
            let labels = [("api", *api), ("status", &status.to_string())];
            page.line("telltale_answers_total", &labels, *count);
        }
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        page.one("telltale_track_bytes_total", "counter", "Body bytes.", load(&self.track_bytes));
        page.one("telltale_query_rows_total", "counter", "Rows given.", load(&self.query_rows));
        page.one(
            "telltale_queries_failed_total",
            "counter",
            "Queries without an answer.",
            load(&self.queries_failed),
        );
        page.one("telltale_queries_running", "gauge", "Queries running or waiting.", running);
        page.one("telltale_connections", "gauge", "Connections open.", load(&self.connections));
        let dropped = load(&self.audit_dropped);
        page.one("telltale_audit_dropped_total", "counter", "Audit rows without room.", dropped);
        page.histogram("telltale_track_seconds", "Time to answer.", &self.track_time.lock());
        page.histogram("telltale_query_seconds", "Time to run.", &self.query_time.lock());
        more(&mut page);
        store_lines(&mut page, stats, app_name);
        page.text
    }
}

fn store_lines(page: &mut Page, stats: &Stats, app_name: impl Fn(model::AppId) -> String) {
    page.histogram("telltale_log_commit_seconds", "Append to durable.", &stats.commit_time);
    page.histogram("telltale_seal_seconds", "Time of seals.", &stats.seal_time);
    page.histogram("telltale_merge_seconds", "Time of merges.", &stats.merge_time);
    for (name, kind, about, value) in [
        ("telltale_log_commits_total", "counter", "Writes made durable.", stats.commits),
        ("telltale_log_syncs_total", "counter", "Syncs of the log.", stats.fsyncs),
        ("telltale_log_bytes", "gauge", "Bytes of the log.", stats.log_bytes),
        ("telltale_log_segments", "gauge", "Segments of the log.", stats.log_segments),
        ("telltale_log_queue_writes", "gauge", "Writes waiting.", stats.queue_writes),
        ("telltale_log_queue_bytes", "gauge", "Bytes waiting.", stats.queue_bytes),
        ("telltale_head_rows", "gauge", "Rows in memory.", stats.head_rows),
        ("telltale_head_bytes", "gauge", "Bytes of rows in memory.", stats.head_bytes),
        ("telltale_extents", "gauge", "Extents.", stats.extents),
        ("telltale_extent_bytes", "gauge", "Bytes of extents.", stats.extent_bytes),
    ] {
        page.one(name, kind, about, value);
    }
    page.head("telltale_rows", "gauge", "Rows by application, table and place.");
    page.tables("telltale_rows", stats, &app_name, |t| [t.head_rows, t.extent_rows]);
    page.head("telltale_bytes", "gauge", "Bytes by application, table and place.");
    page.tables("telltale_bytes", stats, &app_name, |t| [t.head_bytes, t.extent_bytes]);
}

/// A page of the Prometheus text format.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    pub fn head(&mut self, name: &str, kind: &str, about: &str) {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(self.text, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    pub fn line(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        self.text.push_str(name);
        for (i, (label, text)) in labels.iter().enumerate() {
            let open = if i == 0 { '{' } else { ',' };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.text, "{open}{label}=\"{text}\"");
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    fn one(&mut self, name: &str, kind: &str, about: &str, value: u64) {
        self.head(name, kind, about);
        self.line(name, &[], value);
    }

    fn tables(
        &mut self,
        name: &str,
        stats: &Stats,
        app_name: &impl Fn(model::AppId) -> String,
        values: impl Fn(&store::stats::TableStats) -> [u64; 2],
    ) {
        for table in &stats.tables {
            let app = app_name(table.app);
            for (place, value) in ["head", "extents"].into_iter().zip(values(table)) {
                let labels = [("app", app.as_str()), ("table", &table.table), ("place", place)];
                self.line(name, &labels, value);
            }
        }
    }

    /// A histogram of seconds: how many in each bucket up to its bound, how many in all, their
    /// sum.
    pub fn counted(
        &mut self,
        name: &str,
        about: &str,
        bounds: &[u64],
        buckets: &[u64],
        count: u64,
        sum: f64,
    ) {
        self.head(name, "histogram", about);
        let mut below = 0;
        for (bound, count) in bounds.iter().zip(buckets) {
            below += count;
            self.line(&format!("{name}_bucket"), &[("le", &bound.to_string())], below);
        }
        self.line(&format!("{name}_bucket"), &[("le", "+Inf")], count);
        let _ = writeln!(self.text, "{name}_sum {sum}");
        self.line(&format!("{name}_count"), &[], count);
    }

    /// Buckets from 16 µs to 67 s, every second power of two.
    fn histogram(&mut self, name: &str, about: &str, histogram: &Histogram) {
        self.head(name, "histogram", about);
        let mut below = 0;
        for (i, count) in histogram.buckets.iter().enumerate() {
            below += count;
            if (4..=26).contains(&i) && i % 2 == 0 {
                let bound = (1u64 << i) as f64 / 1e6;
                let _ = writeln!(self.text, "{name}_bucket{{le=\"{bound}\"}} {below}");
            }
        }
        let _ = writeln!(self.text, "{name}_bucket{{le=\"+Inf\"}} {}", histogram.count);
        let _ = writeln!(self.text, "{name}_sum {}", histogram.sum_us as f64 / 1e6);
        let _ = writeln!(self.text, "{name}_count {}", histogram.count);
    }
}
