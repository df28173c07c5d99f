//! The Kusto REST API, version 1: queries and management commands (spec query-api.md §1, §2).

pub mod commands;
pub mod wire;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use self::commands::Change;
use super::appinsights::json_headers;
use crate::app::App;
use crate::apps::Application;
use crate::ask::{self, Question};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;

/// What a call brings.
#[derive(Debug)]
struct Call {
    caller: Caller,
    /// Whether it came in a way that only our clients use, not a page of another origin.
    may_change: bool,
    database: Arc<Application>,
    text: String,
    options: Map<String, Value>,
    parameters: Vec<(String, String)>,
}

/// `GET` and `POST /v1/rest/query`.
pub async fn query(State(app): State<Arc<App>>, request: Request) -> Response {
    handle(app, request, false).await
}

/// `POST /v1/rest/mgmt`.
pub async fn manage(State(app): State<Arc<App>>, request: Request) -> Response {
    handle(app, request, true).await
}

/// `GET /v1/rest/ping`.
pub async fn ping() -> StatusCode {
    StatusCode::OK
}

/// `GET /v1/rest/auth/metadata`: one SDK asks before its first call (spec query-api.md §6).
pub async fn auth_metadata(State(app): State<Arc<App>>) -> Response {
    let metadata = json!({
        "AzureAD": {
            "LoginEndpoint": "https://login.microsoftonline.com",
            "LoginMfaRequired": false,
            "KustoClientAppId": "00000000-0000-0000-0000-000000000000",
            "KustoClientRedirectUri": "http://localhost",
            "KustoServiceResourceId": app.url,
            "FirstPartyAuthorityUrl": "",
        },
        "dSTS": {},
    });
    (json_headers(), metadata.to_string()).into_response()
}

async fn handle(app: Arc<App>, request: Request, is_management: bool) -> Response {
    let headers = request.headers().clone();
    let mut text = String::new();
    let answer = Box::pin(run(&app, request, &mut text, is_management)).await;
    let response = answer.unwrap_or_else(|refusal| {
        let (status, body) = wire::refusal(&refusal, &text, &headers);
        let mut response = (status, json_headers(), body).into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    });
    app.metrics.count_answer("kusto", response.status().as_u16());
    response
}

async fn run(
    app: &Arc<App>,
    request: Request,
    text: &mut String,
    is_management: bool,
) -> Result<Response, Refusal> {
    let start = Instant::now();
    let call = read(app, request).await?;
    text.clone_from(&call.text);
    let trimmed = call.text.trim_start();
    let question = if trimmed.starts_with('.') {
        if let Some(parts) = commands::split_change(trimmed) {
            let table = change(app, &call, parts).await?;
            return Ok((json_headers(), wire::table(&table)).into_response());
        }
        let (words, piped) = commands::split(trimmed);
        let table = commands::run(app, &call.database, words)?;
        let Some(piped) = piped else {
            return Ok((json_headers(), wire::table(&table)).into_response());
        };
        *text = format!("{}\n{piped}", commands::as_datatable(&table));
        Question::new(text.clone(), Arc::clone(&call.database), &app.settings.query)
    } else if is_management {
        return Err(Refusal::bad_request("a management command starts with a dot"));
    } else {
        question(app, &call)
    };
    let answer = ask::answer(app, &question).await?;
    let body = tokio::task::spawn_blocking(move || wire::answer(&answer, start));
    let body = body.await.map_err(|_| Refusal::internal())?;
    Ok((json_headers(), body).into_response())
}

/// Runs a command that changes something, if the caller may.
async fn change(
    app: &Arc<App>,
    call: &Call,
    parts: (&str, &str),
) -> Result<commands::Table, Refusal> {
    call.caller.may(Scope::Admin, Some(&call.database))?;
    if !call.may_change {
        let message = "a command that changes data must be posted as `application/json`";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bad_request", message));
    }
    let change = Change { app: Arc::clone(app), database: Arc::clone(&call.database) };
    commands::change(&change, parts).await
}

fn question(app: &App, call: &Call) -> Question {
    let settings = &app.settings.query;
    let mut question = Question::new(call.text.clone(), Arc::clone(&call.database), settings);
    question.parameters.clone_from(&call.parameters);
    let option = |name: &str| call.options.get(name);
    let whole = |value: &Value| match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    if let Some(wait) = option("servertimeout").and_then(Value::as_str) {
        let nanos = model::time::parse_timespan(wait).filter(|nanos| *nanos > 0);
        if let Some(nanos) = nanos {
            question.wait(nanos.unsigned_abs() / 1_000_000, settings);
        }
    }
    if matches!(option("notruncation"), Some(Value::Bool(true))) {
        // The rows are held in memory until they are sent, so the memory stays the limit.
        question.limits.rows_max = u64::MAX;
        question.limits.bytes_max = settings.memory_bytes;
    }
    if let Some(records) = option("truncationmaxrecords").and_then(whole) {
        question.limits.rows_max = records.max(1);
    }
    question.limits.rows_wanted = option("query_take_max_records").and_then(whole);
    if let Some(bytes) = option("truncationmaxsize").and_then(whole) {
        question.limits.bytes_max = bytes.clamp(1, settings.memory_bytes);
    }
    if let Some(now) = option("query_now").and_then(Value::as_str) {
        question.now = model::time::parse_datetime(now).unwrap_or(question.now);
    }
    question
}

async fn read(app: &App, request: Request) -> Result<Call, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = Caller::of(app, &parts)?;
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
    let may_change = is_json && parts.method == Method::POST;
    let mut body = match parts.method {
        Method::GET => {
            let given = ask::parameters(&parts.uri).into_iter();
            given.map(|(name, value)| (name, Value::from(value))).collect()
        }
        Method::POST => ask::read_json(&parts.headers, body).await?,
        _ => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            return Err(Refusal::new(status, "method", "only GET and POST are allowed"));
        }
    };
    let Some(Value::String(text)) = body.remove("csl") else {
        return Err(Refusal::bad_request("`csl` must be a text, the query"));
    };
    let name = match body.get("db") {
        Some(Value::String(name)) => name.as_str(),
        None | Some(Value::Null) => "",
        Some(_) => return Err(Refusal::bad_request("`db` must be a text, the database")),
    };
    let database = ask::find_app(app, &caller, Scope::Query, name)?;
    if text.trim().is_empty() {
        return Err(Refusal::bad_request("the query is empty"));
    }
    let mut properties = read_properties(body.remove("properties"))?;
    Ok(Call {
        caller,
        may_change,
        database,
        text,
        options: take_object(&mut properties, "Options"),
        parameters: parameters(take_object(&mut properties, "Parameters")),
    })
}

/// An object, or the JSON text of one: some SDKs send this, some that.
fn read_properties(value: Option<Value>) -> Result<Map<String, Value>, Refusal> {
    let wrong = || Refusal::bad_request("`properties` must be a JSON object or the text of one");
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(properties)) => Ok(properties),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(Map::new()),
        Some(Value::String(text)) => serde_json::from_str(&text).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

fn take_object(properties: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match properties.remove(name) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// Values of query parameters as texts: KQL literals or plain ones.
fn parameters(given: Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    given.into_iter().map(|(name, value)| (name, text(value))).collect()
}
