//! What the pages of the portal ask of the server.

pub mod session;

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::appinsights::json_headers;
use crate::error::Refusal;
use crate::headers::Ids;

/// The answer, or what the portal is told instead.
fn finish(answer: Result<Response, Refusal>, ids: &Ids) -> Response {
    answer.unwrap_or_else(|refusal| {
        let error = json!({ "error": {
            "code": refusal.code, "message": refusal.message, "requestId": ids.client,
        } });
        (refusal.status, refusal.headers(), json_headers(), error.to_string()).into_response()
    })
}

fn json_answer(body: &Value) -> Response {
    (json_headers(), body.to_string()).into_response()
}

/// What a method gets that its route does not have; `allowed` names those it has.
fn wrong_method(method: &Method, allowed: &str) -> Refusal {
    let method: String = method.as_str().chars().take(20).collect();
    let message = format!("{method} is not allowed here: use {allowed}");
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method", message)
}
