//! Breeze: the envelopes of Application Insights clients (spec ingestion.md §3–§13).
//!
//! Invariants: every item is judged alone; `received` counts every item of the body; an item is
//! either accepted with exactly one row or has a fault.

mod availability;
mod bags;
mod dependency;
mod envelope;
mod event;
mod exception;
mod fault;
mod fields;
mod framing;
mod marks;
mod message;
mod metric;
mod page_view;
mod page_view_performance;
mod place;
mod request;
mod sink;
mod tags;

use std::borrow::Cow;

use model::{AppId, Batch};

pub use fault::{ItemFault, Reason};
pub use place::Place;

use crate::json::Problem;
use envelope::Memory;
use fault::Refusal;
use framing::{Framed, Items};
use sink::Sink;

/// How an application's items are validated (spec ingestion.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Keep as much as possible.
    #[default]
    Default,
    /// Refuse what the real service is known to refuse.
    Strict,
}

/// What an instrumentation key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App {
    /// Whose rows the items become.
    pub id: AppId,
    /// How its items are validated.
    pub mode: Mode,
}

/// How far an item's time may lie from the time of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Nanoseconds back.
    pub past_ns: i64,
    /// Nanoseconds ahead.
    pub future_ns: i64,
}

impl Default for Window {
    /// 48 hours back, 2 hours ahead.
    fn default() -> Window {
        Window { past_ns: 48 * model::time::HOUR, future_ns: 2 * model::time::HOUR }
    }
}

/// The largest item of the real service, in bytes of JSON.
pub const ITEM_BYTES_MAX: usize = 65_536;
/// The most items the real service takes in one request.
pub const ITEMS_MAX: usize = 64_000;

/// What decoding needs to know about the request and the server.
pub struct Context<'a> {
    /// Time of receipt, nanoseconds since 1970.
    pub now: i64,
    /// `None` accepts items of any time.
    pub window: Option<Window>,
    /// Usually [`ITEM_BYTES_MAX`].
    pub item_bytes_max: usize,
    /// Usually [`ITEMS_MAX`].
    pub items_max: usize,
    /// The sender, when addresses are kept; without it `client_IP` is masked.
    pub sender_address: Option<&'a str>,
    /// The request's `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// Finds the application of an instrumentation key, without regard to letter case.
    pub app: &'a dyn Fn(&str) -> Option<App>,
    /// The id of the first item; item `i` gets this plus `i`.
    pub item_id: u128,
    /// The place in a trace the request's path names.
    pub place: Option<&'a Place>,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("now", &self.now).finish_non_exhaustive()
    }
}

/// A text field that had to be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cut {
    /// The schema type, as fault texts name it.
    pub ty: &'static str,
    /// The field; `properties` and `measurements` stand for all their keys and values.
    pub field: &'static str,
}

/// What became of a request's items.
#[derive(Debug, Default)]
pub struct Accepted {
    /// Items in the body, good and bad.
    pub received: usize,
    /// Items that became rows.
    pub accepted: usize,
    /// The application of the first accepted item.
    pub first_app: Option<AppId>,
    /// The rows: one batch per application and table.
    pub batches: Vec<(AppId, Batch)>,
    /// Refused items in order. Of the items beyond `items_max` only as many again have an entry.
    pub faults: Vec<ItemFault>,
    /// Which fields were cut, and how often.
    pub cuts: Vec<(Cut, usize)>,
    /// Rows per table, by the table's stored name.
    pub items: Vec<(&'static str, usize)>,
}

/// Decodes a body whose `Content-Encoding` is undone.
///
/// Never fails: what cannot be read is a refused item.
pub fn decode(body: &[u8], context: &Context<'_>) -> Accepted {
    let text = text_of(body);
    let mut decoder = Decoder::new(context, text.len());
    framing::read(&text, context.item_bytes_max, &mut decoder);
    decoder.finish()
}

/// The body as text: without byte order mark, broken UTF-8 and U+0000 replaced.
fn text_of(body: &[u8]) -> Cow<'_, str> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(body),
    };
    if memchr::memchr(0, text.as_bytes()).is_some() {
        Cow::Owned(text.replace('\0', "\u{FFFD}"))
    } else {
        text
    }
}

/// Turns the items of one body into rows and faults.
struct Decoder<'c> {
    context: &'c Context<'c>,
    rows_hint: usize,
    sink: Sink<'c>,
    memory: Memory,
    outcome: Accepted,
}

impl<'c> Decoder<'c> {
    fn new(context: &'c Context<'c>, body_bytes: usize) -> Decoder<'c> {
        // A typical envelope; the guess only sets how much room rows get at first.
        let rows_hint = body_bytes / 1024 + 1;
        Decoder {
            context,
            rows_hint,
            sink: Sink::new(context, rows_hint),
            memory: Memory::default(),
            outcome: Accepted::default(),
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        let app = self.memory.current;
        self.outcome.faults.push(ItemFault { app, ..refusal.at(self.outcome.received) });
        self.outcome.received += 1;
    }

    fn finish(self) -> Accepted {
        let mut outcome = self.outcome;
        let (rows, check) = self.sink.finish();
        outcome.cuts = check.cuts;
        match rows.finish() {
            Ok(batches) => outcome.batches = batches,
            Err(_) => {
                // Ours, and never silent: no item of the request is accepted.
                let refused = 0..outcome.received;
                outcome.faults = refused.map(|i| Refusal::internal().at(i)).collect();
                (outcome.accepted, outcome.first_app) = (0, None);
                outcome.items.clear();
            }
        }
        outcome
    }
}

impl Items for Decoder<'_> {
    fn restart(&mut self) {
        self.sink = Sink::new(self.context, self.rows_hint);
        self.outcome = Accepted::default();
    }

    fn is_full(&self) -> bool {
        self.outcome.received >= self.context.items_max
    }

    fn count(&mut self) {
        let items_max = self.context.items_max;
        self.memory.current = None;
        if self.outcome.received < items_max.saturating_mul(2) {
            self.refuse(Refusal::too_many_items(items_max));
        } else {
            self.outcome.received += 1;
        }
    }

    fn item(&mut self, item: Framed<'_, '_>) {
        self.memory.current = None;
        let (root, size_bytes) = match item {
            Framed::Item(root, size_bytes) => (root, size_bytes),
            Framed::Broken(problem) => {
                return self.refuse(match problem {
                    Problem::Syntax => Refusal::not_json(),
                    Problem::Depth => Refusal::too_deep(),
                    Problem::Size => Refusal::item_too_long(self.context.item_bytes_max),
                });
            }
        };
        let index = self.outcome.received;
        match envelope::decode(root, index, size_bytes, &mut self.memory, &mut self.sink) {
            Ok((app, table)) => {
                let outcome = &mut self.outcome;
                outcome.received += 1;
                outcome.accepted += 1;
                outcome.first_app.get_or_insert(app.id);
                match outcome.items.iter_mut().find(|(name, _)| *name == table.name) {
                    Some((_, count)) => *count += 1,
                    None => outcome.items.push((table.name, 1)),
                }
            }
            Err(refusal) => self.refuse(refusal),
        }
    }
}
