//! Connections: accept, TLS, limits, timeouts, and the orderly end.
//!
//! Invariant: a request that was read completely is answered before the process ends, up to
//! [`GRACE`]; nothing a client does or leaves undone holds a connection for ever.

use std::convert::Infallible;
use std::io::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::app::App;
use crate::pace::{Requests, paced};
use crate::stall::Socket;
use crate::stream::{Gate, Stream};

/// How long open requests may take once the process was told to end.
const GRACE: Duration = Duration::from_secs(7);
/// How long a TLS handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// How long the head of a request may take; also how long an idle connection is kept.
const HEAD_TIME: Duration = Duration::from_secs(60);
/// How often connections are looked at for having been idle.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const HEADERS_MAX: usize = 100;
/// Buffer per connection: the head of a request must fit, so must a chunk of its body.
const BUFFER_BYTES: usize = 64 * 1024;
/// Requests one HTTP/2 connection may have open.
const STREAMS_MAX: u32 = 100;
/// Streams a client may reset before the server has looked at them (CVE-2023-44487).
const RESETS_MAX: usize = 50;
/// Bytes of bodies that a client may send ahead, per stream and per connection.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// An HTTP/2 client that says nothing is asked so often whether it is there, and given so long.
const PING_TIME: Duration = Duration::from_secs(20);
/// What a client gets that speaks HTTP where TLS is spoken.
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n\
    content-length: 45\r\nconnection: close\r\n\r\nthis port speaks HTTPS: use an `https://` URL";

/// The other side of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    pub address: SocketAddr,
    pub gate: Arc<Gate>,
    /// Whether the connection is encrypted.
    pub is_tls: bool,
}

/// Where connections come in.
pub struct Listeners {
    pub plain: Option<TcpListener>,
    pub tls: Option<(TcpListener, TlsAcceptor)>,
}

impl Listeners {
    /// The next connection of any listener, with what its bytes must go through.
    async fn accept(&self) -> (Result<(TcpStream, SocketAddr), Error>, Option<&TlsAcceptor>) {
        let plain = async {
            match &self.plain {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        let tls = async {
            match &self.tls {
                Some((listener, _)) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = plain => (accepted, None),
            accepted = tls => (accepted, self.tls.as_ref().map(|(_, acceptor)| acceptor)),
        }
    }
}

/// Serves until `stop` resolves, then lets open requests finish.
pub async fn serve(
    listeners: Listeners,
    app: Arc<App>,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let connections_max = app.settings.access.connections_max;
    let places = Arc::new(Semaphore::new(connections_max));
    let (told, stopping) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        // Taking the place first leaves further connections in the kernel's queue, where they
        // wait instead of failing.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = &mut stop => break,
        };
        let Ok(place) = place else { break };
        let (accepted, acceptor) = tokio::select! {
            accepted = listeners.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: pausing lets connections end.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (app, stopping) = (Arc::clone(&app), stopping.clone());
        let (router, acceptor) = (router.clone(), acceptor.cloned());
        tokio::spawn(async move {
            app.metrics.connections.fetch_add(1, Ordering::Relaxed);
            Box::pin(connection(stream, address, acceptor, router, stopping)).await;
            app.metrics.connections.fetch_sub(1, Ordering::Relaxed);
            drop(place);
        });
    }
    drop(listeners);
    // They would not end by themselves.
    app.streams.end();
    let _ = told.send(true);
    // All places are free when all connections have ended.
    let all = places.acquire_many(u32::try_from(connections_max).unwrap_or(u32::MAX));
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tracing::warn!("some requests were still open at the end");
    }
}

/// One connection from its first byte to its last.
async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    // Answers are small and complete: waiting for more to send only delays the client's exit.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let peer = Peer { address, gate: Arc::new(Gate::default()), is_tls: acceptor.is_some() };
    let Some(acceptor) = acceptor else {
        return http(Socket::new(stream), peer, router, stopping).await;
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_TIME, handshake(acceptor, stream)) => shaken,
        // Nothing was asked yet.
        _ = stopping.changed() => return,
    };
    match shaken {
        Ok(Ok(Some(stream))) => http(stream, peer, router, stopping).await,
        Ok(Ok(None)) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// The connection in the clear; `None` when the client spoke HTTP and was told so.
async fn handshake(
    acceptor: TlsAcceptor,
    mut stream: TcpStream,
) -> Result<Option<tokio_rustls::server::TlsStream<Socket>>, Error> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    if !first[0].is_ascii_uppercase() {
        return acceptor.accept(Socket::new(stream)).await.map(Some);
    }
    // Read, or closing would break off the answer.
    let mut head = [0; 4096];
    let _ = stream.read(&mut head).await?;
    stream.write_all(NOT_TLS).await?;
    stream.shutdown().await?;
    Ok(None)
}

/// HTTP/1.1 or HTTP/2, whichever the client begins with.
async fn http<I: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: I,
    peer: Peer,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let gate = Arc::clone(&peer.gate);
    let requests = Arc::new(Requests::default());
    let counted = Arc::clone(&requests);
    let service = hyper::service::service_fn(move |request| {
        answer(request, peer.clone(), router.clone(), Arc::clone(&counted))
    });
    let builder = builder();
    let stream = TokioIo::new(Stream::new(stream, Arc::clone(&gate)));
    let mut connection = pin!(builder.serve_connection(stream, service));
    let start = Instant::now();
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut is_ending = false;
    loop {
        tokio::select! {
            done = connection.as_mut() => {
                if let Err(error) = done {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            _ = stopping.changed(), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            _ = looks.tick() => {
                if !gate.is_decided() && start.elapsed() >= HEAD_TIME {
                    return;
                }
                // HTTP/1.1 has its own time for the next head.
                let idle = requests.idle();
                if gate.is_http2() && idle >= HEAD_TIME + GRACE {
                    return;
                }
                if gate.is_http2() && idle >= HEAD_TIME && !is_ending {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(BUFFER_BYTES as u32)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(BUFFER_BYTES)
        .keep_alive_interval(PING_TIME)
        .keep_alive_timeout(PING_TIME);
    builder
}

async fn answer(
    request: Request<Incoming>,
    peer: Peer,
    router: Router,
    requests: Arc<Requests>,
) -> Result<Response, Infallible> {
    let open = requests.begin();
    let gate = Arc::clone(&peer.gate);
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    let mut response = router.oneshot(request).await?;
    if gate.is_http2() {
        return Ok(response.map(|body| paced(body, open)));
    }
    if gate.answer() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
