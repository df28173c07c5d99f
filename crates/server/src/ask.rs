//! One way to ask the engine, used by every query API and by `telltale query --data`.
//!
//! Invariant: a question names one application, the caller's key was checked before, and the
//! future it becomes is dropped when its caller leaves, which stops the query.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use query::{Answer, Limits, Request};

use crate::app::{App, now};
use crate::apps::Application;
use crate::auth::{Caller, Scope};
use crate::body::{self, Fault};
use crate::error::Refusal;
use crate::settings;
use crate::timespan::parse_range;

/// Largest body of a query call, before and after decoding.
const BODY_BYTES_MAX: usize = 8 << 20;

/// How much longer than its limit a query is waited for.
const GRACE: Duration = Duration::from_secs(1);

/// What an API call asks, in every API's terms.
#[derive(Debug, Clone)]
pub struct Question {
    pub text: String,
    pub app: Arc<Application>,
    /// Further applications whose rows are seen too.
    pub others: Vec<Arc<Application>>,
    pub now: i64,
    /// Half-open, nanoseconds.
    pub time_range: Option<(i64, i64)>,
    pub parameters: Vec<(String, String)>,
    pub limits: Limits,
}

impl Question {
    /// `text` asked of `app` within the limits of the settings.
    pub fn new(text: String, app: Arc<Application>, settings: &settings::Query) -> Question {
        Question {
            text,
            app,
            others: Vec::new(),
            now: now(),
            time_range: None,
            parameters: Vec::new(),
            limits: Limits {
                rows_max: settings.rows_max,
                rows_wanted: None,
                bytes_max: settings.bytes_max,
                time_ms: settings.time_ms,
                memory_bytes: settings.memory_bytes,
            },
        }
    }

    /// Sets the time the caller is ready to wait. The longest is 10/3 of the setting, which is
    /// the vendor's relation of three to ten minutes.
    pub fn wait(&mut self, wait_ms: u64, settings: &settings::Query) {
        self.limits.time_ms = wait_ms.clamp(1, settings.time_ms.saturating_mul(10) / 3);
    }

    /// The engine's form.
    pub fn request(&self) -> Request {
        Request {
            text: self.text.clone(),
            app: self.app.app_id(),
            apps: self.others.iter().map(|app| app.app_id()).collect(),
            now: self.now,
            time_range: self.time_range,
            parameters: self.parameters.clone(),
            limits: self.limits.clone(),
        }
    }
}

/// Asks, and counts what it took.
///
/// # Errors
/// What the caller is told when there is no answer.
pub async fn answer(app: &App, question: &Question) -> Result<Answer, Refusal> {
    let start = Instant::now();
    let _running = Running::new(&app.metrics.queries_running);
    // The engine keeps the time itself where it gets to look at the clock; a caller is answered
    // in time also when it does not.
    let time = Duration::from_millis(question.limits.time_ms).saturating_add(GRACE);
    let asked = Box::pin(app.engine.answer(question.request()));
    let answer = tokio::time::timeout(time, asked).await.unwrap_or_else(|_| {
        let seconds = question.limits.time_ms as f64 / 1000.0;
        let message =
            format!("the query took longer than {seconds} s: narrow its time range or wait longer");
        Err(query::Error::Limit { limit: "time", message })
    });
    app.metrics.time_query(start.elapsed());
    match answer {
        Ok(answer) => {
            let rows: usize = answer.tables.iter().map(query::ResultTable::rows).sum();
            app.metrics.query_rows.fetch_add(rows as u64, Ordering::Relaxed);
            Ok(answer)
        }
        Err(error) => {
            app.metrics.queries_failed.fetch_add(1, Ordering::Relaxed);
            Err(error.into())
        }
    }
}

/// Counts a query for as long as its future lives.
struct Running<'a>(&'a AtomicU64);

impl<'a> Running<'a> {
    fn new(count: &'a AtomicU64) -> Running<'a> {
        count.fetch_add(1, Ordering::Relaxed);
        Running(count)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The last part of a resource id, `/subscriptions/…/components/name`, and any other text itself.
pub fn last_part(text: &str) -> &str {
    text.trim_end_matches('/').rsplit('/').next().unwrap_or(text)
}

/// The application a call names and its caller may use, by name, id or the id of a resource called
/// like it; nothing and `NetDefaultDB` mean the default one.
///
/// # Errors
/// 404 when there is none of that name or id, 403 when the caller may not use it.
pub fn find_app(
    app: &App,
    caller: &Caller,
    scope: Scope,
    name: &str,
) -> Result<Arc<Application>, Refusal> {
    let found = match name.trim() {
        "" | "NetDefaultDB" => app.apps.default(),
        name => app.apps.by_name_or_id(last_part(name)),
    };
    let name: String = name.chars().take(100).collect();
    let found =
        found.ok_or_else(|| Refusal::not_found(format!("there is no application `{name}`")))?;
    caller.may(scope, Some(&found))?;
    Ok(found)
}

/// The time range a `timespan` means at `now`, as [`parse_range`] gives it.
///
/// # Errors
/// When it means none.
pub fn read_range(timespan: &str, now: i64) -> Result<(i64, i64), Refusal> {
    parse_range(timespan, now).ok_or_else(|| {
        let shown: String = timespan.chars().take(100).collect();
        Refusal::bad_request(format!(
            "`timespan` is `{shown}`, but must be an ISO 8601 duration or interval"
        ))
    })
}

/// The JSON object in the body of a query call, decompressed.
///
/// # Errors
/// When it is too large, too slow, wrongly encoded or not a JSON object.
pub async fn read_json(
    headers: &HeaderMap,
    body: Body,
) -> Result<serde_json::Map<String, serde_json::Value>, Refusal> {
    match read_value(headers, body).await? {
        serde_json::Value::Object(object) => Ok(object),
        _ => Err(Refusal::bad_request("the body must be a JSON object")),
    }
}

/// The JSON body of a query call, decompressed.
///
/// # Errors
/// When it is too large, too slow, wrongly encoded or not JSON.
pub async fn read_value(headers: &HeaderMap, body: Body) -> Result<serde_json::Value, Refusal> {
    let bytes = body::read(headers, body, BODY_BYTES_MAX, None, |_| true).await.map_err(
        |fault| match fault {
            Fault::TooLarge => {
                Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", "the body is too large")
            }
            Fault::TooSlow => {
                Refusal::new(StatusCode::REQUEST_TIMEOUT, "limit", "the body took too long")
            }
            Fault::Broken | Fault::Refused => Refusal::bad_request("the body is broken off"),
        },
    )?;
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let decoded = ingest::body::decode(encoding, &bytes, BODY_BYTES_MAX).map_err(|error| {
        let status = match error {
            ingest::body::Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            ingest::body::Error::UnknownEncoding { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            _ => StatusCode::BAD_REQUEST,
        };
        Refusal::new(status, "bad_request", error.to_string())
    })?;
    let text = decoded.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&decoded);
    serde_json::from_slice(text)
        .map_err(|error| Refusal::bad_request(format!("the body is not JSON: {error}")))
}

/// The parameters in the URL.
pub fn parameters(uri: &axum::http::Uri) -> Vec<(String, String)> {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map(|query| query.0)
        .unwrap_or_default()
}
