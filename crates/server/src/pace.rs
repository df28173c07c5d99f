//! An answer over HTTP/2, given in pieces and given up when nobody takes the next one.
//!
//! Over HTTP/1.1 an answer nobody takes stops the socket, which `stall.rs` watches; over HTTP/2 it
//! only stops its own stream, while the connection lives on.
//! Invariant: time runs only while a piece waits to be taken, never while the answer is computed.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::stall::{STALL_TIME, TAKEN_BYTES_MIN};

/// How often an answer is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The requests of one connection that are not answered whole yet.
#[derive(Debug)]
pub struct Requests {
    open: AtomicUsize,
    /// When the last one ended.
    ended: Mutex<Instant>,
}

impl Default for Requests {
    fn default() -> Requests {
        Requests { open: AtomicUsize::new(0), ended: Mutex::new(Instant::now()) }
    }
}

impl Requests {
    /// Counts one until what it gives is dropped.
    pub fn begin(self: &Arc<Requests>) -> Open {
        self.open.fetch_add(1, Ordering::AcqRel);
        Open(Arc::clone(self))
    }

    /// How long there has been none.
    pub fn idle(&self) -> Duration {
        match self.open.load(Ordering::Acquire) {
            0 => self.ended.lock().elapsed(),
            _ => Duration::ZERO,
        }
    }
}

/// One open request.
#[derive(Debug)]
pub struct Open(Arc<Requests>);

impl Drop for Open {
    fn drop(&mut self) {
        *self.0.ended.lock() = Instant::now();
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

struct State {
    /// What is left to be given; dropping it stops the query behind it.
    body: Body,
    /// A part of the body not given yet.
    rest: Bytes,
    /// Since when a given piece has not been taken.
    waits_since: Option<Instant>,
    _open: Open,
}

/// The body of an answer; `None` when it was given up.
struct Paced(Arc<Mutex<Option<State>>>);

/// Gives `body` in pieces, and gives it up when they are not taken.
pub fn paced(body: Body, open: Open) -> Body {
    let state = State { body, rest: Bytes::new(), waits_since: None, _open: open };
    let state = Arc::new(Mutex::new(Some(state)));
    tokio::spawn(give_up(Arc::downgrade(&state)));
    Body::new(Paced(state))
}

/// Drops an answer that stalls; ends with the answer.
async fn give_up(state: Weak<Mutex<Option<State>>>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(state) = state.upgrade() else { return };
        let mut state = state.lock();
        let since = state.as_ref().and_then(|state| state.waits_since);
        if since.is_some_and(|since| since.elapsed() >= STALL_TIME) {
            tracing::debug!("an answer was given up: its client does not take it");
            *state = None;
            return;
        }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut guard = self.0.lock();
        let Some(state) = guard.as_mut() else {
            let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
            return Poll::Ready(Some(Err(axum::Error::new(error))));
        };
        state.waits_since = None;
        if state.rest.is_empty() {
            match ready!(Pin::new(&mut state.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => state.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                other => return Poll::Ready(other),
            }
        }
        let count = state.rest.len().min(TAKEN_BYTES_MIN);
        state.waits_since = Some(Instant::now());
        Poll::Ready(Some(Ok(Frame::data(state.rest.split_to(count)))))
    }

    fn is_end_stream(&self) -> bool {
        let guard = self.0.lock();
        guard.as_ref().is_some_and(|state| state.rest.is_empty() && state.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let guard = self.0.lock();
        let Some(state) = guard.as_ref() else { return SizeHint::default() };
        let rest = state.rest.len() as u64;
        let inner = state.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
