//! Telemetry in: track, validate, ids of applications, Live Metrics (spec ingestion.md §1–§4).
//!
//! Invariants: every answer has the four members and CORS headers; success is answered only after
//! the rows are on disk.

pub mod decode;
pub mod intake;
mod judged;
mod wire;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Extension, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use azdo::origin::Origin;
use ingest::breeze::Place;

use self::decode::Decoded;
use self::intake::{Hold, count_items};
use self::wire::{Answer, ItemError};
use crate::app::App;
use crate::arrivals::Tally;
use crate::auth::Caller;
use crate::body::{self, Fault};
use crate::error::append_status;
use crate::headers::{allow_any_origin, preflight};
use crate::listen::Peer;
use crate::metrics::Outcome;

/// Room a request waits for before its body is read; a larger body takes more as it arrives.
const FIRST_BYTES: usize = 256 * 1024;
/// A refused body up to this size is read, so that its items can be counted.
const COUNTED_BYTES_MAX: usize = 256 * 1024;
/// How long a request waits for room in the head.
const ROOM_WAIT: Duration = Duration::from_secs(2);
/// One SDK sends a refused batch again at once, for ever: it is made to wait.
const URLLIB_HOLD: Duration = Duration::from_secs(1);

/// `POST …/v2/track`, `POST …/v2.1/track`.
pub async fn post_track(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    take(app, peer, request, Way::Store(None)).await
}

/// `POST …/trace/{operation}/{span}/v2/track` and `/v2.1/track`: the items become a part of that
/// operation. With other texts than ids it is a prefix like any other.
pub async fn post_traced(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    let place = place(request.uri());
    take(app, peer, request, Way::Store(place)).await
}

/// The place in a trace a canonical path names.
fn place(uri: &Uri) -> Option<Place> {
    let mut parts = uri.path().split('/').skip(2);
    let origin = Origin::new(parts.next()?, parts.next()?)?;
    Some(Place { operation_id: origin.operation_id, span_id: origin.span_id })
}

/// What becomes of the items.
enum Way {
    Judge,
    /// Stored, in a place of a trace.
    Store(Option<Place>),
}

/// `POST …/v2/validate`: judges the items and stores nothing.
pub async fn post_validate(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    take(app, peer, request, Way::Judge).await
}

async fn take(app: Arc<App>, peer: Peer, request: Request, way: Way) -> Response {
    let start = Instant::now();
    let (parts, body) = request.into_parts();
    let mut response = match parts.method {
        Method::OPTIONS => preflight(&parts.headers, "POST, OPTIONS"),
        Method::POST => {
            let answer = answer(&app, &peer, &parts, body, way).await;
            if answer.is_kept() && is_urllib(&parts.headers) {
                tokio::time::sleep(URLLIB_HOLD).await;
            }
            answer.into_response()
        }
        _ => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut response = Answer::refused(0, status, "Only POST is allowed").into_response();
            let allowed = HeaderValue::from_static("POST, OPTIONS");
            response.headers_mut().insert(header::ALLOW, allowed);
            response
        }
    };
    allow_any_origin(&parts.headers, &mut response);
    if response.status() == StatusCode::REQUEST_TIMEOUT {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    app.metrics.time_track(start.elapsed());
    app.metrics.count_answer("track", response.status().as_u16());
    response
}

