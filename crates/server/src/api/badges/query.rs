//! Badges that show what a query answers, over HTTP.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::response::Response;

use super::{change, read, shortened, shown, wire};
use crate::app::App;
use crate::badges::plan::Plan;
use crate::error::Refusal;

/// `GET /api/badges/q/{name}`.
pub async fn one(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    shown(&app, &parts, &id(&name))
}

/// `PUT /api/badges/q/{name}`.
pub async fn put(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let document = wire::query(&name, read(&app, &parts, body).await?)?;
    if app.apps.by_name_or_id(&document.application).is_none() {
        let message = format!("there is no application `{}`", shortened(&document.application));
        return Err(Refusal::bad_request(message));
    }
    let planned = |plan: &mut Plan| plan.put_query(document);
    change(&app, &parts, "badges.query.set", &id(&name), planned).await
}

/// `DELETE /api/badges/q/{name}`.
pub async fn remove(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let planned = |plan: &mut Plan| plan.remove_query(&name);
    change(&app, &parts, "badges.query.delete", &id(&name), planned).await
}

/// `POST /api/badges/q/{name}/token`.
pub async fn renew_token(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let id = id(&name);
    change(&app, &parts, "badges.token", &id, |plan| plan.renew_token(&id)).await
}

fn id(name: &str) -> String {
    format!("q/{name}")
}
