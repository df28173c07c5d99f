//! Headers that answers carry whatever they answer: CORS, request ids.
//!
//! Ingestion answers every origin (spec ingestion.md §14); the query APIs only configured ones,
//! by name, never `*` (spec query-api.md §1).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::listen::Peer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const ACTIVITY_ID: HeaderName = HeaderName::from_static("x-ms-activity-id");

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

/// What all query APIs share: they stop when their client leaves, and answer the origins of the
/// setting `query_origins` only.
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
            preflight(request.headers(), "GET, POST, DELETE, OPTIONS")
        } else {
            StatusCode::NO_CONTENT.into_response()
        }
    } else {
        next.run(request).await
    };
    if let Some(origin) = origin.filter(|_| is_allowed) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    response
}

/// The names of one request: the client's, or ours when it gave none, and ours.
#[derive(Debug, Clone)]
pub struct Ids {
    pub client: String,
    pub activity: String,
}

impl Ids {
    /// Those of a request that came through [`name_request`].
    pub fn of(request: &Request) -> Ids {
        request.extensions().get().cloned().unwrap_or_else(|| Ids::new(request.headers()))
    }

    fn new(headers: &HeaderMap) -> Ids {
        let activity = uuid::Uuid::new_v4().to_string();
        let client = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        Ids { client: client.unwrap_or(&activity).to_owned(), activity }
    }
}

/// Names the request and gives the names back.
pub async fn name_request(mut request: Request, next: Next) -> Response {
    let ids = Ids::new(request.headers());
    request.extensions_mut().insert(ids.clone());
    let mut response = next.run(request).await;
    for (name, value) in [(REQUEST_ID, ids.client), (ACTIVITY_ID, ids.activity)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
