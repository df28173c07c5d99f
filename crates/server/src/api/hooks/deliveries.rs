//! The last deliveries over HTTP, and the payload of one.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::api::appinsights::json_headers;
use crate::app::App;
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::hooks::deliveries::{self, DELIVERIES_MAX};

/// Deliveries in an answer when nothing else was asked for.
const LIMIT: usize = 200;

/// `GET /api/hooks/deliveries`.
pub async fn list(
    State(app): State<Arc<App>>,
    Query(params): Query<HashMap<String, String>>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let limit = match params.get("limit").map(|text| text.parse::<usize>()) {
        None => LIMIT,
        Some(Ok(limit)) if (1..=DELIVERIES_MAX).contains(&limit) => limit,
        Some(_) => {
            let message = format!("`limit` must be a whole number from 1 to {DELIVERIES_MAX}");
            return Err(Refusal::bad_request(message));
        }
    };
    let found =
        read(&app, &parts, move |app, runtime| deliveries::list(app, runtime, limit)).await?;
    Ok((json_headers(), found.to_string()).into_response())
}

/// `GET /api/hooks/deliveries/{id}`.
pub async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let shown: String = id.chars().take(64).collect();
    let found =
        read(&app, &parts, move |app, runtime| deliveries::payload(app, runtime, &id)).await?;
    let payload = found.ok_or_else(|| {
        Refusal::not_found(format!(
            "there is no stored delivery `{shown}`: what is refused is not stored, and rows end \
             with their retention"
        ))
    })?;
    Ok((json_headers(), payload).into_response())
}

/// Reads something for an administrator, on a thread that may block.
async fn read<T: Send + 'static>(
    app: &Arc<App>,
    parts: &Parts,
    work: impl FnOnce(&App, &tokio::runtime::Handle) -> Result<T, String> + Send + 'static,
) -> Result<T, Refusal> {
    Caller::of(app, parts)?.may(Scope::Admin, None)?;
    let (shared, runtime) = (Arc::clone(app), tokio::runtime::Handle::current());
    let done = tokio::task::spawn_blocking(move || work(&shared, &runtime)).await;
    done.map_err(|error| error.to_string()).flatten().map_err(|reason| {
        tracing::error!(reason, "the deliveries of hooks cannot be read");
        Refusal::internal()
    })
}
