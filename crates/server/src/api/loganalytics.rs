//! The Log Analytics query API: workspaces are applications, and so are resources (spec
//! query-api.md §1, §4).
//!
//! Invariant: what is asked here is answered by the Application Insights API, in its shape; only
//! the application is found another way.

pub mod batch;
mod wire;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{appinsights, health, metadata};
use crate::app::App;
use crate::ask;
use crate::auth::{Caller, Scope};

/// `/v1/subscriptions/…/query` and `…/metadata`: the id of any resource stands in front of the
/// last word. Its last part names the application; when there is none of that name, the default
/// one is meant. A key that is not for all applications must name one of its own.
pub async fn resource(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    let Some((id, word)) = path.rsplit_once('/') else {
        return health::not_found(request).await.into_response();
    };
    let (mut parts, body) = request.into_parts();
    let found = Caller::of(&app, &parts).and_then(|caller| {
        parts.extensions.insert(caller.clone());
        ask::find_app(&app, &caller, Scope::Query, ask::last_part(id))
    });
    let name = match found {
        Ok(found) => found.id.clone(),
        // Queries written for the vendor's resources keep their ids.
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => String::new(),
        // Rows of another application than the one named would be a wrong answer.
        Err(refusal) => return appinsights::finish(&app, Err(refusal), ""),
    };
    let request = Request::from_parts(parts, body);
    match word {
        "query" => appinsights::query(State(app), Path(name), request).await,
        "metadata" => metadata::workspace(State(app), Path(name), request).await,
        _ => health::not_found(request).await.into_response(),
    }
}
