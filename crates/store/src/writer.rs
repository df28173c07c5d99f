//! The way of a write: checked and encoded by its sender, queued, then written, synced and made
//! visible in groups by one thread.
//!
//! Invariants: rows become visible in log order, after their sync and before their answer; the
//! queue is bounded by count and bytes; a write whose sender has gone away is still written.

use std::collections::VecDeque;
use std::sync::mpsc;
use std::time::Instant;

use arrow::array::RecordBatch;
use model::{AppId, Batch, TableDef, own};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::codec::{self, DocumentEdit};
use crate::error::Error;
use crate::frame::Record;
use crate::log::{Entry, Log};
use crate::store::Inner;
use crate::{head, meta, tables};

/// Rows and documents that become durable and visible together or not at all.
#[derive(Debug, Default)]
pub struct Write {
    pub rows: Vec<(AppId, Batch)>,
    /// Documents to put (`Some`) or remove (`None`), by key, in order.
    pub documents: Vec<DocumentEdit>,
}

/// The proof that a write is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Its place in the log, rising.
    pub sequence: u64,
    pub rows: u64,
}

/// Where the answer goes.
#[derive(Debug)]
pub(crate) enum Done {
    Async(oneshot::Sender<Result<Receipt, Error>>),
    Blocking(mpsc::SyncSender<Result<Receipt, Error>>),
}

impl Done {
    /// The sender may have gone away: then nobody wants to know.
    fn answer(self, result: Result<Receipt, Error>) {
        match self {
            Done::Async(sender) => drop(sender.send(result)),
            Done::Blocking(sender) => drop(sender.send(result)),
        }
    }
}

/// Rows on their way into the head.
#[derive(Debug)]
struct Rows {
    app: AppId,
    table: &'static TableDef,
    rows: RecordBatch,
    size_bytes: u64,
}

/// A write that is ready for the log.
#[derive(Debug)]
pub(crate) struct Prepared {
    entry: Entry,
    visible: Visible,
}

/// What of a write is not for the log.
#[derive(Debug)]
struct Visible {
    rows: Vec<Rows>,
    documents: Vec<DocumentEdit>,
    row_count: u64,
}

impl Prepared {
    /// Checks and encodes: the costly part, done by each sender for itself.
    pub fn new(write: Write, record_bytes_max: u64) -> Result<Prepared, Error> {
        meta::check(&write.documents)?;
        write.rows.iter().try_for_each(|(_, batch)| codec::check(batch))?;
        let record = Record::build(|out| {
            codec::put_write(out, &write.rows, &write.documents);
            Ok(())
        })?;
        let size_bytes = record.size_bytes();
        if size_bytes > record_bytes_max {
            return Err(Error::TooLarge { size_bytes, limit_bytes: record_bytes_max });
        }
        let mut tables: Vec<&'static TableDef> = Vec::new();
        let mut rows = Vec::with_capacity(write.rows.len());
        for (app, batch) in write.rows {
            if !tables.iter().any(|table| std::ptr::eq(*table, batch.table)) {
                tables.push(batch.table);
            }
            let size_bytes = head::size_bytes(&batch.rows);
            rows.push(Rows {
                app,
                table: batch.table,
                rows: head::adopt(&batch.rows)?,
                size_bytes,
            });
        }
        let row_count = rows.iter().map(|r| r.rows.num_rows() as u64).sum();
        let visible = Visible { rows, documents: write.documents, row_count };
        Ok(Prepared { entry: Entry { record, tables }, visible })
    }
}

#[derive(Debug)]
struct Pending {
    prepared: Prepared,
    done: Done,
}

/// Writes waiting for the log.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    writes: VecDeque<Pending>,
    size_bytes: u64,
    is_closed: bool,
}

impl Queue {
    /// Writes and bytes waiting now.
    pub fn len(&self) -> (usize, u64) {
        let waiting = self.waiting.lock();
        (waiting.writes.len(), waiting.size_bytes)
    }

    pub fn is_closed(&self) -> bool {
        self.waiting.lock().is_closed
    }

    /// Takes no further writes; those waiting are still written.
    pub fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.arrived.notify_all();
    }
}

impl Inner {
    /// Hands a write to the log.
    ///
    /// # Errors
    /// [`Error::Overloaded`], [`Error::Closed`].
    pub(crate) fn submit(&self, prepared: Prepared, done: Done) -> Result<(), Error> {
        let head_bytes = self.head_bytes();
        if head_bytes > self.options.head_bytes_max {
            return Err(Error::Overloaded { waiting_bytes: head_bytes });
        }
        let size_bytes = prepared.entry.record.size_bytes();
        let mut waiting = self.queue.waiting.lock();
        if waiting.is_closed {
            return Err(Error::Closed);
        }
        let is_full = waiting.writes.len() >= self.options.queue_writes_max
            || waiting.size_bytes + size_bytes > self.options.queue_bytes_max;
        if is_full && !waiting.writes.is_empty() {
            return Err(Error::Overloaded { waiting_bytes: waiting.size_bytes });
        }
        waiting.size_bytes += size_bytes;
        waiting.writes.push_back(Pending { prepared, done });
        drop(waiting);
        self.queue.arrived.notify_one();
        Ok(())
    }

    /// Writes groups until the queue is closed and empty.
    pub(crate) fn run(&self) {
        let _refusal = RefuseOnEnd(&self.queue);
        loop {
            let mut waiting = self.queue.waiting.lock();
            while waiting.writes.is_empty() && !waiting.is_closed {
                self.queue.arrived.wait(&mut waiting);
            }
            if waiting.writes.is_empty() {
                return;
            }
            drop(waiting);
            self.pump();
        }
    }

