//! Sending lines to the track endpoint within a budget of time.
//!
//! Invariants: the caller has its answer when the budget is used up, whatever network and server
//! do; a server that cannot be reached is not tried again, one that asks for patience is, while
//! there is time.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Options;
use super::connection::Connection;
use super::item::Line;
use crate::commands::Failure;
use crate::commands::client::{Client, Reply};

/// Most items and bytes of one request.
const ITEMS_MAX: usize = 500;
const BYTES_MAX: usize = 4 << 20;
/// How long a busy server is left alone.
const PAUSE: Duration = Duration::from_millis(200);
/// So many different reasons are kept.
const REASONS_MAX: usize = 5;

/// What became of the items.
#[derive(Debug, Default)]
pub struct Sent {
    pub items: usize,
    /// Accepted by the server, which is to say on its disk.
    pub accepted: usize,
    /// Accepted or not, items whose texts were cut because they were too large.
    pub cut: usize,
    /// Why items were refused, each reason once.
    pub reasons: Vec<String>,
}

impl Sent {
    fn add_reason(&mut self, reason: &str) {
        let is_new = !self.reasons.iter().any(|known| known == reason);
        if is_new && self.reasons.len() < REASONS_MAX {
            self.reasons.push(reason.to_owned());
        }
    }
}

/// Sends lines and says what became of them.
///
/// # Errors
/// When there is no answer within the budget, or none that speaks about items.
pub fn send(connection: &Connection, options: &Options, lines: Vec<Line>) -> Result<Sent, Failure> {
    let budget = options.budget;
    let deadline = Instant::now() + budget;
    // Longer than the budget: who waits below is first to give up.
    let timeout = budget + Duration::from_secs(1);
    let (endpoint, key) = (&connection.endpoint, options.key.as_deref());
    let client = Client::with_timeout(endpoint, &options.trust, key, Some(timeout))?;
    let (done, waiting) = sync_channel(1);
    let work = move || {
        // Nobody listens any more when the budget was used up.
        let _ = done.send(send_all(&client, lines, deadline));
    };
    thread::Builder::new().name("telemetry".into()).spawn(work)?;
    match waiting.recv_timeout(budget) {
        Ok(sent) => sent,
        Err(RecvTimeoutError::Timeout) => Err(Failure::new(format!(
            "no answer from `{endpoint}` within {} ms (`--timeout`)",
            budget.as_millis()
        ))),
        Err(RecvTimeoutError::Disconnected) => Err(Failure::new("sending ended early")),
    }
}

fn send_all(client: &Client, lines: Vec<Line>, deadline: Instant) -> Result<Sent, Failure> {
    let mut sent = Sent { items: lines.len(), ..Sent::default() };
    sent.cut = lines.iter().filter(|line| line.is_cut).count();
    let mut lines = lines.into_iter().map(|line| line.text).peekable();
    while lines.peek().is_some() {
        let mut batch: Vec<String> = Vec::new();
        let mut bytes = 0;
        while let Some(line) = lines.next_if(|line| {
            batch.is_empty() || (batch.len() < ITEMS_MAX && bytes + line.len() <= BYTES_MAX)
        }) {
            bytes += line.len() + 1;
            batch.push(line);
        }
        send_batch(client, batch, deadline, &mut sent)?;
    }
    Ok(sent)
}

/// Sends a batch, and what the server asks to have again while there is time.
fn send_batch(
    client: &Client,
    mut batch: Vec<String>,
    deadline: Instant,
    sent: &mut Sent,
) -> Result<(), Failure> {
    loop {
        let body = batch.join("\n");
        let reply = client.post("/v2.1/track", "application/x-json-stream", body.as_bytes())?;
        let may_retry = Instant::now() + PAUSE < deadline;
        let again = count(&reply, batch.len(), may_retry, sent)?;
        let mut index = 0;
        batch.retain(|_| {
            let is_kept = again.contains(&index);
            index += 1;
            is_kept
        });
        if batch.is_empty() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
}

/// Adds what an answer says; the indexes of the items to send again.
fn count(
    reply: &Reply,
    items: usize,
    may_retry: bool,
    sent: &mut Sent,
) -> Result<Vec<usize>, Failure> {
    let answer = reply.json();
    let whole = |name: &str| answer[name].as_u64().and_then(|count| usize::try_from(count).ok());
    let Some(accepted) = whole("itemsAccepted") else { return Err(reply.refusal()) };
    sent.accepted += accepted.min(items);
    let mut again = Vec::new();
    if accepted < items && answer["errors"].as_array().is_none_or(Vec::is_empty) {
        sent.add_reason(&format!("HTTP {}", reply.status));
    }
    for error in answer["errors"].as_array().into_iter().flatten() {
        let is_busy = matches!(error["statusCode"].as_u64(), Some(429 | 503));
        match error["index"].as_u64().and_then(|index| usize::try_from(index).ok()) {
            Some(index) if is_busy && may_retry => again.push(index),
            _ => sent.add_reason(error["message"].as_str().unwrap_or("refused")),
        }
    }
    Ok(again)
}
