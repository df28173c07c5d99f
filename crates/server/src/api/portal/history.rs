//! What the caller ran in the portal.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::session::time_text;
use super::{finish, json_answer};
use crate::app::App;
use crate::ask;
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::headers::Ids;
use crate::history::{RUNS_MAX, Run};

/// Runs given where the caller says no number.
const LIMIT: usize = 100;

/// `GET` and `DELETE /api/portal/history`.
pub async fn history(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    let (parts, _) = request.into_parts();
    let answer = match parts.method {
        Method::GET => list(&app, &parts),
        Method::DELETE => clear(&app, &parts),
        _ => Err(Refusal::method("GET, DELETE")),
    };
    finish(&app, answer, &ids, "")
}

/// Notes a run of `caller`. Of those that nobody knows apart none is kept: they would see each
/// other's.
pub fn record(app: &App, caller: &Caller, run: Run) {
    if let Some(owner) = caller.owner() {
        app.history.record(&owner, run);
    }
}

fn list(app: &App, parts: &Parts) -> Result<Response, Refusal> {
    let caller = Caller::of(app, parts)?;
    caller.may_somewhere(Scope::Query)?;
    let (mut text, mut limit) = (String::new(), LIMIT);
    for (name, value) in ask::parameters(&parts.uri) {
        match name.as_str() {
            "q" => text = value,
            "limit" => {
                let number = value.parse().ok().filter(|number| (1..=RUNS_MAX).contains(number));
                limit = number.ok_or_else(|| {
                    Refusal::bad_request(format!("`limit` must be a number from 1 to {RUNS_MAX}"))
                })?;
            }
            _ => {}
        }
    }
    let runs = caller.owner().map(|owner| app.history.list(&owner, &text, limit));
    let runs: Vec<Value> = runs.unwrap_or_default().iter().map(shape).collect();
    Ok(json_answer(&json!({ "runs": runs })))
}

fn clear(app: &App, parts: &Parts) -> Result<Response, Refusal> {
    let caller = Caller::of(app, parts)?;
    caller.may_somewhere(Scope::Query)?;
    if let Some(owner) = caller.owner() {
        app.history.clear(&owner);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn shape(run: &Run) -> Value {
    json!({
        "id": run.id.to_string(),
        "at": time_text(run.at),
        "app": run.app,
        "kql": run.kql,
        "parameters": run.parameters.iter().cloned().collect::<BTreeMap<String, String>>(),
        "elapsedMs": run.elapsed_ms,
        "rows": run.rows,
        "error": run.error,
    })
}