    /// Writes what is waiting now, as one group; gives the number of writes.
    pub(crate) fn pump(&self) -> usize {
        let mut log = self.log.lock();
        let group = self.take_group();
        let count = group.len();
        if count > 0 {
            self.commit(log.as_mut(), group);
        }
        count
    }

    fn take_group(&self) -> Vec<Pending> {
        let mut waiting = self.queue.waiting.lock();
        let mut group = Vec::new();
        let mut group_bytes = 0;
        while let Some(next) = waiting.writes.front() {
            let size_bytes = next.prepared.entry.record.size_bytes();
            if !group.is_empty() && group_bytes + size_bytes > self.options.group_bytes_max {
                break;
            }
            group_bytes += size_bytes;
            group.extend(waiting.writes.pop_front());
        }
        waiting.size_bytes -= group_bytes;
        group
    }

    fn commit(&self, log: Option<&mut Log>, group: Vec<Pending>) {
        let started = Instant::now();
        let group = self.admitted(group);
        if group.is_empty() {
            return;
        }
        let mut entries = Vec::with_capacity(group.len());
        let mut rest = Vec::with_capacity(group.len());
        for pending in group {
            entries.push(pending.prepared.entry);
            rest.push((pending.prepared.visible, pending.done));
        }
        let written = match log {
            None => Err(Error::ReadOnly),
            Some(log) => {
                self.refuse_full_disk().and_then(|()| log.append(&*self.shelf.disk, entries))
            }
        };
        match written {
            Err(error) => {
                tracing::error!(%error, writes = rest.len(), "writes refused");
                rest.into_iter().for_each(|(_, done)| done.answer(Err(again(&error))));
            }
            Ok(sequences) => {
                let (visible, done): (Vec<Visible>, Vec<Done>) = rest.into_iter().unzip();
                let counts: Vec<u64> = visible.iter().map(|v| v.row_count).collect();
                self.publish(visible);
                let commits = done.len() as u64;
                for ((done, sequence), rows) in done.into_iter().zip(sequences).zip(counts) {
                    done.answer(Ok(Receipt { sequence, rows }));
                }
                let mut counters = self.counters.lock();
                counters.commits += commits;
                counters.fsyncs += 1;
                counters.commit_time.add(started.elapsed());
            }
        }
    }

    /// Refuses the writes that do not fit the own tables there are: behind this point nobody but
    /// this group changes them.
    fn admitted(&self, mut group: Vec<Pending>) -> Vec<Pending> {
        let concerns = |pending: &Pending| {
            let edits = &pending.prepared.visible.documents;
            pending.prepared.entry.tables.iter().any(|table| own::is_own(table.name))
                || edits.iter().any(|(key, _)| key.starts_with(tables::PREFIX))
        };
        if !group.iter().any(concerns) {
            return group;
        }
        let mut known = self.state.read().tables.clone();
        let mut admitted = Vec::with_capacity(group.len());
        for pending in group.drain(..) {
            let Prepared { entry, visible } = &pending.prepared;
            match known.admit(&visible.documents, &entry.tables) {
                Ok(()) => admitted.push(pending),
                Err(error) => pending.done.answer(Err(error)),
            }
        }
        admitted
    }

    fn refuse_full_disk(&self) -> Result<(), Error> {
        let free_bytes =
            self.shelf.disk.free_bytes().map_err(|e| Error::io("ask for free space", e))?;
        match free_bytes >= self.options.free_bytes_min {
            true => Ok(()),
            false => Err(Error::DiskFull { free_bytes }),
        }
    }

    /// Makes durable writes visible, then tidies the head. The caller holds the log, so nobody
    /// else changes the active head meanwhile.
    fn publish(&self, group: Vec<Visible>) {
        let mut touched: Vec<(AppId, &'static TableDef)> = Vec::new();
        {
            let mut state = self.state.write();
            for visible in group {
                if let Err(error) = state.edit_documents(visible.documents) {
                    // Checked before it was written.
                    tracing::error!(%error, "documents cannot be applied");
                }
                for rows in visible.rows {
                    let table = state.tables.find(rows.table.name).unwrap_or(rows.table);
                    touched.push((rows.app, table));
                    state.changes.rows_changed(rows.app, table.name);
                    state.active.push(rows.app, table, rows.rows, rows.size_bytes);
                }
            }
        }
        for (app, table) in touched {
            self.tidy(app, table);
        }
    }

    /// Puts small batches together outside the state's lock.
    pub(crate) fn tidy(&self, app: AppId, table: &'static TableDef) {
        loop {
            let Some(tier) = self.state.read().active.due(app, table) else { return };
            match tier.concat() {
                Ok(rows) => self.state.write().active.replace(app, table, &tier, rows),
                Err(error) => {
                    tracing::error!(%error, table = table.name, "head batches stay small");
                    return;
                }
            }
        }
    }
}

/// However the log thread ends, nobody waits for it in vain.
struct RefuseOnEnd<'a>(&'a Queue);

impl Drop for RefuseOnEnd<'_> {
    fn drop(&mut self) {
        self.0.close();
        let waiting = std::mem::take(&mut self.0.waiting.lock().writes);
        if !waiting.is_empty() {
            tracing::error!(writes = waiting.len(), "the log thread died");
        }
    }
}

/// The same error for each write of a group.
fn again(error: &Error) -> Error {
    match error {
        Error::DiskFull { free_bytes } => Error::DiskFull { free_bytes: *free_bytes },
        Error::Failed { reason } => Error::Failed { reason: reason.clone() },
        Error::ReadOnly => Error::ReadOnly,
        Error::Io { doing, source } => Error::Io {
            doing: doing.clone(),
            source: std::io::Error::new(source.kind(), source.to_string()),
        },
        other => Error::Failed { reason: other.to_string() },
    }
}
