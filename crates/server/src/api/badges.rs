//! Badges over HTTP: the pictures ([`serve`]), and their administration.

mod address;
pub mod query;
mod serve;
pub mod wire;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use store::Write;

pub use self::serve::serve;
use super::admin::require_json;
use super::appinsights::json_headers;
use crate::app::{App, now};
use crate::ask;
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::badges::plan::{Error, Plan};
use crate::error::{Refusal, append_status};

/// `GET /api/badges`.
pub async fn list(State(app): State<Arc<App>>, parts: Parts) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may(Scope::Query, None)?;
    let is_admin = caller.may(Scope::Admin, None).is_ok();
    let body = wire::list(&app.badges, &app.public_url, is_admin);
    Ok((json_headers(), body.to_string()).into_response())
}

/// `GET /api/badges/{id}`.
pub async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    shown(&app, &parts, &id)
}

fn shown(app: &App, parts: &Parts, id: &str) -> Result<Response, Refusal> {
    let caller = Caller::of(app, parts)?;
    caller.may(Scope::Query, None)?;
    let found = app.badges.get(id).ok_or_else(|| Error::NotFound(shortened(id)))?;
    let is_admin = caller.may(Scope::Admin, None).is_ok();
    Ok((json_headers(), wire::shape(&found, &app.public_url, is_admin).to_string()).into_response())
}

fn shortened(id: &str) -> String {
    id.chars().take(64).collect()
}

/// `PUT /api/badges/{id}`.
pub async fn choose(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let choice = wire::choice(read(&app, &parts, body).await?)?;
    change(&app, &parts, "badges.set", &id, |plan| plan.choose(&id, choice, now())).await
}

/// `DELETE /api/badges/{id}`.
pub async fn remove(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    change(&app, &parts, "badges.delete", &id, |plan| plan.remove(&id)).await
}

/// `POST /api/badges/{id}/preview`: what saving the same body would show.
pub async fn preview(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let choice = wire::choice(read(&app, &parts, body).await?)?;
    let preview = app.badges.preview(&id, &choice)?;
    Ok((json_headers(), wire::preview(&preview).to_string()).into_response())
}

/// `POST /api/badges/{id}/token`.
pub async fn renew_token(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    change(&app, &parts, "badges.token", &id, |plan| plan.renew_token(&id)).await
}

/// The body of a call of an administrator.
async fn read(app: &App, parts: &Parts, body: Body) -> Result<Map<String, Value>, Refusal> {
    Caller::of(app, parts)?.may(Scope::Admin, None)?;
    require_json(&parts.headers)?;
    ask::read_json(&parts.headers, body).await
}

/// Makes a change durable together with its row of the audit, then shows it. Answers with the
/// badge as it is then.
async fn change(
    app: &Arc<App>,
    parts: &Parts,
    action: &'static str,
    id: &str,
    planned: impl FnOnce(&mut Plan) -> Result<(), Error>,
) -> Result<Response, Refusal> {
    let caller = Caller::of(app, parts)?;
    caller.may(Scope::Admin, None)?;
    let default = app.apps.default().ok_or_else(Refusal::internal)?.app_id();
    let mut plan = app.badges.plan().await;
    planned(&mut plan)?;
    let event = Event { target: shortened(id), ..Event::new(action) };
    let rows = audit::rows(default, &caller, event);
    // A caller who leaves must not end what was begun.
    let shared = Arc::clone(app);
    let done = tokio::task::spawn_blocking(move || {
        let documents = plan.documents();
        shared.store.append_blocking(Write { rows, documents })?;
        if let Err(error) = shared.badges.publish(plan) {
            tracing::error!(%error, "the file of a badge cannot be written");
        }
        Ok::<(), store::Error>(())
    });
    done.await.map_err(|_| Refusal::internal())?.map_err(|error| {
        tracing::error!(%error, "a badge cannot be changed");
        let (status, message) = append_status(&error);
        Refusal::new(status, "internal", message)
    })?;
    let body = match app.badges.get(id) {
        Some(entry) => wire::shape(&entry, &app.public_url, true),
        None => json!({ "deleted": id }),
    };
    Ok((json_headers(), body.to_string()).into_response())
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let message = error.to_string();
        match error {
            Error::NotFound(_) => Refusal::not_found(message),
            Error::Wrong(_) => Refusal::bad_request(message),
            Error::Choice(error) => {
                Refusal { field: Some(error.field()), ..Refusal::bad_request(message) }
            }
            Error::AliasTaken { .. } => {
                let refusal = Refusal::new(StatusCode::CONFLICT, "conflict", message);
                Refusal { field: Some("alias"), ..refusal }
            }
            Error::TooManyQueries => Refusal::new(StatusCode::TOO_MANY_REQUESTS, "limit", message),
        }
    }
}