/// Read, decode, store: the whole of one request.
async fn answer(app: &Arc<App>, peer: &Peer, parts: &Parts, body: Body, way: Way) -> Answer {
    let caller = match Caller::of_ingestion(app, parts) {
        Ok(caller) => caller,
        Err(refusal) => return refuse_all(app, parts, body, refused(refusal.status)).await,
    };
    let bytes_max = app.settings.ingest.body_bytes_max;
    let (stores, place) = match way {
        Way::Judge => (false, None),
        Way::Store(place) => (true, place),
    };
    let stated = body::stated_length(&parts.headers);
    let wanted = stated.unwrap_or(FIRST_BYTES).min(FIRST_BYTES);
    let in_flight_max = app.settings.ingest.in_flight_bytes_max;
    if stores {
        wait_for_room(app).await;
    }
    let Some(mut hold) = Hold::admit(&app.intake, in_flight_max, wanted).await else {
        return refuse_all(app, parts, body, too_many).await;
    };
    let gate = Some(&*peer.gate);
    let read = body::read(&parts.headers, body, bytes_max, gate, |size| hold.grow_to(size));
    let bytes = match read.await {
        Ok(bytes) => bytes,
        Err(fault) => return unread(fault),
    };
    app.metrics.track_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    match decode::decode(Arc::clone(app), peer, caller, &parts.headers, bytes, hold, place).await {
        Decoded::Items { accepted, hold } => {
            let answer = store(app, accepted, stores).await;
            drop(hold);
            answer
        }
        Decoded::TooMany(items) => too_many(items),
        Decoded::Refused(status, message) => Answer::refused(1, status, message),
    }
}

