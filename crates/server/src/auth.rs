//! Who may ask: the static query key.
//!
//! Invariant: the key is compared in constant time and never logged.

use axum::http::{HeaderMap, StatusCode, header};

use crate::error::Refusal;

/// Passes a request that carries the key, or any when none is set.
///
/// # Errors
/// 401 when the key is missing or wrong.
pub fn check(headers: &HeaderMap, query_key: Option<&str>) -> Result<(), Refusal> {
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
