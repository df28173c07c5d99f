//! What the pages of the portal ask: queries streamed or several at once, what can be queried.
//!
//! Invariant: everything here goes the way of the public query APIs (`crate::ask`): the same
//! callers, limits, list of running queries and audit; only the shapes are its own.

pub mod batch;
mod call;
pub mod check;
pub mod data;
pub mod export;
pub mod query;
pub mod schema;
pub mod snapshot;
mod wire;

use axum::http::{Method, StatusCode};
use axum::response::Response;

use crate::app::App;
use crate::error::Refusal;
use crate::headers::Ids;

/// Passes a request with the only method its route has.
fn expect(method: &Method, wanted: &Method) -> Result<(), Refusal> {
    if method == wanted {
        return Ok(());
    }
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Err(Refusal::new(status, "method", format!("only {wanted} is allowed")))
}

/// The answer, or what the portal is told instead; `text` is the query a refusal is about.
fn finish(app: &App, answer: Result<Response, Refusal>, ids: &Ids, text: &str) -> Response {
    let response = answer.unwrap_or_else(|refusal| wire::refused(&refusal, ids, text));
    app.metrics.count_answer("portal", response.status().as_u16());
    response
}
