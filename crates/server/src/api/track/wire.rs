//! The JSON answer of track, all four members always (spec ingestion.md §4.1).
//!
//! Invariant: `errors` is an array and `message` a text, or two current clients lose data.

use std::borrow::Cow;
use std::fmt::Write;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::headers::{RETRY_INGESTION, set_retry_after};

/// One refused item.
#[derive(Debug, Clone)]
pub struct ItemError {
    pub index: usize,
    pub status: u16,
    pub message: Cow<'static, str>,
}

/// What became of a request's items.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub received: usize,
    pub accepted: usize,
    /// Id of the application of the first accepted item.
    pub app_id: Option<String>,
    /// When nothing was accepted, the first entry decides the status.
    pub errors: Vec<ItemError>,
    /// What would be stored, where that was asked instead of done: a member of its own, which the
    /// answer of track never has.
    pub judged: Option<Vec<serde_json::Value>>,
}

impl Answer {
    /// `items` items all refused for one reason; at least one entry.
    pub fn refused(items: usize, status: StatusCode, message: &'static str) -> Answer {
        let error = |index| ItemError { index, status: status.as_u16(), message: message.into() };
        let errors: Vec<ItemError> = (0..items.max(1)).map(error).collect();
        Answer { received: errors.len(), errors, ..Answer::default() }
    }

    pub fn status(&self) -> StatusCode {
        if self.accepted >= self.received {
            return StatusCode::OK;
        }
        if self.accepted > 0 {
            return StatusCode::PARTIAL_CONTENT;
        }
        let first = self.errors.first().and_then(|e| StatusCode::from_u16(e.status).ok());
        first.unwrap_or(StatusCode::BAD_REQUEST)
    }

    /// Whether clients are to send some of the items again.
    pub fn is_retryable(&self) -> bool {
        self.errors.iter().any(|error| matches!(error.status, 429 | 503))
    }

    /// Whether clients keep the items and send them again, told to or not.
    pub fn is_kept(&self) -> bool {
        self.is_retryable() || matches!(self.status().as_u16(), 401 | 403)
    }

    fn body(&self) -> String {
        let mut out = String::with_capacity(128 + 80 * self.errors.len());
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            out,
            "{{\"itemsReceived\":{},\"itemsAccepted\":{},\"appId\":",
            self.received, self.accepted
        );
        match &self.app_id {
            Some(id) => model::json::write_string(&mut out, id),
            None => out.push_str("null"),
        }
        out.push_str(",\"errors\":[");
        for (i, error) in self.errors.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let _ = write!(
                out,
                "{comma}{{\"index\":{},\"statusCode\":{},\"message\":",
                error.index, error.status
            );
            model::json::write_string(&mut out, &error.message);
            out.push('}');
        }
        out.push(']');
        if let Some(judged) = &self.judged {
            let _ = write!(out, ",\"items\":{}", serde_json::Value::from(judged.as_slice()));
        }
        out.push('}');
        out
    }

    /// The HTTP answer.
    pub fn into_response(self) -> Response {
        let status = self.status();
        let mut response = Response::new(Body::from(self.body()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if self.is_retryable() {
            set_retry_after(headers, RETRY_INGESTION);
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
