//! Headers that answers carry whatever they answer: CORS, request ids, when to come back.
//!
//! Ingestion answers every origin (spec ingestion.md §14); the query APIs only configured ones,
//! by name, never `*` (spec query-api.md §1).

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::listen::Peer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const ACTIVITY_ID: HeaderName = HeaderName::from_static("x-ms-activity-id");

/// How long senders of telemetry are told to wait (spec ingestion.md §4.1), in seconds.
pub const RETRY_INGESTION: RangeInclusive<u64> = 5..=30;
/// How long callers of the query APIs are told to wait, in seconds.
pub const RETRY_QUERY: RangeInclusive<u64> = 2..=6;

/// Says when to come back, each client at another time so that they do not come together. Always a
/// date: one SDK takes no number of seconds (spec ingestion.md §4.3).
pub fn set_retry_after(headers: &mut HeaderMap, wait_s: RangeInclusive<u64>) {
    let random = u64::from(uuid::Uuid::new_v4().as_bytes()[0]);
    let span = wait_s.end().saturating_sub(*wait_s.start()) + 1;
    let at = chrono::Utc::now() + Duration::from_secs(wait_s.start() + random % span);
    let date = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        headers.insert(header::RETRY_AFTER, date);
    }
}

/// Lets the request's origin read an ingestion answer.
pub fn allow_any_origin(request: &HeaderMap, response: &mut Response) {
    let origin = request.get(header::ORIGIN).cloned();
    let origin = origin.unwrap_or(HeaderValue::from_static("*"));
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
}

/// The answer to a browser's question whether it may send.
pub fn preflight(request: &HeaderMap, methods: &'static str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    if let Some(wanted) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}

/// What all query APIs share: they stop when their client leaves, say when to come back, and answer
/// the origins of the setting `query_origins` only.
pub async fn guard_queries(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    // A query nobody waits for any more is to stop.
    if let Some(peer) = request.extensions().get::<Peer>() {
        peer.gate.release();
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_allowed = origin
        .as_ref()
        .and_then(|o| o.to_str().ok())
        .is_some_and(|origin| app.settings.access.origins.iter().any(|allowed| allowed == origin));
    let mut response = if request.method() == Method::OPTIONS {
        if is_allowed {
            preflight(request.headers(), "GET, POST, OPTIONS")
        } else {
            StatusCode::NO_CONTENT.into_response()
        }
    } else {
        next.run(request).await
    };
    if matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
    {
        set_retry_after(response.headers_mut(), RETRY_QUERY);
    }
    if let Some(origin) = origin.filter(|_| is_allowed) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    response
}

/// Gives back the id a client put on its request, and ours.
pub async fn echo_request_id(request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).cloned();
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if let Ok(value) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        response.headers_mut().entry(ACTIVITY_ID).or_insert(value);
    }
    response
}
