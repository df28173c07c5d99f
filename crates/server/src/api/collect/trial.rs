//! `POST /api/collect/try`: a test call to Azure DevOps for who sets a source up.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::api::admin::require_json;
use crate::api::appinsights::json_headers;
use crate::app::App;
use crate::ask;
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::collector::trial::{Found, Wanted, Wrong, run};
use crate::error::Refusal;

/// One call at a time: a person waits for it.
static TRIALS: Semaphore = Semaphore::const_new(1);

/// `POST /api/collect/try`.
pub async fn trial(
    State(app): State<Arc<App>>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may(Scope::Admin, None)?;
    require_json(&parts.headers)?;
    let wanted = read(ask::read_json(&parts.headers, body).await?)?;
    let place = TRIALS.try_acquire().map_err(|_| {
        let message = "another test call is under way: try again when it has ended";
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, "limit", message)
    })?;
    let event = Event { target: wanted.hosts.core.clone(), ..Event::new("collect.try") };
    audit::record_durably(&app, &caller, event).await;
    let stop = Arc::clone(&app.collectors.stop);
    // Whoever leaves meanwhile keeps the place taken until the call has ended.
    let found = tokio::task::spawn_blocking(move || {
        let _place = place;
        run(&wanted, stop)
    });
    let found = found.await.map_err(|_| Refusal::internal())?;
    Ok((json_headers(), shape(&found).to_string()).into_response())
}

fn shape(found: &Found) -> Value {
    let projects = found.projects.iter().map(
        |seen| json!({ "name": seen.name, "pipelines": seen.pipelines, "releases": seen.releases }),
    );
    let problems = found
        .problems
        .iter()
        .map(|problem| json!({ "about": problem.about.word(), "message": problem.message }));
    json!({
        "projects": projects.collect::<Vec<_>>(),
        "left": found.left,
        "problems": problems.collect::<Vec<_>>(),
    })
}

/// What a body asks for. Nothing of it is quoted: a token may stand in the wrong field.
fn read(mut body: Map<String, Value>) -> Result<Wanted, Refusal> {
    let at = |field, message: &str| Refusal { field: Some(field), ..Refusal::bad_request(message) };
    let base = match body.remove("base") {
        Some(Value::String(base)) => base,
        _ => return Err(at("base", "`base` is needed: the address of an organisation")),
    };
    let token = match body.remove("token") {
        None | Some(Value::Null) => None,
        Some(Value::String(token)) => Some(token),
        Some(_) => return Err(at("token", "`token` must be a text")),
    };
    let projects = match body.remove("projects") {
        None | Some(Value::Null) => Vec::new(),
        Some(value) => serde_json::from_value(value)
            .map_err(|_| at("projects", "`projects` must be a list of texts"))?,
    };
    if !body.is_empty() {
        let message = "there are no fields but `base`, `projects` and `token`";
        return Err(Refusal::bad_request(message));
    }
    Wanted::of(&base, &projects, token).map_err(|Wrong { field, message }| at(field, &message))
}
