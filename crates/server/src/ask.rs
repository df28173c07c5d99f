//! One way to ask the engine, used by every query API and by `telltale query --data`.
//!
//! Invariants: a question names one application and its caller, whose key was checked before; the
//! future it becomes is dropped when its caller leaves, which stops the query; either way the audit
//! has a row about it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use query::explain::Form;
use query::{Answer, AnswerStream, Limits, Part, Request, TableHead};

use crate::api::portal::history;
use crate::app::{App, now};
use crate::apps::Application;
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::body::{self, Fault};
use crate::error::Refusal;
use crate::history::Run;
use crate::running::{Place, Query};
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
    /// The caller's own words, for the audit: `text` unless it was made from them.
    pub original: String,
    pub app: Arc<Application>,
    /// Who asks: what the text may name depends on it.
    pub caller: Caller,
    /// Further applications whose rows are seen too.
    pub others: Vec<Arc<Application>>,
    pub now: i64,
    /// Half-open, nanoseconds.
    pub time_range: Option<(i64, i64)>,
    pub parameters: Vec<(String, String)>,
    pub limits: Limits,
    /// The client's program, when it says so.
    pub program: String,
    /// Whether to tell of an empty answer which `where` left no rows.
    pub explains_empty: bool,
    /// Whether other questions ask about the same rows.
    pub shares_conditions: bool,
    /// Whether it stands in the history of its caller when it ended.
    pub is_remembered: bool,
}

impl Question {
    /// `text` asked of `app` by `caller`, who may ask it, within the limits of the settings.
    pub fn new(
        text: String,
        app: Arc<Application>,
        caller: &Caller,
        settings: &settings::Query,
    ) -> Question {
        Question {
            original: text.clone(),
            text,
            app,
            caller: caller.clone(),
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
            program: String::new(),
            explains_empty: false,
            shares_conditions: false,
            is_remembered: false,
        }
    }

    /// Sets the time the caller is ready to wait. The longest is 10/3 of the setting, which is
    /// the vendor's relation of three to ten minutes.
    pub fn wait(&mut self, wait_ms: u64, settings: &settings::Query) {
        self.limits.time_ms = wait_ms.clamp(1, settings.time_ms.saturating_mul(10) / 3);
    }

    /// As the list of running queries shows it.
    fn listed(&self) -> Query {
        Query {
            client_id: match self.caller.request_id.as_str() {
                "" => uuid::Uuid::new_v4().to_string(),
                id => id.to_owned(),
            },
            text: self.original.clone(),
            application: self.app.number,
            user: self.caller.name().to_owned(),
            program: self.program.clone(),
            started: now(),
        }
    }

    /// The engine's form.
    pub fn request(&self) -> Request {
        Request {
            text: self.text.clone(),
            app: self.app.app_id(),
            apps: self.others.iter().map(|app| app.app_id()).collect(),
            nameable: self.caller.nameable(),
            audit: self.caller.sees_audit(),
            now: self.now,
            time_range: self.time_range,
            parameters: self.parameters.clone(),
            limits: self.limits.clone(),
            explains_empty: self.explains_empty,
            shares_conditions: self.shares_conditions,
        }
    }
}

/// An answer on its way: its tables' columns are known, its rows are being made.
#[derive(Debug)]
pub struct Asked {
    pub tables: Vec<TableHead>,
    stream: AnswerStream,
    watch: Watch,
}

impl Asked {
    /// Resolves when somebody cancels the query.
    pub async fn cancelled(&self) {
        self.watch.place.cancelled().await;
    }

    /// The next part of the answer; nothing comes after its end or a refusal.
    ///
    /// # Errors
    /// What the caller is told when the rest will not come.
    pub async fn next(&mut self) -> Result<Part, Refusal> {
        let part = self.watch.watch(self.stream.next()).await?;
        match &part {
            Part::Rows(rows) => self.watch.count(rows.num_rows()),
            Part::TableEnd(_) => {}
            Part::End(_) => self.watch.status = StatusCode::OK.as_u16(),
        }
        Ok(part)
    }
}

/// The status of a query whose client left before the answer, in the words of proxies.
const CLIENT_LEFT: u16 = 499;

/// What ends a query from outside; counts it and notes it in the audit when it ends, also when its
/// caller leaves.
struct Watch {
    app: Arc<App>,
    question: Question,
    action: &'static str,
    place: Place,
    start: Instant,
    status: u16,
    rows: u64,
    /// Why it failed.
    error: Option<String>,
}

impl Watch {
    fn new(app: &Arc<App>, question: &Question, action: &'static str) -> Watch {
        Watch {
            app: Arc::clone(app),
            question: question.clone(),
            action,
            place: app.running.add(question.listed()),
            start: Instant::now(),
            status: CLIENT_LEFT,
            rows: 0,
            error: None,
        }
    }

