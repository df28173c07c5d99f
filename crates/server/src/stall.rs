//! A socket that gives up on a client that does not take what is sent to it.
//!
//! Invariant: time runs only while bytes wait to be taken; an answer that has nothing to send yet
//! may take as long as its own limits allow.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How long a client may take for [`TAKEN_BYTES_MIN`] of what waits for it.
pub const STALL_TIME: Duration = Duration::from_secs(60);
/// A client that takes this much in [`STALL_TIME`] is slow; one that takes less is stalled.
pub const TAKEN_BYTES_MIN: usize = 16 * 1024;

/// The bytes of one connection as they are on the network.
#[derive(Debug)]
pub struct Socket {
    inner: TcpStream,
    /// Runs while bytes wait.
    stall: Option<Pin<Box<Sleep>>>,
    /// Bytes taken since it runs.
    taken_bytes: usize,
}

impl Socket {
    pub fn new(inner: TcpStream) -> Socket {
        Socket { inner, stall: None, taken_bytes: 0 }
    }

    fn watch(
        &mut self,
        context: &mut Context<'_>,
        wrote: Poll<Result<usize>>,
    ) -> Poll<Result<usize>> {
        match wrote {
            Poll::Ready(Ok(bytes)) => {
                self.taken_bytes += bytes;
                if self.taken_bytes >= TAKEN_BYTES_MIN {
                    self.stall = None;
                }
                wrote
            }
            Poll::Ready(Err(_)) => wrote,
            Poll::Pending => {
                let taken_bytes = &mut self.taken_bytes;
                let stall = self.stall.get_or_insert_with(|| {
                    *taken_bytes = 0;
                    Box::pin(tokio::time::sleep(STALL_TIME))
                });
                match stall.as_mut().poll(context) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(()) => Poll::Ready(Err(Error::new(
                        ErrorKind::TimedOut,
                        "the client does not take its answer",
                    ))),
                }
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watch(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watch(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        // Asked only when everything was written: nothing waits.
        self.stall = None;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
