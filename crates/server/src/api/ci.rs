//! What changes the data of pipelines by hand: new categories of issues.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Write;

use super::admin::{refused, require_json};
use super::appinsights::json_headers;
use crate::app::{App, now};
use crate::ask;
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::error::{Refusal, append_status};
use crate::triage::{self, Entry};

/// Longest name of who decided, in characters.
const BY_CHARS_MAX: usize = 100;

/// The body of `POST /api/ci/triage`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    #[serde(default)]
    application: String,
    /// Who decided; the caller when it is missing.
    #[serde(default)]
    by: String,
    issues: Vec<Entry>,
}

/// `POST /api/ci/triage`: gives issues a new category; all of them or none.
pub async fn triage(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match parts.method {
        Method::POST => store(&app, parts, body).await,
        _ => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            Err(Refusal::new(status, "method", "only POST is allowed"))
        }
    };
    answer.unwrap_or_else(|refusal| refused(&refusal))
}

async fn store(app: &Arc<App>, parts: Parts, body: Body) -> Result<Response, Refusal> {
    let caller = Caller::of(app, &parts)?;
    caller.may_somewhere(Scope::Admin)?;
    require_json(&parts.headers)?;
    let body = read(ask::read_json(&parts.headers, body).await?)?;
    let application = ask::find_app(app, &caller, Scope::Admin, &body.application)?;
    let by = match body.by.trim() {
        "" => caller.name().to_owned(),
        by => by.chars().take(BY_CHARS_MAX).collect(),
    };
    let rows = triage::rows(&body.issues, &by, now()).map_err(|error| {
        tracing::error!(%error, "rows of the triage do not fit their table");
        Refusal::internal()
    })?;
    let event = Event {
        application: Some(application.app_id()),
        target: application.name.clone(),
        rows: body.issues.len() as u64,
        ..Event::new("ci.triage")
    };
    let mut all = audit::rows(application.app_id(), &caller, event);
    all.push((application.app_id(), rows));
    let write = Write { rows: all, documents: Vec::new() };
    app.store.append(write).await.map_err(|error| {
        let (status, message) = append_status(&error);
        Refusal::new(status, "limit", message)
    })?;
    Ok((json_headers(), json!({ "stored": body.issues.len() }).to_string()).into_response())
}

fn read(body: serde_json::Map<String, Value>) -> Result<Wish, Refusal> {
    let body: Wish = serde_json::from_value(Value::Object(body))
        .map_err(|error| Refusal::bad_request(format!("the body is not usable: {error}")))?;
    if body.issues.is_empty() || body.issues.len() > triage::ENTRIES_MAX {
        let message = format!("give 1 to {} `issues` in a call", triage::ENTRIES_MAX);
        return Err(Refusal::bad_request(message));
    }
    let mut problems = body.issues.iter().enumerate();
    if let Some((i, problem)) = problems.find_map(|(i, entry)| Some((i, entry.problem()?))) {
        return Err(Refusal::bad_request(format!("issue {i}: {problem}")));
    }
    Ok(body)
}
