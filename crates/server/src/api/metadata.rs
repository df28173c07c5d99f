//! What can be queried, in the vendor's metadata shape: `/v1/apps/{app}/metadata` and
//! `/v1/workspaces/{app}/metadata` (spec query-api.md §1).

mod wire;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::appinsights::{finish, json_headers};
use crate::app::App;
use crate::apps::Application;
use crate::ask;
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::tables::OwnTable;

/// `GET` and `POST /v1/apps/{app}/metadata`.
pub async fn app(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    answer(&app, &name, request, wire::app)
}

/// `GET` and `POST /v1/workspaces/{app}/metadata`.
pub async fn workspace(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    answer(&app, &name, request, wire::workspace)
}

fn answer(
    app: &App,
    name: &str,
    request: Request,
    shape: fn(&Application, &[Arc<OwnTable>]) -> Value,
) -> Response {
    let (parts, _) = request.into_parts();
    let answer = Caller::of(app, &parts)
        .and_then(|caller| ask::find_app(app, &caller, Scope::Query, name))
        .and_then(|found| match parts.method {
            Method::GET | Method::POST => Ok(found),
            _ => Err(Refusal::method("GET, POST")),
        })
        .map(|found| {
            let own = app.apps.tables().list(found.app_id());
            (json_headers(), shape(&found, &own).to_string()).into_response()
        });
    finish(app, answer, "")
}