/// Gives seals time to make room in memory: many tasks send once and do not come back, so a late
/// answer is better than a refusal. After [`ROOM_WAIT`] the append is refused.
pub async fn wait_for_room(app: &App) {
    let start = Instant::now();
    while !app.store.has_room() && start.elapsed() < ROOM_WAIT {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Appends the rows and states what became of every item.
async fn store(app: &App, accepted: ingest::breeze::Accepted, stores: bool) -> Answer {
    let mut errors: Vec<ItemError> = Vec::with_capacity(accepted.faults.len());
    let mut stored = accepted.accepted;
    let judged = (!stores).then(|| judged::items(app, &accepted));
    let tally = Tally::of(&accepted);
    if stores && stored > 0 {
        let write = store::Write { rows: accepted.batches, documents: Vec::new() };
        if let Err(error) = app.store.append(write).await {
            let (status, message) = append_status(&error);
            tracing::warn!(%error, items = stored, "items could not be stored");
            // In front of the refused ones: the first entry decides the answer's status, and
            // these are the items to send again.
            let mut refused = accepted.faults.iter().map(|f| f.index).peekable();
            let good = (0..accepted.received).filter(|index| refused.next_if_eq(index).is_none());
            errors.extend(good.take(stored).map(|index| ItemError {
                index,
                status: status.as_u16(),
                message: message.into(),
            }));
            stored = 0;
        }
    }
    if stores {
        app.metrics.arrivals.add(&tally, stored > 0, &accepted.faults, &accepted.cuts);
        let rejected =
            accepted.faults.iter().map(|f| ((Outcome::Rejected, "", f.reason.name()), 1));
        let cut = accepted.cuts.iter().map(|(cut, n)| ((Outcome::Cut, cut.ty, cut.field), *n));
        app.metrics.count_items(rejected.chain(cut));
        let tables = accepted.items.iter().map(|(table, n)| match stored {
            0 => ((Outcome::Rejected, *table, "not_stored"), *n),
            _ => ((Outcome::Accepted, *table, ""), *n),
        });
        app.metrics.count_items(tables);
    }
    errors.extend(accepted.faults.into_iter().map(|fault| ItemError {
        index: fault.index,
        status: fault.status,
        message: fault.message.into(),
    }));
    let first_app = accepted.first_app.filter(|_| stored > 0);
    Answer {
        received: accepted.received,
        accepted: stored,
        app_id: first_app.and_then(|id| app.apps.by_number(id)).map(|found| found.id.clone()),
        errors,
        judged,
    }
}

fn unread(fault: Fault) -> Answer {
    let (status, message) = match fault {
        Fault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request is too large"),
        Fault::TooSlow => (StatusCode::REQUEST_TIMEOUT, "Request body took too long"),
        Fault::Broken => (StatusCode::BAD_REQUEST, "Request body is broken off"),
        Fault::Refused => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
    };
    Answer::refused(1, status, message)
}

fn too_many(items: usize) -> Answer {
    Answer::refused(items, StatusCode::TOO_MANY_REQUESTS, "Too many requests")
}

/// What all items of a request get whose key does not admit it.
fn refused(status: StatusCode) -> impl Fn(usize) -> Answer {
    let message = match status {
        StatusCode::UNAUTHORIZED => "A valid key is needed",
        StatusCode::FORBIDDEN => "This key does not allow that",
        _ => "Too many requests",
    };
    move |items| Answer::refused(items, status, message)
}

/// Refuses a body unread: its items are counted when that is cheap, and each gets an entry.
async fn refuse_all(
    app: &App,
    parts: &Parts,
    body: Body,
    answer: impl Fn(usize) -> Answer,
) -> Answer {
    let stated = body::stated_length(&parts.headers).unwrap_or(usize::MAX);
    if stated > COUNTED_BYTES_MAX {
        return answer(1);
    }
    let Ok(bytes) = body::read(&parts.headers, body, COUNTED_BYTES_MAX, None, |_| true).await
    else {
        return answer(1);
    };
    let encoding = decode::encoding(&parts.headers);
    let bytes_max = app.settings.ingest.body_bytes_max;
    let Ok(_turn) = app.decoding.acquire().await else { return answer(1) };
    let items = tokio::task::spawn_blocking(move || {
        let decoded = ingest::body::decode(encoding.as_deref(), &bytes, bytes_max);
        decoded.map_or(1, |body| count_items(&body))
    });
    answer(items.await.unwrap_or(1))
}

fn is_urllib(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
    agent.starts_with(b"Python-urllib")
}

/// `GET …/api/profiles/{ikey}/appId`.
pub async fn get_app_id(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    let mut response = match *request.method() {
        Method::OPTIONS => preflight(request.headers(), "GET, OPTIONS"),
        Method::GET | Method::HEAD => match app.apps.by_key(&key) {
            Some(found) => (text, found.id.clone()).into_response(),
            None => (StatusCode::NOT_FOUND, text, "unknown instrumentation key").into_response(),
        },
        _ => {
            let refused = Answer::refused(0, StatusCode::METHOD_NOT_ALLOWED, "Only GET is allowed");
            let mut response = refused.into_response();
            let allowed = HeaderValue::from_static("GET, OPTIONS");
            response.headers_mut().insert(header::ALLOW, allowed);
            response
        }
    };
    allow_any_origin(request.headers(), &mut response);
    response
}

/// `POST …/QuickPulseService.svc/ping` and `/post`: nobody is watching (spec ingestion.md §15).
pub async fn post_quick_pulse(request: Request) -> Response {
    let mut response = match *request.method() {
        Method::OPTIONS => preflight(request.headers(), "POST, OPTIONS"),
        Method::POST => {
            let headers = [
                ("content-type", "application/json; charset=utf-8"),
                ("x-ms-qps-subscribed", "false"),
                ("x-ms-qps-service-polling-interval-hint", "5000"),
            ];
            // The body is small and read so that the connection stays usable.
            let (parts, body) = request.into_parts();
            let read = body::read(&parts.headers, body, COUNTED_BYTES_MAX, None, |_| true).await;
            let mut response = match read {
                Ok(_) => (headers, "").into_response(),
                Err(fault) => unread(fault).into_response(),
            };
            allow_any_origin(&parts.headers, &mut response);
            return response;
        }
        _ => Answer::refused(0, StatusCode::METHOD_NOT_ALLOWED, "Only POST is allowed")
            .into_response(),
    };
    allow_any_origin(request.headers(), &mut response);
    response
}

/// What a caller gets when handling its request panicked.
pub fn answer_panic(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(panic = text, "a request's handler panicked");
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let mut response = Answer::refused(1, status, "Internal error").into_response();
    allow_any_origin(&HeaderMap::new(), &mut response);
    response
}
