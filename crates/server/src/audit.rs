//! The audit: who asked and changed what, as rows of the table `Audit`.
//!
//! [`record`] is for what happens often: it costs no sync, the rows are written about every second
//! and at the end. [`rows`] is for changes: the rows go into the same write as the change, or into
//! the next one by [`record_durably`].
//! Invariant: no literal of a query, no key and no address (unless addresses are stored) is in a
//! row; what the buffer cannot hold is dropped and counted.

use std::time::Duration;

use model::tables::AUDIT;
use model::{AppId, Batch, BatchBuilder};
use parking_lot::Mutex;
use store::Write;

use crate::app::{App, now};
use crate::auth::Caller;
use crate::keys::redact;

/// Rows waiting to be written.
const WAITING_MAX: usize = 10_000;
/// Rows of one write, which the log takes whatever their texts are.
const WRITE_MAX: usize = 1000;
/// Longest text in a row, but for the query.
const TEXT_CHARS_MAX: usize = 200;

/// What happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// A word of a closed set: `query`, `command`, `keys.create`, …
    pub action: &'static str,
    /// The application asked or changed; `None`: the server as a whole.
    pub application: Option<AppId>,
    /// The name of what was asked or changed.
    pub target: String,
    /// As of HTTP.
    pub status: u16,
    pub duration: Duration,
    /// Rows given or stored.
    pub rows: u64,
    /// The text of the query or command; it is written without its literals.
    pub query: String,
}

impl Event {
    /// Something that worked, about the server as a whole.
    pub fn new(action: &'static str) -> Event {
        Event {
            action,
            application: None,
            target: String::new(),
            status: 200,
            duration: Duration::ZERO,
            rows: 0,
            query: String::new(),
        }
    }
}

/// One row on its way.
#[derive(Debug)]
struct Row {
    at: i64,
    caller: String,
    key_id: String,
    request_id: String,
    address: String,
    event: Event,
}

impl Row {
    fn new(caller: &Caller, event: Event) -> Row {
        Row {
            at: now(),
            caller: caller.name().to_owned(),
            key_id: caller.key_id().to_owned(),
            request_id: redact(&caller.request_id),
            address: caller.address.clone().unwrap_or_default(),
            event: Event {
                query: redact(&kql::without_literals(&event.query)),
                target: redact(&event.target),
                ..event
            },
        }
    }
}

/// Rows waiting to be written.
#[derive(Debug, Default)]
pub struct Buffer(Mutex<Vec<Row>>);

/// Notes what happened; the row is written within about a second.
pub fn record(app: &App, caller: &Caller, event: Event) {
    let row = Row::new(caller, event);
    let mut waiting = app.audit.0.lock();
    if waiting.len() < WAITING_MAX {
        waiting.push(row);
    } else {
        app.metrics.audit_dropped(1);
    }
}

/// Notes a change; the row is on disk when this returns, unless the store refuses it, which is
/// logged.
pub async fn record_durably(app: &App, caller: &Caller, event: Event) {
    let default = app.apps.default().map_or(AppId(0), |found| found.app_id());
    let write = Write { rows: rows(default, caller, event), documents: Vec::new() };
    if let Err(error) = app.store.append(write).await {
        tracing::error!(%error, "a row of the audit is not written");
        app.metrics.audit_dropped(1);
    }
}

/// The rows of a change, for the write that makes it durable. `default`: where rows about the
/// server as a whole belong.
pub fn rows(default: AppId, caller: &Caller, event: Event) -> Vec<(AppId, Batch)> {
    batches(default, &[Row::new(caller, event)])
}

/// Writes what is waiting. Blocks on the disk.
///
/// # Errors
/// When the store refuses; what is not written then waits for the next turn.
pub fn flush(app: &App) -> Result<(), store::Error> {
    let mut waiting = std::mem::take(&mut *app.audit.0.lock());
    let Some(default) = app.apps.default() else { return Ok(()) };
    while !waiting.is_empty() {
        let next = &waiting[..waiting.len().min(WRITE_MAX)];
        let rows = batches(default.app_id(), next);
        if let Err(error) = app.store.append_blocking(Write { rows, documents: Vec::new() }) {
            put_back(app, waiting);
            return Err(error);
        }
        waiting.drain(..waiting.len().min(WRITE_MAX));
    }
    Ok(())
}

/// Has rows wait again, before those that came meanwhile.
fn put_back(app: &App, mut rows: Vec<Row>) {
    let mut waiting = app.audit.0.lock();
    rows.append(&mut waiting);
    let dropped = rows.len().saturating_sub(WAITING_MAX);
    rows.truncate(WAITING_MAX);
    *waiting = rows;
    app.metrics.audit_dropped(dropped as u64);
}

/// One batch per application.
fn batches(default: AppId, rows: &[Row]) -> Vec<(AppId, Batch)> {
    let app_of = |row: &Row| row.event.application.unwrap_or(default);
    let mut apps: Vec<AppId> = rows.iter().map(app_of).collect();
    apps.sort_unstable();
    apps.dedup();
    let batch = |app: AppId| {
        let mut builder = BatchBuilder::with_capacity(&AUDIT, rows.len());
        rows.iter().filter(|row| app_of(row) == app).for_each(|row| append(&mut builder, row));
        match builder.finish() {
            Ok(batch) => Some((app, batch)),
            Err(error) => {
                tracing::error!(%error, "rows of the audit do not fit their table");
                None
            }
        }
    };
    apps.into_iter().filter_map(batch).collect()
}

fn append(builder: &mut BatchBuilder, row: &Row) {
    for (i, column) in AUDIT.columns.iter().enumerate() {
        let cell = builder.column(i);
        let event = &row.event;
        match column.name {
            "timestamp" => cell.long(row.at),
            "caller" => cell.text(&row.caller),
            "keyId" => cell.text(&row.key_id),
            "action" => cell.text(event.action),
            "target" => cell.text(&short(&event.target)),
            "status" => cell.long(i64::from(event.status)),
            "durationMs" => cell.real(event.duration.as_micros() as f64 / 1e3),
            "rows" => cell.long(i64::try_from(event.rows).unwrap_or(i64::MAX)),
            "requestId" => cell.text(&row.request_id),
            "query" => cell.text(&event.query),
            "client_IP" => cell.text(&row.address),
            _ => cell.null(),
        }
    }
    builder.end_row();
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}