    /// Waits for work of the engine, no longer than the query may take or somebody cancels it.
    async fn watch<T>(
        &mut self,
        work: impl Future<Output = Result<T, query::Error>>,
    ) -> Result<T, Refusal> {
        // The engine keeps the time itself where it gets to look at the clock; a caller is
        // answered in time also when it does not.
        let time = Duration::from_millis(self.question.limits.time_ms).saturating_add(GRACE);
        let result = tokio::select! {
            result = tokio::time::timeout(time.saturating_sub(self.start.elapsed()), work) => {
                result.unwrap_or_else(|_| Err(self.too_slow()))
            }
            () = self.place.cancelled() => Err(query::Error::Cancelled),
        };
        result.map_err(|error| {
            self.app.metrics.queries_failed.fetch_add(1, Ordering::Relaxed);
            let refusal = Refusal::from(error);
            self.status = refusal.status.as_u16();
            let finding = refusal.diagnostics.first().map(|finding| finding.message.clone());
            self.error = Some(finding.unwrap_or_else(|| refusal.message.clone()));
            refusal
        })
    }

    fn count(&mut self, rows: usize) {
        self.rows += rows as u64;
        self.app.metrics.query_rows.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// Notes the run for who asked.
    fn remember(&mut self) {
        let has_ended = self.error.is_some() || self.status != CLIENT_LEFT;
        let error = if has_ended { self.error.take() } else { Some("stopped".to_owned()) };
        let run = Run {
            id: 0,
            at: self.question.now,
            app: self.question.app.name.clone(),
            kql: self.question.original.clone(),
            parameters: self.question.parameters.clone(),
            elapsed_ms: (self.start.elapsed().as_micros() as f64 / 100.0).round() / 10.0,
            rows: self.rows,
            error,
        };
        history::record(&self.app, &self.question.caller, run);
    }

    fn too_slow(&self) -> query::Error {
        let seconds = self.question.limits.time_ms as f64 / 1000.0;
        let message =
            format!("the query took longer than {seconds} s: narrow its time range or wait longer");
        query::Error::Limit { limit: "time", message }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.app.metrics.time_query(self.start.elapsed());
        if self.question.is_remembered {
            self.remember();
        }
        // Each application's audit names itself alone: its readers may not know the others.
        for asked in [&self.question.app].into_iter().chain(&self.question.others) {
            let event = Event {
                application: Some(asked.app_id()),
                target: asked.name.clone(),
                status: self.status,
                duration: self.start.elapsed(),
                rows: self.rows,
                query: self.question.original.clone(),
                ..Event::new(self.action)
            };
            audit::record(&self.app, &self.question.caller, event);
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("start", &self.start).finish_non_exhaustive()
    }
}

/// Asks; the rows come as they are made.
///
/// # Errors
/// What the caller is told when there is no answer.
pub async fn ask(app: &Arc<App>, question: &Question) -> Result<Asked, Refusal> {
    let mut watch = Watch::new(app, question, "query");
    let mut stream = watch.watch(Box::pin(app.engine.stream(question.request()))).await?;
    let tables = std::mem::take(&mut stream.tables);
    Ok(Asked { tables, stream, watch })
}

/// Asks for an answer that is small enough to be held, at most `memory_bytes` of it.
///
/// # Errors
/// What the caller is told when there is no answer.
pub async fn answer(app: &Arc<App>, question: &Question) -> Result<Answer, Refusal> {
    let mut watch = Watch::new(app, question, "query");
    let answer = watch.watch(Box::pin(app.engine.answer(question.request()))).await?;
    watch.count(answer.tables.iter().map(query::ResultTable::rows).sum());
    watch.status = StatusCode::OK.as_u16();
    Ok(answer)
}

/// The forms a question takes on its way to a plan.
///
/// # Errors
/// As [`answer`].
pub async fn explain(app: &Arc<App>, question: &Question) -> Result<Vec<Form>, Refusal> {
    let mut watch = Watch::new(app, question, "explain");
    let plan = watch.watch(Box::pin(app.engine.explain(question.request()))).await?;
    watch.status = StatusCode::OK.as_u16();
    Ok(plan)
}

/// The last part of a resource id, `/subscriptions/…/components/name`, and any other text itself.
pub fn last_part(text: &str) -> &str {
    text.trim_end_matches('/').rsplit('/').next().unwrap_or(text)
}

/// The application a call names and its caller may use, by name, id or the id of a resource called
/// like it; nothing and `NetDefaultDB` mean the default one, or the first one the caller sees.
///
/// # Errors
/// 404 when there is none of that name or id; 403 when the caller may not use it, or is not to
/// know whether it exists.
pub fn find_app(
    app: &App,
    caller: &Caller,
    scope: Scope,
    name: &str,
) -> Result<Arc<Application>, Refusal> {
    let found = match name.trim() {
        "" | "NetDefaultDB" => caller.home(&app.apps),
        name => app.apps.by_name_or_id(last_part(name)),
    };
    let Some(found) = found else {
        caller.may(scope, None)?;
        let name: String = name.chars().take(100).collect();
        return Err(Refusal::not_found(format!("there is no application `{name}`")));
    };
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
