//! Headers that answers carry whatever they answer: CORS, request ids, when to come back.
//!
//! Ingestion answers every origin (spec ingestion.md §14); the query APIs only configured ones,
//! by name, never `*` (spec query-api.md §1).

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::App;
use crate::auth;
use crate::error::{Refusal, retry_after};
use crate::listen::Peer;
use crate::portal;
use crate::routes;
use crate::settings::CertificateSource;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const ACTIVITY_ID: HeaderName = HeaderName::from_static("x-ms-activity-id");
const BUILD: HeaderName = HeaderName::from_static("x-telltale-build");
/// A page of a public site asks so before it calls an address of this machine or network.
const WANTS_PRIVATE: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOWS_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");
/// Headers of an answer that scripts of another origin may read.
const EXPOSED: &str = "x-ms-client-request-id, x-ms-activity-id, Retry-After";

/// How long senders of telemetry are told to wait (spec ingestion.md §4.1), in seconds.
pub const RETRY_INGESTION: RangeInclusive<u64> = 5..=30;
/// How long callers of the query APIs are told to wait, in seconds.
pub const RETRY_QUERY: RangeInclusive<u64> = 2..=6;

/// Says when to come back, each client at another time so that they do not come together. Always a
/// date: one SDK takes no number of seconds (spec ingestion.md §4.3).
pub fn set_retry_after(headers: &mut HeaderMap, wait_s: RangeInclusive<u64>) {
    let random = u64::from(uuid::Uuid::new_v4().as_bytes()[0]);
    let span = wait_s.end().saturating_sub(*wait_s.start()) + 1;
    let date = retry_after(Duration::from_secs(wait_s.start() + random % span));
    headers.extend(date.map(|date| (header::RETRY_AFTER, date)));
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

/// What all query APIs share: they stop when their client leaves, answer the origins of the
/// setting `query_origins` only, tell which methods a route has, and say when to come back.
pub async fn guard_queries(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    // A query nobody waits for any more is to stop.
    if let Some(peer) = request.extensions().get::<Peer>() {
        peer.gate.release();
    }
    if let Err(refusal) = check_sender(&app, request.method(), request.uri(), request.headers()) {
        let error = json!({ "error": { "code": refusal.code, "message": refusal.message } });
        return (refusal.status, Json(error)).into_response();
    }
    let origin = allowed_origin(&app, request.headers());
    let methods = request
        .extensions()
        .get::<MatchedPath>()
        .and_then(|path| routes::methods(path.as_str()))
        .map(|methods| format!("{methods}, OPTIONS"))
        .and_then(|methods| HeaderValue::from_str(&methods).ok());
    let sender = app.auth.is_on(&app.keys).then(|| sender(&request));
    let is_admin_api = request.uri().path().starts_with("/api/");
    let mut response = if request.method() == Method::OPTIONS {
        // A browser asks before it sends a key, so the key is not asked for.
        match &origin {
            Some(_) => preflight_query(request.headers(), methods.as_ref()),
            None => StatusCode::NO_CONTENT.into_response(),
        }
    } else {
        next.run(request).await
    };
    let status = response.status();
    if let Some(sender) = sender.filter(|_| status == StatusCode::FORBIDDEN) {
        auth::note_forbidden(&app, &sender);
    }
    let headers = response.headers_mut();
    if let Some(methods) = methods.filter(|_| status == StatusCode::METHOD_NOT_ALLOWED) {
        headers.insert(header::ALLOW, methods);
    }
    let is_busy = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    if is_busy && !headers.contains_key(header::RETRY_AFTER) {
        set_retry_after(headers, RETRY_QUERY);
    }
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    // A page of the portal that is older than the server notices.
    if is_admin_api {
        headers.insert(BUILD, HeaderValue::from_static(portal::build()));
    }
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static(EXPOSED);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// What tells who sent a request, after it was handled.
fn sender(request: &Request) -> Parts {
    let (mut parts, ()) = axum::http::Request::new(()).into_parts();
    parts.headers = request.headers().clone();
    parts.uri = request.uri().clone();
    parts.extensions = request.extensions().clone();
    parts
}

/// Keeps out what a web page makes its visitor's browser send. Where no key is needed, a page
/// whose name was made to mean this machine would be let in as anybody is: only names that nobody
/// else can give away are answered. And a page of another origin may send without asking what it
/// may not read.
///
/// # Errors
/// 403 for what must be kept out.
pub fn check_sender(
    app: &App,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let forbidden = |message| Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", message));
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let given = uri.authority().map(Authority::as_str).or_else(|| text(header::HOST));
    let host = given.and_then(|given| given.parse::<Authority>().ok());
    if let Some(host) = host.as_ref().map(Authority::host)
        && !app.auth.is_on(&app.keys)
        && !is_own_name(app, host)
    {
        let host: String = host.chars().take(100).collect();
        return forbidden(format!(
            "`{host}` is no name of this server: call it by its address or `localhost`, name it \
             in `tls_generate`, or make a key"
        ));
    }
    let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| given == Some(authority))
        || app.settings.access.public_url.as_deref().is_some_and(|url| is_of(url, origin));
    let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || is_own || allowed_origin(app, headers).is_some() {
        return Ok(());
    }
    let origin: String = origin.chars().take(100).collect();
    forbidden(format!("pages of `{origin}` may not call this: name it in `query_origins`"))
}

/// Whether pages at an address have this origin, which names no port that the scheme means anyway.
fn is_of(url: &str, origin: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let port = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(port).unwrap_or(authority);
    origin.eq_ignore_ascii_case(&format!("{scheme}://{authority}"))
}

/// Whether whoever sent a request did so over HTTPS, be it to a proxy of ours.
pub fn is_https(headers: &HeaderMap, extensions: &Extensions) -> bool {
    let is_tls = extensions.get::<Peer>().is_some_and(|peer| peer.is_tls);
    is_tls || headers.get("x-forwarded-proto").is_some_and(|value| value == "https")
}

/// Whether a host is this machine whoever resolves its name.
fn is_own_name(app: &App, host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let is_local = host == "localhost" || host.ends_with(".localhost");
    let generated = app.settings.access.tls.as_ref().is_some_and(|tls| match &tls.certificate {
        CertificateSource::Generated { hosts } => hosts.contains(&host),
        CertificateSource::Files { .. } => false,
    });
    is_local || generated || host.parse::<IpAddr>().is_ok()
}

/// The origin of a request, if it may call the query APIs.
fn allowed_origin(app: &App, request: &HeaderMap) -> Option<HeaderValue> {
    let origin = request.get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    app.settings.access.origins.iter().any(|allowed| allowed == text).then(|| origin.clone())
}

/// The answer to an allowed origin's question whether it may send.
fn preflight_query(request: &HeaderMap, methods: Option<&HeaderValue>) -> Response {
    let mut response = preflight(request, "GET, POST, OPTIONS");
    let headers = response.headers_mut();
    if let Some(methods) = methods {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
    }
    if request.get(WANTS_PRIVATE).is_some_and(|wants| wants == "true") {
        headers.insert(ALLOWS_PRIVATE, HeaderValue::from_static("true"));
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
