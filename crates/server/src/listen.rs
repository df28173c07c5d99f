//! Connections: accept, limits, timeouts, and the orderly end.
//!
//! Invariant: a request that was read completely is answered before the process ends, up to
//! [`GRACE`]; nothing a client does or leaves undone holds a connection for ever.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::stream::{Gate, Stream};

/// How long open requests may take once the process was told to end.
const GRACE: Duration = Duration::from_secs(7);
/// How long the head of a request may take; also how long an idle connection is kept.
const HEAD_TIME: Duration = Duration::from_secs(60);
const HEADERS_MAX: usize = 100;
/// Buffer per connection: the head of a request must fit, so must a chunk of its body.
const BUFFER_BYTES: usize = 64 * 1024;

/// The other side of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    pub address: SocketAddr,
    pub gate: Arc<Gate>,
}

/// Serves until `stop` resolves, then lets open requests finish.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(app.settings.access.connections_max));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        // Taking the place first leaves further connections in the kernel's queue, where they
        // wait instead of failing.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = &mut stop => break,
        };
        let Ok(place) = place else { break };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: pausing lets connections end.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let connection = connection(stream, peer, &router);
        let Some(connection) = connection else { continue };
        let connection = graceful.watch(connection);
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            app.metrics.connections.fetch_add(1, Ordering::Relaxed);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            app.metrics.connections.fetch_sub(1, Ordering::Relaxed);
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still open at the end");
    }
}

type Connection = hyper::server::conn::http1::Connection<
    TokioIo<Stream>,
    TowerToHyperService<
        tower::util::BoxCloneService<
            axum::http::Request<hyper::body::Incoming>,
            Response,
            std::convert::Infallible,
        >,
    >,
>;

fn connection(stream: TcpStream, peer: SocketAddr, router: &Router) -> Option<Connection> {
    // Answers are small and complete: waiting for more to send only delays the client's exit.
    stream.set_nodelay(true).ok()?;
    let gate = Arc::new(Gate::default());
    let peer = Peer { address: peer, gate: Arc::clone(&gate) };
    let answered = Arc::clone(&gate);
    let service = router.clone().layer(Extension(peer));
    let service = tower::ServiceExt::map_request(
        service,
        |request: axum::http::Request<hyper::body::Incoming>| request.map(axum::body::Body::new),
    );
    let service = tower::ServiceExt::map_response(service, move |mut response: Response| {
        if answered.answer() {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    });
    let service = tower::util::BoxCloneService::new(service);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES)
        .keep_alive(true);
    Some(http.serve_connection(
        TokioIo::new(Stream::new(stream, gate)),
        TowerToHyperService::new(service),
    ))
}
