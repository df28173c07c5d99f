//! Deliveries that are on disk and wait for the worker, one document each.
//!
//! A document's key is the time of its receipt, unique and growing; its value one line of JSON
//! about the key it came with, then the payload packed. Invariant: what is waiting has a limit, and
//! a place is taken before a body is stored.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use store::Store;

/// Documents of waiting deliveries begin so.
pub const PREFIX: &str = "hook/inbox/";
/// Most deliveries that wait, and most bytes of their documents: they are held in memory.
pub const EVENTS_MAX: usize = 20_000;
pub const BYTES_MAX: u64 = 64 << 20;
/// Most bytes of an unpacked payload: a number may be written longer than it was sent.
const PAYLOAD_BYTES_MAX: u64 = 64 << 20;
/// Times of receipt differ by at least this, in nanoseconds.
const STEP_NS: i64 = 100;

/// The key a delivery came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    pub key_id: String,
    pub key_name: String,
}

/// A waiting delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub sender: Sender,
    /// JSON, without personal data.
    pub payload: Vec<u8>,
}

impl Waiting {
    /// The document.
    ///
    /// # Errors
    /// When it cannot be packed: internal.
    pub fn encode(&self) -> std::io::Result<Vec<u8>> {
        let mut out = serde_json::to_vec(&self.sender)?;
        out.push(b'\n');
        out.extend(zstd::encode_all(self.payload.as_slice(), 1)?);
        Ok(out)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// When it is no such document.
    pub fn decode(document: &[u8]) -> std::io::Result<Waiting> {
        let broken = || std::io::Error::other("the document has no first line");
        let end = document.iter().position(|byte| *byte == b'\n').ok_or_else(broken)?;
        let (head, packed) = document.split_at(end);
        let sender = serde_json::from_slice(head)?;
        let mut payload = Vec::new();
        let packed = packed.get(1..).unwrap_or_default();
        zstd::Decoder::new(packed)?.take(PAYLOAD_BYTES_MAX).read_to_end(&mut payload)?;
        Ok(Waiting { sender, payload })
    }
}

/// The key of the document of a delivery received at this time.
pub fn document_key(id: i64) -> String {
    format!("{PREFIX}{id:016x}")
}

/// Room for one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When it was received, nanoseconds since 1970; no other delivery has the same.
    pub id: i64,
    bytes: u64,
}

#[derive(Debug, Default)]
struct Queue {
    /// On disk, id → bytes; with those the worker is at.
    waiting: BTreeMap<i64, u64>,
    /// Those of them the worker has taken.
    taken: BTreeSet<i64>,
    /// With those that are being written.
    events: usize,
    bytes: u64,
    last_id: i64,
    is_stopped: bool,
}

/// The deliveries that wait.
#[derive(Debug, Default)]
pub struct Inbox {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Inbox {
    /// Those of a store: what the last process did not come to.
    pub fn load(store: &Store) -> Inbox {
        let mut queue = Queue::default();
        for (key, document) in store.documents(PREFIX) {
            let id = key.strip_prefix(PREFIX).and_then(|id| i64::from_str_radix(id, 16).ok());
            // Nothing else is stored there.
            let Some(id) = id else { continue };
            let bytes = document.len() as u64;
            queue.waiting.insert(id, bytes);
            queue.events += 1;
            queue.bytes += bytes;
            queue.last_id = queue.last_id.max(id);
        }
        Inbox { queue: Mutex::new(queue), changed: Condvar::new() }
    }

    /// Whether another delivery may come, looked at before its body is read.
    pub fn has_room(&self) -> bool {
        let queue = self.queue.lock();
        !queue.is_stopped && queue.events < EVENTS_MAX && queue.bytes < BYTES_MAX
    }

    /// Takes a place for a document of so many bytes; none when there is no room.
    pub fn reserve(&self, bytes: usize, now: i64) -> Option<Place> {
        let mut queue = self.queue.lock();
        let bytes = bytes as u64;
        // A document alone always fits.
        let is_full = queue.events > 0 && queue.bytes + bytes > BYTES_MAX;
        if queue.is_stopped || queue.events >= EVENTS_MAX || is_full {
            return None;
        }
        queue.events += 1;
        queue.bytes += bytes;
        // Queries tell times apart by whole steps.
        let now = now.div_euclid(STEP_NS) * STEP_NS;
        queue.last_id = now.max(queue.last_id + STEP_NS);
        Some(Place { id: queue.last_id, bytes })
    }

    /// Gives a place back whose document was not stored.
    pub fn release(&self, place: Place) {
        let mut queue = self.queue.lock();
        queue.events = queue.events.saturating_sub(1);
        queue.bytes = queue.bytes.saturating_sub(place.bytes);
    }

    /// Has the worker look at a delivery whose document is on disk.
    pub fn push(&self, place: Place) {
        self.queue.lock().waiting.insert(place.id, place.bytes);
        self.changed.notify_all();
    }

    /// Waits for deliveries and gives the oldest, at most so many; none when it is over.
    pub fn take(&self, max: usize) -> Option<Vec<i64>> {
        let mut queue = self.queue.lock();
        loop {
            if queue.is_stopped {
                return None;
            }
            let next = queue.waiting.keys().filter(|id| !queue.taken.contains(id));
            let next: Vec<i64> = next.take(max).copied().collect();
            if !next.is_empty() {
                queue.taken.extend(&next);
                return Some(next);
            }
            self.changed.wait(&mut queue);
        }
    }

    /// Has deliveries that were taken be taken again.
    pub fn put_back(&self, ids: &[i64]) {
        let mut queue = self.queue.lock();
        for id in ids {
            queue.taken.remove(id);
        }
    }

    /// Forgets deliveries whose documents are gone.
    pub fn done(&self, ids: &[i64]) {
        let mut queue = self.queue.lock();
        for id in ids {
            queue.taken.remove(id);
            if let Some(bytes) = queue.waiting.remove(id) {
                queue.events = queue.events.saturating_sub(1);
                queue.bytes = queue.bytes.saturating_sub(bytes);
            }
        }
        drop(queue);
        self.changed.notify_all();
    }

    /// Waits until a delivery is done; whether it is, when that takes longer.
    pub fn wait_done(&self, id: i64, longest: Duration) -> bool {
        let until = Instant::now() + longest;
        let mut queue = self.queue.lock();
        while queue.waiting.contains_key(&id) && !queue.is_stopped {
            if self.changed.wait_until(&mut queue, until).timed_out() {
                break;
            }
        }
        !queue.waiting.contains_key(&id)
    }

    /// Deliveries that wait, and bytes of their documents.
    pub fn size(&self) -> (usize, u64) {
        let queue = self.queue.lock();
        (queue.events, queue.bytes)
    }

    /// Has the worker end, and nothing more come in.
    pub fn stop(&self) {
        self.queue.lock().is_stopped = true;
        self.changed.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.queue.lock().is_stopped
    }
}
