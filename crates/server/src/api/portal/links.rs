//! Short links to pages of the portal: `/s/{id}` leads to a path that was given before.
//!
//! Invariant: a link leads to a page of this server and nowhere else.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::text::{hex, percent_decoded};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::Write;

use super::super::admin::require_json;
use super::{finish, json_answer};
use crate::app::{App, now};
use crate::ask;
use crate::auth::{Caller, Scope};
use crate::error::{Refusal, append_status};
use crate::headers::{self, Ids};
use crate::portal::pages;

const PREFIX: &str = "link/";
/// Longest path with its query, in bytes.
const PATH_BYTES_MAX: usize = 16 << 10;
/// Links that are kept, and bytes of them; the oldest make room for new ones.
const LINKS_MAX: usize = 10_000;
const BYTES_MAX: usize = 4 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct Link {
    path: String,
    /// When it was made, nanoseconds since 1970.
    at: i64,
}

/// `POST /api/portal/links`.
pub async fn links(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    let (parts, body) = request.into_parts();
    let answer = match parts.method {
        Method::POST => make(&app, &parts, body).await,
        _ => Err(Refusal::method("POST")),
    };
    finish(&app, answer, &ids, "")
}

/// `GET /s/{id}`.
pub async fn follow(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let ids = Ids::of(&request);
    let (parts, _) = request.into_parts();
    let answer = match parts.method {
        Method::GET | Method::HEAD => lead(&app, &parts, &id),
        _ => Err(Refusal::method("GET")),
    };
    finish(&app, answer, &ids, "")
}

async fn make(app: &Arc<App>, parts: &Parts, body: Body) -> Result<Response, Refusal> {
    let caller = Caller::of(app, parts)?;
    caller.may_somewhere(Scope::Query)?;
    require_json(&parts.headers)?;
    let body = ask::read_json(&parts.headers, body).await?;
    let path = body.get("path").and_then(Value::as_str).unwrap_or_default().to_owned();
    check(&path)?;
    let id = hex(&Sha256::digest(path.as_bytes())[..8]);
    let key = format!("{PREFIX}{id}");
    if app.store.document(&key).is_none() {
        let bytes = serde_json::to_vec(&Link { path, at: now() }).map_err(|error| {
            tracing::error!(%error, "a link cannot be written");
            Refusal::internal()
        })?;
        let (shared, count) = (Arc::clone(app), bytes.len());
        let gone = tokio::task::spawn_blocking(move || superseded(&shared, count));
        let mut documents = gone.await.map_err(|_| Refusal::internal())?;
        documents.push((key, Some(bytes)));
        let write = Write { rows: Vec::new(), documents };
        app.store.append(write).await.map_err(|error| {
            let (status, message) = append_status(&error);
            Refusal::new(status, "storage", message)
        })?;
    }
    let url = match app.settings.access.public_url {
        Some(_) => format!("{}s/{id}", app.portal_url()),
        None => format!("{}{}s/{id}", origin(app, parts), app.settings.portal.base_path),
    };
    Ok(json_answer(&json!({ "id": id, "url": url })))
}

/// The oldest links, so many that another one of `bytes` has room.
fn superseded(app: &App, bytes: usize) -> Vec<(String, Option<Vec<u8>>)> {
    let all = app.store.documents(PREFIX);
    let mut room = BYTES_MAX.saturating_sub(bytes);
    let mut dated: Vec<(i64, String, usize)> = all
        .into_iter()
        .map(|(key, bytes)| {
            let link = serde_json::from_slice::<Link>(&bytes);
            (link.map_or(i64::MIN, |link| link.at), key, bytes.len())
        })
        .collect();
    dated.sort_unstable_by(|a, b| b.cmp(a));
    let mut gone = Vec::new();
    for (number, (_, key, bytes)) in dated.into_iter().enumerate() {
        match room.checked_sub(bytes) {
            Some(left) if number + 1 < LINKS_MAX && gone.is_empty() => room = left,
            _ => gone.push((key, None)),
        }
    }
    gone
}

/// Passes a path of a page, as a browser has it in its address line.
fn check(path: &str) -> Result<(), Refusal> {
    if path.len() > PATH_BYTES_MAX {
        let message = format!("`path` has {} bytes of {PATH_BYTES_MAX}", path.len());
        return Err(Refusal::bad_request(message));
    }
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let page = path.split(['?', '#']).next().unwrap_or_default();
    match is_plain && is_page(page) {
        true => Ok(()),
        false => Err(Refusal::bad_request(
            "`path` must be a page of the portal, such as `/a/default/logs?q=requests`, \
             percent-encoded",
        )),
    }
}

/// Whether a path is one of a page, also to those who decode it first and to browsers, which follow
/// `..` and `%2e%2e` upwards.
fn is_page(path: &str) -> bool {
    let plain = percent_decoded(path);
    let leads = |part: &str| matches!(part, "." | "..");
    let parts = pages::parts(&plain);
    path.starts_with('/')
        && !plain.contains("//")
        && !plain.split(['/', '\\']).any(leads)
        && pages::is_page(&pages::parts(path))
        // A name with a slash in it has more parts once it is decoded.
        && (pages::is_page(&parts) || pages::is_like_page(&parts))
}

/// Scheme and host as the caller wrote them.
fn origin(app: &App, parts: &Parts) -> String {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let host = parts.uri.authority().map(Authority::as_str).or_else(|| text("host"));
    let host = host.filter(|host| host.parse::<Authority>().is_ok());
    let is_tls = headers::is_https(&parts.headers, &parts.extensions);
    match host {
        Some(host) => format!("{}://{host}", if is_tls { "https" } else { "http" }),
        None => app.url.clone(),
    }
}

fn lead(app: &App, parts: &Parts, id: &str) -> Result<Response, Refusal> {
    let base = &app.settings.portal.base_path;
    let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let is_browser = accepts.is_some_and(|kinds| kinds.contains("text/html"));
    let is_id = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    match Caller::of(app, parts).and_then(|caller| caller.may_somewhere(Scope::Query)) {
        Ok(()) => {}
        Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED && is_browser && is_id => {
            // A base path has nothing to encode but its slashes.
            let to = format!("{base}s/{id}").replace('/', "%2F");
            return redirect(&format!("{base}sign-in?to={to}"));
        }
        Err(refusal) => return Err(refusal),
    }
    let found = app.store.document(&format!("{PREFIX}{id}"));
    let link = found.and_then(|bytes| serde_json::from_slice::<Link>(&bytes).ok());
    let link = link.ok_or_else(|| unknown(id))?;
    redirect(&format!("{base}{}", link.path.trim_start_matches('/')))
}

fn unknown(id: &str) -> Refusal {
    let id: String = id.chars().take(40).collect();
    Refusal::not_found(format!(
        "there is no link `{id}`: the newest {LINKS_MAX} are kept; ask for a new one"
    ))
}

fn redirect(target: &str) -> Result<Response, Refusal> {
    let target = HeaderValue::from_str(target).map_err(|_| Refusal::internal())?;
    let caching = HeaderValue::from_static("no-store");
    let headers = [(header::LOCATION, target), (header::CACHE_CONTROL, caching)];
    Ok((StatusCode::FOUND, headers).into_response())
}
