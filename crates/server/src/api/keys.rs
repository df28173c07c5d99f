//! Keys over HTTP: the list, a new one, and the end of one.

pub mod wire;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::admin::require_json;
use super::appinsights::json_headers;
use crate::app::{App, now};
use crate::ask;
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;

/// `GET /api/keys`.
pub async fn list(State(app): State<Arc<App>>, parts: Parts) -> Result<Response, Refusal> {
    Caller::of(&app, &parts)?.may(Scope::Admin, None)?;
    let body = wire::list(&app.keys, &app.apps, now());
    Ok((json_headers(), body.to_string()).into_response())
}

/// `POST /api/keys`.
pub async fn create(
    State(app): State<Arc<App>>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may(Scope::Admin, None)?;
    require_json(&parts.headers)?;
    let wish = wire::read(&ask::read_json(&parts.headers, body).await?)?;
    let default = app.apps.default().ok_or_else(Refusal::internal)?.app_id();
    let shared = Arc::clone(&app);
    let made = tokio::task::spawn_blocking(move || {
        shared.keys.create(&wish, &shared.apps, now(), |key| {
            let target = format!("{} ({})", key.name, key.id);
            let event = Event { target, status: 201, ..Event::new("keys.create") };
            audit::rows(default, &caller, event)
        })
    });
    let (key, text) = made.await.map_err(|_| Refusal::internal())??;
    let any_admin = app.auth.any_admin(&app.keys, now());
    let mut body = wire::made(&key, &text, any_admin, &app.apps, now());
    if key.document.scopes.contains(&Scope::Hook) {
        let public_url = app.settings.access.public_url.as_deref();
        wire::add_hook_url(&mut body, &text, public_url, &app.url);
    }
    Ok((StatusCode::CREATED, json_headers(), body.to_string()).into_response())
}

/// `DELETE /api/keys/{key}`, by name or id.
pub async fn revoke(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may(Scope::Admin, None)?;
    let default = app.apps.default().ok_or_else(Refusal::internal)?.app_id();
    let shared = Arc::clone(&app);
    let done = tokio::task::spawn_blocking(move || {
        shared.keys.revoke(&name, now(), |key| {
            let target = format!("{} ({})", key.name, key.id);
            audit::rows(default, &caller, Event { target, ..Event::new("keys.revoke") })
        })
    });
    let (key, changed) = done.await.map_err(|_| Refusal::internal())??;
    let body = wire::revoked(&key, changed, &app.apps, now()).to_string();
    Ok((json_headers(), body).into_response())
}
