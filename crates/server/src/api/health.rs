//! Whether the server works, its counters, and the answer to unknown paths.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::appinsights::json_headers;
use crate::app::{App, now};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::metrics::Page;
use crate::{collector, hooks, routes};

/// `GET /healthz`: 200 while the process answers; the state of the store is in `/metrics`. Where
/// keys are needed it does not tell how many applications there are.
pub async fn healthz(State(app): State<Arc<App>>) -> Response {
    let mut body = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") });
    if !app.auth.is_on(&app.keys) {
        body["apps"] = app.apps.all().len().into();
    }
    (json_headers(), body.to_string()).into_response()
}

/// `GET /metrics`.
pub async fn metrics(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let caller = Caller::of(&app, &parts);
    if let Err(refusal) = caller.and_then(|caller| caller.may(Scope::Admin, None)) {
        return (refusal.status, refusal.headers(), refusal.message).into_response();
    }
    let stats = app.store.stats();
    let more = |page: &mut Page| {
        collector::metrics::lines(page, &app.collectors);
        hooks::metrics::lines(page, &app.hooks, &app.keys, &app.badges, now());
    };
    let text = app.metrics.text(&stats, app.running.count(), more, |id| {
        app.apps.by_number(id).map_or_else(|| id.0.to_string(), |found| found.name.clone())
    });
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// Any other method of a path that is there.
pub async fn wrong_method(path: MatchedPath) -> Refusal {
    Refusal::method(routes::methods(path.as_str()).unwrap_or_default())
}

/// Any other path.
pub async fn not_found(request: Request) -> Response {
    missing(request.uri().path())
}

/// The answer to a path that leads to nothing.
pub fn missing(path: &str) -> Response {
    let path: String = path.chars().take(200).collect();
    let error = json!({ "error": {
        "code": "PathNotFoundError",
        "message": format!("there is nothing at `{path}`"),
    } });
    (StatusCode::NOT_FOUND, json_headers(), error.to_string()).into_response()
}
