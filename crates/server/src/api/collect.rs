//! The collector over HTTP: how it fares, a pass or a build at once, another try, a test call.

mod trial;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use azdo::collect::state;
use serde_json::json;
use store::Write;

use super::appinsights::json_headers;
use crate::app::{App, now};
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::collector::line::Line;
use crate::collector::sink::StoreNotes;
use crate::collector::wire;
use crate::error::{Refusal, append_status};

pub use self::trial::trial;

/// Parameters of the query string.
type Params = HashMap<String, String>;

/// `GET /api/collect`.
pub async fn status(State(app): State<Arc<App>>, parts: Parts) -> Result<Response, Refusal> {
    Caller::of(&app, &parts)?.may(Scope::Admin, None)?;
    let body = wire::status(&app.store, Some(&app.collectors), now());
    Ok((json_headers(), body.to_string()).into_response())
}

/// `POST /api/collect`.
pub async fn begin(
    State(app): State<Arc<App>>,
    Query(params): Query<Params>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may(Scope::Admin, None)?;
    let line = source(&app, &params)?;
    let target = match (params.get("project"), params.get("build")) {
        (None, None) => {
            line.pass_now();
            line.source.name.clone()
        }
        (Some(project), Some(build)) => {
            let number = build.parse::<i64>().ok().filter(|build| *build > 0);
            let number = number.ok_or_else(|| {
                Refusal::bad_request(format!("`{build}` is no number of a build"))
            })?;
            line.enqueue(project, number).map_err(|_| {
                let message = "too many builds wait to be collected; the next pass finds this one";
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, "limit", message)
            })?;
            format!("{}/{project}/{number}", line.source.name)
        }
        _ => return Err(Refusal::bad_request("`project` and `build` are needed together")),
    };
    let body = json!({ "queued": target }).to_string();
    let event = Event { target, status: 202, ..Event::new("collect") };
    audit::record_durably(&app, &caller, event).await;
    Ok((StatusCode::ACCEPTED, json_headers(), body).into_response())
}

/// `POST /api/collect/retry`.
pub async fn retry(
    State(app): State<Arc<App>>,
    Query(params): Query<Params>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may(Scope::Admin, None)?;
    let name = params.get("source").cloned();
    if name.is_some() {
        source(&app, &params)?;
    }
    let documents = state::retry(&StoreNotes(&app.store), name.as_deref());
    let count = documents.len();
    let default = app.apps.default().ok_or_else(Refusal::internal)?.app_id();
    let target = name.clone().unwrap_or_default();
    let event = Event { target, rows: count as u64, ..Event::new("collect.retry") };
    let rows = audit::rows(default, &caller, event);
    let written = app.store.append(Write { rows, documents }).await;
    written.map_err(|error| {
        tracing::error!(%error, "pending builds cannot be changed");
        let (status, message) = append_status(&error);
        Refusal::new(status, "internal", message)
    })?;
    let lines = app.collectors.all.iter();
    lines.filter(|line| name.as_ref().is_none_or(|n| *n == line.source.name)).for_each(|line| {
        line.pass_now();
    });
    Ok((json_headers(), json!({ "retried": count }).to_string()).into_response())
}

/// The source the parameter `source` names, or the one whose address `base` is.
fn source<'a>(app: &'a App, params: &Params) -> Result<&'a Arc<Line>, Refusal> {
    let found = match (params.get("source"), params.get("base")) {
        (Some(name), _) => app.collectors.by_name(name),
        (None, Some(base)) => app.collectors.by_base(base),
        (None, None) => return Err(Refusal::bad_request("`source` is needed")),
    };
    found.ok_or_else(|| {
        let name = params.get("source").or(params.get("base"));
        let name: String = name.into_iter().flat_map(|name| name.chars()).take(100).collect();
        Refusal::not_found(format!("there is no source `{name}` in the settings"))
    })
}
