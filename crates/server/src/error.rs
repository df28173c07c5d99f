//! The only place that turns a fault into an HTTP status.
//!
//! Each API's own error body is made from [`Refusal`] in that API's `wire.rs`.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use kql::diagnostic::Diagnostic;
use model::Fault;

/// Why a request got no result, in the words its caller may see.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: StatusCode,
    /// A stable word for programs: `bad_request`, `not_found`, `limit`, `internal`, …
    pub code: &'static str,
    pub message: String,
    /// The field of the body that is at fault, where one alone is.
    pub field: Option<&'static str>,
    /// What is wrong with the query text, when that is it.
    pub diagnostics: Vec<Diagnostic>,
    /// How long the caller is to wait, when it is known.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        let (message, diagnostics) = (message.into(), Vec::new());
        Refusal { status, code, message, field: None, diagnostics, retry_after: None }
    }

    /// The headers that belong to it: how to sign in, when to come back if that is known.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let date = self.retry_after.and_then(retry_after);
        headers.extend(date.map(|date| (header::RETRY_AFTER, date)));
        headers
    }

    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    pub fn not_found(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// What a method gets that its route does not have; `allowed` lists those it has: `GET, PUT`.
    pub fn method(allowed: &str) -> Refusal {
        let message = match allowed.rsplit_once(", ") {
            Some((others, last)) => format!("only {others} or {last} is allowed"),
            None => format!("only {allowed} is allowed"),
        };
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method", message)
    }

    pub fn internal() -> Refusal {
        let message = "an internal error happened; the server's log says more";
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

/// The time after `wait` as `Retry-After` has it: some clients take the date form only.
pub fn retry_after(wait: Duration) -> Option<HeaderValue> {
    let date = (chrono::Utc::now() + wait).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::from_str(&date).ok()
}

/// The status of a fault.
pub fn status(fault: Fault) -> StatusCode {
    match fault {
        Fault::Caller => StatusCode::BAD_REQUEST,
        Fault::Limit => StatusCode::TOO_MANY_REQUESTS,
        Fault::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The status the items of a failed append get (spec ingestion.md §4.1), and the text.
///
/// Failures that pass are 429 or 503, so that clients keep the items.
pub fn append_status(error: &store::Error) -> (StatusCode, &'static str) {
    match error {
        store::Error::Overloaded { .. } => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        store::Error::DiskFull { .. } => (StatusCode::SERVICE_UNAVAILABLE, "Storage is full"),
        store::Error::Closed => (StatusCode::SERVICE_UNAVAILABLE, "Shutting down"),
        store::Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "Request is too large"),
        error => match error.fault() {
            Fault::Internal => (StatusCode::SERVICE_UNAVAILABLE, "Storage is not available"),
            fault => (status(fault), "Request was refused"),
        },
    }
}

/// The status of a limit that a query meets.
pub fn limit_status(limit: &str) -> StatusCode {
    match limit {
        "time" => StatusCode::GATEWAY_TIMEOUT,
        "concurrent_queries" => StatusCode::TOO_MANY_REQUESTS,
        // The same query meets the same limit again.
        _ => StatusCode::BAD_REQUEST,
    }
}

impl From<query::Error> for Refusal {
    fn from(error: query::Error) -> Refusal {
        match error {
            query::Error::Query(diagnostics) => Refusal {
                diagnostics,
                ..Refusal::new(StatusCode::BAD_REQUEST, "query", "the query is wrong")
            },
            query::Error::Limit { limit, message } => {
                Refusal::new(limit_status(limit), "limit", message)
            }
            query::Error::Cancelled => {
                Refusal::new(StatusCode::BAD_REQUEST, "cancelled", "the query was cancelled")
            }
            query::Error::Argument { message, .. } => {
                Refusal::new(StatusCode::BAD_REQUEST, "query", message)
            }
            query::Error::Internal(reason) => {
                tracing::error!(reason, "a query failed");
                Refusal::internal()
            }
        }
    }
}

impl From<crate::keys::Error> for Refusal {
    fn from(error: crate::keys::Error) -> Refusal {
        if matches!(error, crate::keys::Error::NotFound(_)) {
            return Refusal::not_found(error.to_string());
        }
        let fault = error.fault();
        if fault == Fault::Internal {
            tracing::error!(%error, "changing a key failed");
            return Refusal::internal();
        }
        Refusal::new(status(fault), "bad_request", error.to_string())
    }
}

impl From<crate::tables::Error> for Refusal {
    fn from(error: crate::tables::Error) -> Refusal {
        if error.fault() == Fault::Internal {
            tracing::error!(%error, "changing a table failed");
            return Refusal::internal();
        }
        let status = match &error {
            crate::tables::Error::Store(error) => append_status(error).0,
            // The same call meets the same limit again.
            _ => StatusCode::BAD_REQUEST,
        };
        let code = if error.fault() == Fault::Limit { "limit" } else { "bad_request" };
        Refusal::new(status, code, error.to_string())
    }
}

impl From<crate::apps::Error> for Refusal {
    fn from(error: crate::apps::Error) -> Refusal {
        let fault = error.fault();
        if fault == Fault::Internal {
            tracing::error!(%error, "creating an application failed");
            return Refusal::internal();
        }
        Refusal::new(status(fault), "bad_request", error.to_string())
    }
}
