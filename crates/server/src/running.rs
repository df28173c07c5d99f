//! The queries under way: what `.show queries` lists and `.cancel query` ends.
//!
//! Invariant: a query is listed from the moment it is asked until its answer is complete or
//! dropped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

/// One query under way.
#[derive(Debug, Clone)]
pub struct Query {
    /// As the client called it, else a GUID of ours.
    pub client_id: String,
    pub text: String,
    /// The application asked.
    pub application: u32,
    /// Who asked.
    pub user: String,
    /// The client's program, when it says so.
    pub program: String,
    /// Nanoseconds since 1970.
    pub started: i64,
}

#[derive(Debug)]
struct Entry {
    query: Query,
    cancel: Arc<Notify>,
}

/// All queries under way.
#[derive(Debug, Default)]
pub struct Running {
    next: AtomicU64,
    entries: Mutex<BTreeMap<u64, Entry>>,
}

impl Running {
    pub fn add(self: &Arc<Running>, query: Query) -> Place {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let cancel = Arc::new(Notify::new());
        let entry = Entry { query, cancel: Arc::clone(&cancel) };
        self.entries.lock().insert(number, entry);
        Place { number, running: Arc::clone(self), cancel }
    }

    pub fn count(&self) -> u64 {
        self.entries.lock().len() as u64
    }

    /// In the order they were asked.
    pub fn all(&self) -> Vec<Query> {
        self.entries.lock().values().map(|entry| entry.query.clone()).collect()
    }

    /// Ends the queries that `is_meant`; gives how many.
    pub fn cancel(&self, is_meant: impl Fn(&Query) -> bool) -> usize {
        let entries = self.entries.lock();
        let meant = entries.values().filter(|entry| is_meant(&entry.query));
        meant.map(|entry| entry.cancel.notify_one()).count()
    }
}

/// A query's place in the list, for as long as it is held.
#[derive(Debug)]
pub struct Place {
    number: u64,
    running: Arc<Running>,
    cancel: Arc<Notify>,
}

impl Place {
    /// Resolves when somebody cancels the query.
    pub async fn cancelled(&self) {
        self.cancel.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.entries.lock().remove(&self.number);
    }
}
