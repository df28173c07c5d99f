//! Answers of the query APIs, written while their rows are made.
//!
//! Invariants: what is held of an answer is a few batches and one chunk of text, however many rows
//! it has; a query that fails before anything was sent is a refusal with its own status, one that
//! fails later says so inside the answer, as its API does.

use std::task::Poll;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use query::answer::{Cells, Truncation};
use query::{Answer, Part, Statistics, TableHead};
use tokio::sync::mpsc;

use crate::ask::Asked;
use crate::error::Refusal;

/// A chunk of text is sent when it has so many bytes.
pub const CHUNK_BYTES: usize = 64 << 10;
/// Chunks that wait for the client.
const WAITING_MAX: usize = 4;

/// Why an answer is not whole.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// A limit on results cut it.
    Cut(Truncation),
    /// The query failed after rows were sent.
    Failed(Refusal),
}

impl Trouble {
    pub fn message(&self) -> &str {
        match self {
            Trouble::Cut(truncation) => &truncation.message,
            Trouble::Failed(refusal) => &refusal.message,
        }
    }
}

/// What became of an answer, told at its end.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rows of each table written.
    pub rows: Vec<u64>,
    /// Bytes of text of each table written.
    pub bytes: Vec<u64>,
    pub trouble: Option<Trouble>,
    /// `None` when the query failed.
    pub statistics: Option<Statistics>,
    pub elapsed: Duration,
}

impl Outcome {
    pub fn is_cancelled(&self) -> bool {
        matches!(&self.trouble, Some(Trouble::Failed(refusal)) if refusal.code == "cancelled")
    }
}

/// The shape one API gives its answers. The calls come in the order of the text.
pub trait Shape: Send + 'static {
    /// What stands before the first table.
    fn start(&mut self, out: &mut String, tables: &[TableHead]);

    /// A table up to its rows; `number` counts from 0.
    fn open_table(&mut self, out: &mut String, number: usize, head: &TableHead);

    /// Rows of the open table from row `from` of `cells` on, about [`CHUNK_BYTES`] of text; gives
    /// the first row not written.
    fn rows(&mut self, out: &mut String, cells: &Cells<'_>, from: usize) -> usize;

    /// The end of the open table; `trouble` when rows are missing in it.
    fn close_table(&mut self, out: &mut String, trouble: Option<&Trouble>);

    /// What stands after the last table.
    fn end(&mut self, out: &mut String, outcome: &Outcome);

    /// The media type of the text.
    fn content_type(&self) -> &'static str {
        "application/json; charset=utf-8"
    }

    /// Whether the text so far is worth sending, asked after rows were written.
    fn is_due(&self, out: &str) -> bool {
        out.len() >= CHUNK_BYTES
    }
}

/// The answer as a response; waits until its first chunk is full or the answer complete.
///
/// # Errors
/// When the query fails before anything was sent.
pub async fn respond(asked: Asked, shape: impl Shape) -> Result<Response, Refusal> {
    let (sender, mut chunks) = mpsc::channel(WAITING_MAX);
    let kind = [(header::CONTENT_TYPE, shape.content_type())];
    tokio::spawn(Writer::new(shape, sender).run(asked));
    match chunks.recv().await {
        Some(Chunk::Whole(text)) => Ok((kind, text).into_response()),
        Some(Chunk::Some(first)) => {
            let (mut first, mut is_whole) = (Some(first), false);
            let rest = futures::stream::poll_fn(move |context| match first.take() {
                Some(first) => Poll::Ready(Some(Ok(first))),
                None => chunks.poll_recv(context).map(|chunk| match chunk {
                    Some(Chunk::Some(text)) => Some(Ok(text)),
                    Some(Chunk::Whole(text)) => {
                        is_whole = true;
                        Some(Ok(text))
                    }
                    None if is_whole => None,
                    // The connection breaks off, or the rows so far would look like all.
                    Some(Chunk::Refused(_)) | None => Some(Err(BrokenOff)),
                }),
            });
            Ok((kind, Body::from_stream(rest)).into_response())
        }
        Some(Chunk::Refused(refusal)) => Err(refusal),
        None => Err(Refusal::internal()),
    }
}

/// A piece of an answer on its way to the client.
#[derive(Debug)]
enum Chunk {
    Some(Bytes),
    /// The last piece.
    Whole(Bytes),
    /// Nothing was sent, nothing will be.
    Refused(Refusal),
}

/// The client left, or somebody ended the query while it did not read.
struct Gone;

/// An answer that has no end.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
struct BrokenOff;

struct Writer<S> {
    shape: S,
    out: String,
    chunks: mpsc::Sender<Chunk>,
    has_sent: bool,
    outcome: Outcome,
}

impl<S: Shape> Writer<S> {
    fn new(shape: S, chunks: mpsc::Sender<Chunk>) -> Writer<S> {
        Writer { shape, out: String::new(), chunks, has_sent: false, outcome: Outcome::default() }
    }

