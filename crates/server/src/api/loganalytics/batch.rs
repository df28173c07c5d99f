//! `POST /v1/$batch`: several queries in one call, each with its own answer (spec query-api.md §4).
//!
//! Invariants: a member is answered as if it came by itself, with the key of the batch; at most
//! [`AT_ONCE`] run at a time, and their answers together are no larger than one answer may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::{Map, Value};

use super::wire::{self, Answered};
use crate::api::appinsights::{self, finish, json_headers};
use crate::api::metadata;
use crate::app::App;
use crate::ask;
use crate::auth::{Caller, Scope};
use crate::error::Refusal;

/// Most members of a batch.
const MEMBERS_MAX: usize = 100;
/// Most members that run at a time, if the setting `queries_max` is not lower.
const AT_ONCE: usize = 4;

/// One query of a batch.
#[derive(Debug)]
struct Member {
    id: String,
    workspace: String,
    method: Method,
    /// Path and query string.
    target: Uri,
    prefer: Option<HeaderValue>,
    body: Option<Value>,
}

/// `POST /v1/$batch`.
pub async fn batch(State(app): State<Arc<App>>, request: Request) -> Response {
    let answer = Box::pin(run(&app, request)).await;
    finish(&app, answer, "")
}

async fn run(app: &Arc<App>, request: Request) -> Result<Response, Refusal> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::of(app, &parts)?;
    caller.may_somewhere(Scope::Query)?;
    parts.extensions.insert(caller);
    if parts.method != Method::POST {
        return Err(Refusal::method("POST"));
    }
    let members = read(ask::read_json(&parts.headers, body).await?)?;
    let at_once = AT_ONCE.min(app.settings.query.concurrent_max).max(1);
    let left = AtomicUsize::new(app.settings.query.bytes_max.try_into().unwrap_or(usize::MAX));
    let answers = futures::stream::iter(members)
        .map(|member| answer(app, &parts, member, &left))
        .buffered(at_once)
        .collect::<Vec<_>>()
        .await;
    Ok((json_headers(), wire::responses(&answers)).into_response())
}

/// The members, each with an id of its own.
fn read(mut body: Map<String, Value>) -> Result<Vec<Member>, Refusal> {
    let Some(Value::Array(requests)) = body.remove("requests") else {
        return Err(Refusal::bad_request("`requests` must be an array, the queries of the batch"));
    };
    if requests.len() > MEMBERS_MAX {
        let count = requests.len();
        return Err(Refusal::bad_request(format!(
            "`requests` has {count} members, but a batch may have {MEMBERS_MAX}: send several"
        )));
    }
    let mut members: Vec<Member> = Vec::with_capacity(requests.len());
    for (index, request) in requests.into_iter().enumerate() {
        let member = read_member(request)
            .map_err(|what| Refusal::bad_request(format!("`requests[{index}]` {what}")))?;
        if members.iter().any(|other| other.id == member.id) {
            let id: String = member.id.chars().take(100).collect();
            return Err(Refusal::bad_request(format!(
                "`requests[{index}]` has the id `{id}` of another member: give each its own"
            )));
        }
        members.push(member);
    }
    Ok(members)
}

fn read_member(request: Value) -> Result<Member, &'static str> {
    let Value::Object(mut request) = request else { return Err("must be a JSON object") };
    let id = match request.remove("id") {
        Some(Value::String(id)) => id,
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err("must have an `id`, a text"),
    };
    let mut text = |name: &str| match request.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let (workspace, method, path) = (text("workspace"), text("method"), text("path"));
    let method = match method.to_ascii_uppercase().as_str() {
        "" => Method::GET,
        name => Method::from_bytes(name.as_bytes()).map_err(|_| "has a `method` that is none")?,
    };
    let target = path.parse().map_err(|_| "has a `path` that is none")?;
    let prefer = request.get("headers").and_then(Value::as_object).and_then(|headers| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("prefer")).map(|(_, v)| v)
    });
    let prefer = match prefer.and_then(Value::as_str) {
        Some(text) => Some(HeaderValue::from_str(text).map_err(|_| "has a wrong `Prefer`")?),
        None => None,
    };
    // As the vendor documents: a GET has no body.
    let body = request.remove("body").filter(|_| method != Method::GET);
    Ok(Member { id, workspace, method, target, prefer, body })
}

async fn answer(app: &Arc<App>, batch: &Parts, member: Member, left: &AtomicUsize) -> Answered {
    let Member { id, workspace, method, target, prefer, body } = member;
    let path = target.path().trim_matches('/').to_owned();
    let mut parts = batch.clone();
    parts.method = method;
    parts.uri = target;
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.headers.remove(header::CONTENT_LENGTH);
    let name = HeaderName::from_static("prefer");
    match prefer {
        Some(value) => drop(parts.headers.insert(name, value)),
        None => drop(parts.headers.remove(name)),
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = Request::from_parts(parts, body);
    let response = match path.as_str() {
        _ if workspace.trim().is_empty() => {
            let message = "the member has no `workspace`, the application to ask";
            finish(app, Err(Refusal::bad_request(message)), "")
        }
        "query" => appinsights::query(State(Arc::clone(app)), Path(workspace), request).await,
        "metadata" => metadata::workspace(State(Arc::clone(app)), Path(workspace), request).await,
        _ => {
            let path: String = path.chars().take(100).collect();
            let message = format!("a batch has no path `/{path}`: use `/query` or `/metadata`");
            finish(app, Err(Refusal::not_found(message)), "")
        }
    };
    match collect(app, response, left).await {
        Ok(answered) => Answered { id, ..answered },
        Err(refusal) => {
            let (status, body) = appinsights::wire::refusal(&refusal, "");
            Answered { id, status: status.as_u16(), retry_after: None, body }
        }
    }
}

/// The whole of a member's answer, if it fits into what the batch has left.
async fn collect(app: &App, response: Response, left: &AtomicUsize) -> Result<Answered, Refusal> {
    let (parts, body) = response.into_parts();
    let retry_after = parts.headers.get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
    let mut bytes = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| {
            tracing::warn!(%error, "an answer inside a batch broke off");
            Refusal::internal()
        })?;
        let take = |left: usize| left.checked_sub(chunk.len());
        if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            let bytes_max = app.settings.query.bytes_max;
            return Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "limit",
                format!(
                    "the answers of a batch may have {bytes_max} bytes together, and this one \
                     does not fit any more: send it by itself"
                ),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    let body = String::from_utf8(bytes).map_err(|_| Refusal::internal())?;
    Ok(Answered {
        id: String::new(),
        status: parts.status.as_u16(),
        retry_after: retry_after.map(str::to_owned),
        body,
    })
}
