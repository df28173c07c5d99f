//! Applications over HTTP: the list, and a new one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::appinsights::json_headers;
use crate::app::{App, now};
use crate::apps::Application;
use crate::ask;
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;

/// The answer of all administration to what it refuses; the APIs of vendors have shapes of their
/// own.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(field) = self.field {
            error["field"] = json!(field);
        }
        let error = json!({ "error": error });
        (self.status, self.headers(), json_headers(), error.to_string()).into_response()
    }
}

/// Passes a body said to be JSON: a page of another origin can send text without asking, but not
/// this type.
pub fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Ok(());
    }
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Err(Refusal::new(status, "bad_request", "the body must be `application/json`"))
}

/// `GET /api/apps`.
pub async fn list(State(app): State<Arc<App>>, parts: Parts) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may_somewhere(Scope::Admin)?;
    let apps: Vec<Value> =
        caller.visible(&app.apps).iter().map(|found| shape(found, &app.public_url)).collect();
    Ok((json_headers(), json!({ "apps": apps }).to_string()).into_response())
}

/// `POST /api/apps`.
pub async fn create(
    State(app): State<Arc<App>>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may(Scope::Admin, None)?;
    require_json(&parts.headers)?;
    let body = ask::read_json(&parts.headers, body).await?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let (name, key) = (text("name").unwrap_or_default(), text("instrumentationKey"));
    let default = app.apps.default().ok_or_else(Refusal::internal)?.app_id();
    let shared = Arc::clone(&app);
    let made = tokio::task::spawn_blocking(move || {
        shared.apps.create(&name, key.as_deref(), now(), |made| {
            let target = made.name.clone();
            let event = Event { target, status: 201, ..Event::new("apps.create") };
            audit::rows(default, &caller, event)
        })
    });
    let made = made.await.map_err(|_| Refusal::internal())??;
    let body = shape(&made, &app.public_url).to_string();
    Ok((StatusCode::CREATED, json_headers(), body).into_response())
}

fn shape(found: &Application, url: &str) -> Value {
    json!({
        "id": found.id,
        "name": found.name,
        "instrumentationKey": found.instrumentation_key,
        "mode": found.mode,
        "created": found.created,
        "connectionString": connection_string(found, url),
    })
}

/// What an SDK is given (spec ingestion.md §2.2): slashes at the ends, no semicolon there.
pub fn connection_string(found: &Application, url: &str) -> String {
    format!(
        "InstrumentationKey={};IngestionEndpoint={url}/;LiveEndpoint={url}/;ApplicationId={}",
        found.instrumentation_key, found.id
    )
}