    async fn run(mut self, mut asked: Asked) {
        let started = Instant::now();
        let written = self.write(&mut asked).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(refusal)) if !self.has_sent => {
                // Who left needs no reason.
                drop(self.chunks.send(Chunk::Refused(refusal)).await);
                return;
            }
            Ok(Err(refusal)) => self.outcome.trouble = Some(Trouble::Failed(refusal)),
            Err(Gone) => return,
        }
        self.outcome.elapsed = started.elapsed();
        self.shape.end(&mut self.out, &self.outcome);
        let last = Chunk::Whole(Bytes::from(std::mem::take(&mut self.out)));
        drop(self.chunks.send(last).await);
    }

    /// Writes the tables, up to where the query fails.
    async fn write(&mut self, asked: &mut Asked) -> Result<Result<(), Refusal>, Gone> {
        let heads = std::mem::take(&mut asked.tables);
        self.shape.start(&mut self.out, &heads);
        for (number, head) in heads.iter().enumerate() {
            self.shape.open_table(&mut self.out, number, head);
            self.outcome.rows.push(0);
            self.outcome.bytes.push(0);
            let cut = loop {
                match self.next(asked).await? {
                    Ok(Part::Rows(rows)) => self.rows(asked, head, &rows).await?,
                    Ok(Part::TableEnd(cut)) => break cut,
                    Ok(Part::End(_)) => return Ok(Err(Refusal::internal())),
                    Err(refusal) => {
                        let trouble = Trouble::Failed(refusal.clone());
                        self.shape.close_table(&mut self.out, Some(&trouble));
                        return Ok(Err(refusal));
                    }
                }
            };
            let trouble = cut.map(Trouble::Cut);
            self.shape.close_table(&mut self.out, trouble.as_ref());
            self.outcome.trouble = self.outcome.trouble.take().or(trouble);
        }
        Ok(match self.next(asked).await? {
            Ok(Part::End(statistics)) => {
                self.outcome.statistics = Some(statistics);
                Ok(())
            }
            Ok(_) => Err(Refusal::internal()),
            Err(refusal) => Err(refusal),
        })
    }

    async fn next(&mut self, asked: &mut Asked) -> Result<Result<Part, Refusal>, Gone> {
        tokio::select! {
            part = asked.next() => Ok(part),
            () = self.chunks.closed() => Err(Gone),
        }
    }

    async fn rows(
        &mut self,
        asked: &Asked,
        head: &TableHead,
        rows: &query::Rows,
    ) -> Result<(), Gone> {
        let mut from = 0;
        while from < rows.num_rows() {
            let before = self.out.len();
            // Writing many rows takes a while, during which this thread is wanted elsewhere.
            let next = tokio::task::block_in_place(|| {
                let cells = Cells::new(&head.columns, rows);
                self.shape.rows(&mut self.out, &cells, from)
            });
            if let (Some(count), Some(bytes)) =
                (self.outcome.rows.last_mut(), self.outcome.bytes.last_mut())
            {
                *count += (next - from) as u64;
                *bytes += (self.out.len() - before) as u64;
            }
            from = next;
            if self.shape.is_due(&self.out) {
                let chunk = Bytes::from(std::mem::take(&mut self.out));
                self.has_sent = true;
                tokio::select! {
                    sent = self.chunks.send(Chunk::Some(chunk)) => sent.map_err(|_| Gone)?,
                    () = asked.cancelled() => return Err(Gone),
                }
            }
        }
        Ok(())
    }
}

/// The text of an answer that lies in memory.
pub fn text(answer: &Answer, mut shape: impl Shape) -> String {
    let mut out = String::new();
    let head = |table: &query::ResultTable| TableHead {
        columns: table.columns.clone(),
        render: table.render.clone(),
    };
    let heads: Vec<TableHead> = answer.tables.iter().map(head).collect();
    shape.start(&mut out, &heads);
    let mut outcome = Outcome {
        trouble: answer.truncated.clone().map(Trouble::Cut),
        statistics: Some(answer.statistics.clone()),
        ..Outcome::default()
    };
    for (number, (table, head)) in answer.tables.iter().zip(&heads).enumerate() {
        shape.open_table(&mut out, number, head);
        let before = out.len();
        for batch in &table.batches {
            let cells = Cells::new(&table.columns, batch);
            let mut from = 0;
            while from < cells.rows() {
                from = shape.rows(&mut out, &cells, from);
            }
        }
        outcome.rows.push(table.rows() as u64);
        outcome.bytes.push((out.len() - before) as u64);
        let is_last = number + 1 == answer.tables.len();
        shape.close_table(&mut out, outcome.trouble.as_ref().filter(|_| is_last));
    }
    shape.end(&mut out, &outcome);
    out
}
