//! The portal's pages and files over HTTP. What its pages ask is in `api/portal`.
//!
//! Invariants: only `GET` and `HEAD` of a page or of a file that is there are answered here, and
//! never anything an API answers; a page runs no script that did not come from this server.
//! A browser that asks for a page there is not gets the pages with 404, and they say so.

pub mod files;
pub mod kind;
pub mod pages;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::files::{Accepted, Encoding, Sent};
use crate::api::health;
use crate::app::App;
use crate::headers;
use crate::settings::PortalFiles;

/// Where files are whose names change with their contents.
const ASSETS: &str = "assets/";

/// Tells one build of the portal from another.
pub fn build() -> &'static str {
    files::BUILD
}

/// Answers what is the portal's, before paths are rewritten and routed.
pub async fn serve(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match answer(&app, &request) {
        Some(response) => response,
        None => next.run(request).await,
    }
}

fn answer(app: &App, request: &Request) -> Option<Response> {
    let is_head = *request.method() == Method::HEAD;
    let source = &app.settings.portal.files;
    if *source == PortalFiles::Off || !(is_head || *request.method() == Method::GET) {
        return None;
    }
    let path = below_base(request.uri().path(), &app.settings.portal.base_path);
    let parts = pages::parts(path);
    let mut response = if pages::is_page(&parts) || parts == ["index.html"] {
        page(app, request)
    } else if pages::is_like_page(&parts) && wants_page(request.headers()) {
        let mut response = page(app, request);
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    } else {
        let accepted = accepted(request.headers());
        let file = path.trim_start_matches('/');
        match files::find(source, file, accepted) {
            Some(sent) => send(sent, file, request.headers(), source),
            None if file.starts_with(ASSETS) => {
                return Some(health::missing(request.uri().path()));
            }
            None => return None,
        }
    };
    if is_head {
        let length = axum::body::HttpBody::size_hint(response.body()).exact().unwrap_or(0);
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        *response.body_mut() = Body::empty();
    }
    Some(response)
}

/// Whether a browser asks for what it shows in its window.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepts.is_some_and(|kinds| kinds.contains("text/html"))
}

/// The path behind the base path, which a proxy may have taken away already.
fn below_base<'a>(path: &'a str, base: &str) -> &'a str {
    if path == base.trim_end_matches('/') {
        return "/";
    }
    // A base path ends with a slash, which stays.
    path.strip_prefix(&base[..base.len() - 1]).filter(|rest| rest.starts_with('/')).unwrap_or(path)
}

/// The one page that all pages begin as.
fn page(app: &App, request: &Request) -> Response {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the system has no random bytes")
            .into_response();
    }
    let nonce = STANDARD.encode(random);
    let base = &app.settings.portal.base_path;
    let text = files::index(&app.settings.portal.files)
        .replacen("<base href=\"/\"", &format!("<base href=\"{base}\""), 1)
        .replacen(
            "name=\"csp-nonce\" content=\"\"",
            &format!("name=\"csp-nonce\" content=\"{nonce}\""),
            1,
        )
        .replacen("<style nonce=\"\"", &format!("<style nonce=\"{nonce}\""), 1);
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; font-src 'self'; \
         img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
         base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    );
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    let mut set = |name, value: &str| {
        headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
    };
    set(header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(header::CACHE_CONTROL, "no-store");
    set(header::CONTENT_SECURITY_POLICY, &policy);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    // Browsers complain about it where they cannot heed it.
    if is_trustworthy(request) {
        set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    }
    response
}

/// Whether a browser takes the address it used for one that nobody can have changed on its way.
fn is_trustworthy(request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let host = host.unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let is_local = host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.starts_with("127.");
    is_local || headers::is_https(request.headers(), request.extensions())
}

fn send(sent: Sent, path: &str, request: &HeaderMap, source: &PortalFiles) -> Response {
    let is_known = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == sent.etag || tag == "*");
    let caching = match source {
        PortalFiles::Folder(_) => "no-cache",
        _ if path.starts_with(ASSETS) => "public, max-age=31536000, immutable",
        _ => "public, max-age=3600",
    };
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(Body::from(match sent.bytes {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        })),
    };
    let headers = response.headers_mut();
    headers.extend(HeaderValue::from_str(&sent.etag).ok().map(|tag| (header::ETAG, tag)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_known {
        return response;
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(sent.kind));
    let encoding = match sent.encoding {
        Encoding::Brotli => Some("br"),
        Encoding::Gzip => Some("gzip"),
        Encoding::Identity => None,
    };
    headers.extend(encoding.map(|name| (header::CONTENT_ENCODING, HeaderValue::from_static(name))));
    response
}

/// What `Accept-Encoding` lets be sent.
fn accepted(headers: &HeaderMap) -> Accepted {
    let mut accepted = Accepted { brotli: false, gzip: false };
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    for part in values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')) {
        let (name, rest) = part.split_once(';').unwrap_or((part, ""));
        let weight = rest.trim().strip_prefix("q=").map(|q| q.trim().parse::<f32>());
        let is_wanted = !matches!(weight, Some(Ok(q)) if q <= 0.0);
        match name.trim().to_ascii_lowercase().as_str() {
            "br" => accepted.brotli = is_wanted,
            "gzip" | "x-gzip" => accepted.gzip = is_wanted,
            _ => {}
        }
    }
    accepted
}
