//! An answer on its way: the columns of its tables first, then their rows as they are made.
//!
//! Invariant: a query runs at most a few batches ahead of whoever reads its answer, so that memory
//! does not grow with the result; dropping the answer stops the query.

use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::RecordBatch;
use datafusion::execution::memory_pool::MemoryReservation;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::answer::{Answer, ResultTable, Statistics, Truncation};
use crate::error::Error;

/// Parts that wait for their reader.
const WAITING_MAX: usize = 2;

/// What is known of a result table before its rows.
#[derive(Debug, Clone, Default)]
pub struct TableHead {
    pub columns: Vec<kql::bound::Column>,
    pub render: Option<kql::bound::Render>,
}

/// The next piece of an answer. Tables come one after the other: the rows of one, then its end.
#[derive(Debug)]
pub enum Part {
    /// Rows of the table whose end comes next: columns in the order of its head, Arrow types as
    /// `model::Type::arrow` says.
    Rows(RecordBatch),
    /// The table has no more rows, or a limit cut them.
    TableEnd(Option<Truncation>),
    /// All tables are complete.
    End(Statistics),
}

#[derive(Debug)]
enum Message {
    Tables(Vec<TableHead>),
    Part(Part),
    Failed(Error),
}

/// The side that makes the answer.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    messages: mpsc::Sender<Message>,
}

/// Where the rows of one table go, and how many went.
#[derive(Debug)]
pub(crate) struct RowSender<'a> {
    sender: &'a Sender,
    /// Where the rows count while whoever asked holds them all.
    pub memory: Option<&'a MemoryReservation>,
    pub rows: AtomicU64,
}

/// The two ends of an answer; `task` is what makes it.
pub(crate) fn channel() -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    (Sender { messages: sender }, Receiver { messages: receiver })
}

impl Sender {
    async fn send(&self, message: Message) -> Result<(), Error> {
        self.messages.send(message).await.map_err(|_| Error::Cancelled)
    }

    pub async fn tables(&self, tables: Vec<TableHead>) -> Result<(), Error> {
        self.send(Message::Tables(tables)).await
    }

    /// # Errors
    /// [`Error::Cancelled`] when nobody reads any more, as for all messages.
    pub async fn part(&self, part: Part) -> Result<(), Error> {
        self.send(Message::Part(part)).await
    }

    pub async fn failed(&self, error: Error) {
        // Who went away needs no reason.
        drop(self.send(Message::Failed(error)).await);
    }

    pub fn rows<'a>(&'a self, memory: Option<&'a MemoryReservation>) -> RowSender<'a> {
        RowSender { sender: self, memory, rows: AtomicU64::new(0) }
    }
}

impl RowSender<'_> {
    pub async fn send(&self, rows: RecordBatch) -> Result<(), Error> {
        self.rows.fetch_add(rows.num_rows() as u64, Ordering::Relaxed);
        self.sender.part(Part::Rows(rows)).await
    }

    pub fn has_sent(&self) -> bool {
        self.rows.load(Ordering::Relaxed) > 0
    }
}

/// The side that reads the answer, before anything is known of it.
#[derive(Debug)]
pub(crate) struct Receiver {
    messages: mpsc::Receiver<Message>,
}

impl Receiver {
    /// Waits until the query is understood and its columns are known.
    pub async fn open(mut self, task: AbortOnDrop) -> Result<AnswerStream, Error> {
        match self.messages.recv().await {
            Some(Message::Tables(tables)) => {
                Ok(AnswerStream { tables, messages: self.messages, _task: task })
            }
            Some(Message::Failed(error)) => Err(error),
            _ => Err(Error::Cancelled),
        }
    }
}

/// An answer being made.
#[derive(Debug)]
pub struct AnswerStream {
    pub tables: Vec<TableHead>,
    messages: mpsc::Receiver<Message>,
    _task: AbortOnDrop,
}

impl AnswerStream {
    /// The next part; nothing comes after [`Part::End`] or an error.
    ///
    /// # Errors
    /// What made the query fail: the parts so far are not the whole answer.
    pub async fn next(&mut self) -> Result<Part, Error> {
        match self.messages.recv().await {
            Some(Message::Part(part)) => Ok(part),
            Some(Message::Failed(error)) => Err(error),
            Some(Message::Tables(_)) => Err(Error::Internal("columns came twice".to_owned())),
            None => Err(Error::Internal("a query ended without its end".to_owned())),
        }
    }

    /// All of it in memory.
    ///
    /// # Errors
    /// As [`AnswerStream::next`].
    pub async fn collect(mut self) -> Result<Answer, Error> {
        let heads = std::mem::take(&mut self.tables).into_iter();
        let mut answer = Answer::default();
        for head in heads {
            let mut table =
                ResultTable { columns: head.columns, batches: Vec::new(), render: head.render };
            loop {
                match self.next().await? {
                    Part::Rows(rows) => table.batches.push(rows),
                    Part::TableEnd(truncated) => {
                        answer.truncated = answer.truncated.or(truncated);
                        break;
                    }
                    Part::End(_) => {
                        return Err(Error::Internal("a table has no end".to_owned()));
                    }
                }
            }
            answer.tables.push(table);
        }
        match self.next().await? {
            Part::End(statistics) => answer.statistics = statistics,
            _ => return Err(Error::Internal("rows after the last table".to_owned())),
        }
        Ok(answer)
    }
}

/// Stops a task when whoever waits for it goes away.
#[derive(Debug)]
pub(crate) struct AbortOnDrop(pub AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
