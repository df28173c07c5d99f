//! The last deliveries, for people who wonder what became of theirs.
//!
//! A ring in memory; what was stored before the start comes from its rows, when somebody asks.
//! Invariant: deliveries with unknown keys stand nowhere here, and those that are refused again
//! and again share one place, so that nobody pushes out what others want to see.

use std::collections::VecDeque;

use azdo::hook;
use azdo::identity::Identities;
use azdo::release_badge;
use model::time::{Fraction, format_datetime, parse_datetime};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use super::counts::Outcome;
use super::inbox::{Waiting, document_key};
use super::replay::ask;
use super::work::BROKEN;
use crate::app::App;
use crate::badges::document::{badge_id, normal};
use crate::kql_text;

/// Deliveries that are remembered, and most that are asked for at once.
pub const DELIVERIES_MAX: usize = 1000;
/// Of a stored payload above so many bytes it is not worked out which badge it was of.
const READ_BYTES_MAX: usize = 64 << 10;

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was received, nanoseconds since 1970; of those that are stored no two have one.
    pub at: i64,
    pub key_name: String,
    /// `''`: it was not read.
    pub event_type: String,
    pub outcome: Outcome,
    /// The id of the badge that heard of it.
    pub badge: Option<String>,
    /// Of the payload as stored; of those not stored as far as is known.
    pub bytes: usize,
    /// Why nothing more came of it; `''`.
    pub error: String,
    /// So many alike, one after the other.
    pub count: u64,
}

impl Entry {
    /// Whether its payload can be asked for.
    fn is_stored(&self) -> bool {
        matches!(self.outcome, Outcome::Accepted | Outcome::OutOfScope)
    }

    fn wire(&self) -> Value {
        let mut out = json!({
            "id": if self.is_stored() { id_text(self.at).into() } else { Value::Null },
            "at": format_datetime(self.at, Fraction::Trimmed),
            "key": self.key_name,
            "event": self.event_type,
            "outcome": self.outcome.name(),
            "bytes": self.bytes,
            "count": self.count,
            "error": self.error,
        });
        if let Some(badge) = &self.badge {
            out["badge"] = badge.as_str().into();
        }
        out
    }
}

fn id_text(at: i64) -> String {
    format!("{at:016x}")
}

/// The ring.
#[derive(Debug, Default)]
pub struct Deliveries(Mutex<VecDeque<Entry>>);

impl Deliveries {
    /// Remembers a delivery.
    pub fn add(&self, entry: Entry) {
        let mut ring = self.0.lock();
        let is_like = |last: &Entry| {
            !entry.is_stored()
                && (&last.key_name, last.outcome, &last.event_type, &last.error)
                    == (&entry.key_name, entry.outcome, &entry.event_type, &entry.error)
        };
        if let Some(last) = ring.back_mut().filter(|last| is_like(last)) {
            (last.at, last.bytes, last.count) = (entry.at, entry.bytes, last.count + entry.count);
            return;
        }
        ring.push_back(entry);
        if ring.len() > DELIVERIES_MAX {
            ring.pop_front();
        }
    }

    fn newest(&self, limit: usize) -> Vec<Entry> {
        self.0.lock().iter().rev().take(limit).cloned().collect()
    }
}

/// A row, as it is asked for.
#[derive(Debug, Deserialize)]
struct Row {
    key: String,
    event: String,
    processed: bool,
    error: String,
    bytes: usize,
    payload: String,
}

/// The newest deliveries, at most so many. Blocks; not for threads of the runtime.
///
/// # Errors
/// Why the rows cannot be read, for the log.
pub fn list(app: &App, runtime: &tokio::runtime::Handle, limit: usize) -> Result<Value, String> {
    let mut newest = app.hooks.deliveries.newest(limit);
    if newest.len() < limit {
        let known = |at: i64| newest.iter().any(|entry| entry.at == at && entry.is_stored());
        let older = stored(app, runtime, limit)?;
        let older: Vec<Entry> = older.into_iter().filter(|entry| !known(entry.at)).collect();
        newest.extend(older);
        newest.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        newest.truncate(limit);
    }
    let all: Vec<Value> = newest.iter().map(Entry::wire).collect();
    Ok(json!({ "deliveries": all }))
}

fn stored(app: &App, runtime: &tokio::runtime::Handle, limit: usize) -> Result<Vec<Entry>, String> {
    let mut all = Vec::new();
    for application in app.apps.all() {
        let text = format!(
            "PipelineEvents | top {limit} by ReceivedAt desc \
             | extend Text = tostring(Payload) | extend Bytes = strlen(Text) \
             | project tostring(ReceivedAt), tostring(bag_pack('key', KeyName, \
             'event', EventType, 'processed', Processed, 'error', Error, 'bytes', Bytes, \
             'payload', iff(Bytes <= {READ_BYTES_MAX} and Processed, Text, '')))"
        );
        for [at, row] in ask(app, runtime, &application, text)? {
            let at = parse_datetime(&at).ok_or("a time of receipt is none")?;
            let row: Row = serde_json::from_str(&row).map_err(|error| error.to_string())?;
            all.push(entry(at, row));
        }
    }
    Ok(all)
}

fn entry(at: i64, row: Row) -> Entry {
    let delivery = hook::read(row.payload.as_bytes(), &Identities::Keep).ok();
    let heard = delivery.and_then(|delivery| release_badge::of_delivery(&delivery).ok());
    Entry {
        at,
        key_name: row.key,
        event_type: row.event,
        outcome: if row.processed { Outcome::Accepted } else { Outcome::OutOfScope },
        badge: heard.map(|(key, _)| badge_id(&normal(key))),
        bytes: row.bytes,
        error: row.error,
        count: 1,
    }
}

/// The payload of a stored delivery by its id, without personal data; none when there is none.
/// Blocks; not for threads of the runtime.
///
/// # Errors
/// Why the rows cannot be read, for the log.
pub fn payload(
    app: &App,
    runtime: &tokio::runtime::Handle,
    id: &str,
) -> Result<Option<Vec<u8>>, String> {
    let is_id = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(at) = i64::from_str_radix(id, 16).ok().filter(|_| is_id) else { return Ok(None) };
    for key in [document_key(at), format!("{BROKEN}{at:016x}")] {
        let waiting = app.store.document(&key).map(|document| Waiting::decode(&document));
        if let Some(Ok(waiting)) = waiting {
            return Ok(Some(waiting.payload));
        }
    }
    for application in app.apps.all() {
        let text = format!(
            "PipelineEvents | where ReceivedAt == {} | project tostring(Payload), '' | take 1",
            kql_text::datetime(at)
        );
        if let Some([payload, _]) = ask(app, runtime, &application, text)?.into_iter().next() {
            return Ok(Some(payload.into_bytes()));
        }
    }
    Ok(None)
}
