//! A connection's bytes, with its end held back while a telemetry request is answered.
//!
//! A client that closes its half after sending looks like one that went away. For a query that
//! ends the work, which is wanted; a telemetry client gets its answer all the same. Over HTTP/2 a
//! client resets the one stream it no longer wants, so there an end is always passed on.
//! Invariant: an end is held back at most until the answer is sent.

use std::io::{ErrorKind, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// No request is open: an end is passed on.
const IDLE: u8 = 0;
/// A request is open: an end is held back.
const HELD: u8 = 1;
/// A request is open that is to stop when its client leaves.
const RELEASED: u8 = 2;

/// What an HTTP/2 client sends first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a connection speaks is not known yet.
const UNDECIDED: u8 = 0;
const HTTP1: u8 = 1;
const HTTP2: u8 = 2;

/// Whether a connection's end is held back; shared by its stream and its requests' handlers.
#[derive(Debug, Default)]
pub struct Gate {
    state: AtomicU8,
    protocol: AtomicU8,
    is_answered: AtomicBool,
    saw_end: AtomicBool,
    end: Notify,
    waker: AtomicWaker,
}

impl Gate {
    /// Passes the end on from now on: the open request is to stop when its client leaves.
    pub fn release(&self) {
        self.state.store(RELEASED, Ordering::Release);
        self.waker.wake();
    }

    /// Resolves when the client closes its half.
    pub async fn ended(&self) {
        if !self.saw_end.load(Ordering::Acquire) {
            self.end.notified().await;
        }
    }

    /// The answer is ready to be sent. True when the client has closed its half, so that the
    /// connection is of no further use.
    pub fn answer(&self) -> bool {
        self.is_answered.store(true, Ordering::Release);
        self.saw_end.load(Ordering::Acquire)
    }

    /// Whether enough was received to tell the protocol.
    pub fn is_decided(&self) -> bool {
        self.protocol.load(Ordering::Acquire) != UNDECIDED
    }

    /// Whether the connection carries many requests at once.
    pub fn is_http2(&self) -> bool {
        self.protocol.load(Ordering::Acquire) == HTTP2
    }

    fn received(&self) {
        // Only the first bytes of a request: a released one stays so.
        let _ = self.state.compare_exchange(IDLE, HELD, Ordering::AcqRel, Ordering::Acquire);
    }

    fn sent(&self) {
        if self.is_answered.swap(false, Ordering::AcqRel) {
            self.state.store(IDLE, Ordering::Release);
            self.waker.wake();
        }
    }

    /// Whether the end just seen is held back.
    fn hold_end(&self, context: &Context<'_>) -> bool {
        if self.is_http2() {
            return false;
        }
        // Registered before looking, or a wake between the two would be lost.
        self.waker.register(context.waker());
        self.saw_end.store(true, Ordering::Release);
        self.end.notify_one();
        self.state.load(Ordering::Acquire) == HELD
    }
}

/// The bytes of one connection, in the clear.
#[derive(Debug)]
pub struct Stream<I> {
    inner: I,
    gate: Arc<Gate>,
    /// How many bytes of [`PREFACE`] were seen.
    preface_bytes: usize,
}

impl<I> Stream<I> {
    pub fn new(inner: I, gate: Arc<Gate>) -> Stream<I> {
        Stream { inner, gate, preface_bytes: 0 }
    }

    /// Looks at the first bytes received for what the connection speaks.
    fn look_at(&mut self, bytes: &[u8]) {
        let wanted = &PREFACE[self.preface_bytes..];
        let count = bytes.len().min(wanted.len());
        if bytes[..count] != wanted[..count] {
            self.gate.protocol.store(HTTP1, Ordering::Release);
        } else if count == wanted.len() {
            self.gate.protocol.store(HTTP2, Ordering::Release);
        }
        self.preface_bytes += count;
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Stream<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let mut polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        // TLS whose end is not announced: HTTP tells by itself whether a message is complete.
        if let Poll::Ready(Err(error)) = &polled
            && error.kind() == ErrorKind::UnexpectedEof
        {
            polled = Poll::Ready(Ok(()));
        }
        if !matches!(polled, Poll::Ready(Ok(()))) {
            return polled;
        }
        if buffer.filled().len() > before {
            if !self.gate.is_decided() {
                self.look_at(&buffer.filled()[before..]);
            }
            self.gate.received();
        } else if buffer.remaining() > 0 && self.gate.hold_end(context) {
            return Poll::Pending;
        }
        polled
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Stream<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        if polled.is_ready() {
            self.gate.sent();
        }
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
