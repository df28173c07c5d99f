//! What the pages of the portal ask: queries streamed or several at once, what can be queried, and
//! what it keeps for those who use it.
//!
//! Invariant: every query goes the way of the public query APIs (`crate::ask`): the same callers,
//! limits, list of running queries and audit; only the shapes are its own.

pub mod batch;
mod call;
pub mod check;
pub mod data;
mod declared;
pub mod events;
pub mod export;
pub mod history;
pub mod links;
pub mod query;
pub mod saved;
pub mod schema;
pub mod session;
pub mod snapshot;
mod wire;

use axum::http::Method;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::appinsights::json_headers;
use crate::app::App;
use crate::error::Refusal;
use crate::headers::Ids;

/// Passes a request with the only method its route has.
fn expect(method: &Method, wanted: &Method) -> Result<(), Refusal> {
    if method == wanted { Ok(()) } else { Err(Refusal::method(wanted.as_str())) }
}

/// The answer, or what the portal is told instead; `text` is the query a refusal is about.
fn finish(app: &App, answer: Result<Response, Refusal>, ids: &Ids, text: &str) -> Response {
    let response = answer.unwrap_or_else(|refusal| wire::refused(&refusal, ids, text));
    app.metrics.count_answer("portal", response.status().as_u16());
    response
}

fn json_answer(body: &Value) -> Response {
    (json_headers(), body.to_string()).into_response()
}
