//! A connection's bytes, with its end held back while a telemetry request is answered.
//!
//! A client that closes its half after sending looks like one that went away. For a query that
//! ends the work, which is wanted; a telemetry client gets its answer all the same.
//! Invariant: an end is held back at most until the answer is sent.

use std::io::Result;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Whether a connection's end is held back, shared by its stream and the request's handler.
#[derive(Debug, Default)]
pub struct Gate {
    is_held: AtomicBool,
    is_answered: AtomicBool,
    saw_end: AtomicBool,
    waker: AtomicWaker,
}

impl Gate {
    /// Holds the end back. Called once the request was read completely.
    pub fn hold(&self) {
        self.is_answered.store(false, Ordering::Release);
        self.is_held.store(true, Ordering::Release);
    }

    /// The answer is ready to be sent. True when the client has closed its half, so that the
    /// connection is of no further use.
    pub fn answer(&self) -> bool {
        self.is_answered.store(true, Ordering::Release);
        self.saw_end.load(Ordering::Acquire)
    }

    fn sent(&self) {
        if self.is_answered.swap(false, Ordering::AcqRel) {
            self.is_held.store(false, Ordering::Release);
            self.waker.wake();
        }
    }
}

/// The bytes of one connection.
#[derive(Debug)]
pub struct Stream {
    inner: TcpStream,
    gate: Arc<Gate>,
}

impl Stream {
    pub fn new(inner: TcpStream, gate: Arc<Gate>) -> Stream {
        Stream { inner, gate }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        let is_end = matches!(polled, Poll::Ready(Ok(())))
            && buffer.filled().len() == before
            && buffer.remaining() > 0;
        if !is_end {
            return polled;
        }
        self.gate.saw_end.store(true, Ordering::Release);
        // Registered before looking, or a wake between the two would be lost.
        self.gate.waker.register(context.waker());
        if self.gate.is_held.load(Ordering::Acquire) { Poll::Pending } else { polled }
    }
}

impl AsyncWrite for Stream {
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
