//! Applications over HTTP: the list, and a new one.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::appinsights::json_headers;
use crate::app::{App, now};
use crate::apps::Application;
use crate::ask;
use crate::auth::{Caller, Scope};
use crate::error::Refusal;

/// `GET` and `POST /api/apps`.
pub async fn apps(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match parts.method {
        Method::GET => list(&app, &parts),
        Method::POST => create(&app, parts, body).await,
        _ => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            Err(Refusal::new(status, "method", "only GET and POST are allowed"))
        }
    };
    answer.unwrap_or_else(|refusal| {
        let error = json!({ "error": { "code": refusal.code, "message": refusal.message } });
        (refusal.status, json_headers(), error.to_string()).into_response()
    })
}

fn list(app: &App, parts: &Parts) -> Result<Response, Refusal> {
    Caller::of(app, parts)?.may(Scope::Admin, None)?;
    let apps: Vec<Value> = app.apps.all().iter().map(|found| shape(found, &app.url)).collect();
    Ok((json_headers(), json!({ "apps": apps }).to_string()).into_response())
}

async fn create(app: &Arc<App>, parts: Parts, body: Body) -> Result<Response, Refusal> {
    Caller::of(app, &parts)?.may(Scope::Admin, None)?;
    // A page of another origin can send text without asking, but not this type.
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::new(status, "bad_request", "the body must be `application/json`"));
    }
    let body = ask::read_json(&parts.headers, body).await?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let (name, key) = (text("name").unwrap_or_default(), text("instrumentationKey"));
    let shared = Arc::clone(app);
    let made =
        tokio::task::spawn_blocking(move || shared.apps.create(&name, key.as_deref(), now()));
    let made = made.await.map_err(|_| Refusal::internal())??;
    let body = shape(&made, &app.url).to_string();
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
