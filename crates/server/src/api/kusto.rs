//! The Kusto REST API: queries in both versions and management commands (spec query-api.md §1–§3).

pub mod commands;
mod options;
pub mod wire;

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use self::commands::Change;
use self::options::Options;
use self::wire::v1::V1;
use self::wire::v2::V2;
use super::admin::require_json;
use super::appinsights::json_headers;
use crate::app::App;
use crate::apps::Application;
use crate::ask::{self, Question};
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::headers::Ids;
use crate::parameters;
use crate::reply;

/// Longest name of a client's program that is kept.
const PROGRAM_CHARS_MAX: usize = 200;

/// Which of the API's routes was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    V1,
    V2,
    Management,
}

/// What a call brings.
#[derive(Debug)]
struct Call {
    caller: Caller,
    /// Whether it came in a way that only our clients use, not a page of another origin.
    may_change: bool,
    database: Arc<Application>,
    text: String,
    options: Options,
    parameters: Vec<(String, String)>,
    program: String,
}

/// `GET` and `POST /v1/rest/query`.
pub async fn query(State(app): State<Arc<App>>, request: Request) -> Response {
    handle(app, request, Endpoint::V1).await
}

/// `GET` and `POST /v2/rest/query`.
pub async fn query_v2(State(app): State<Arc<App>>, request: Request) -> Response {
    handle(app, request, Endpoint::V2).await
}

/// `POST /v1/rest/mgmt`.
pub async fn manage(State(app): State<Arc<App>>, request: Request) -> Response {
    handle(app, request, Endpoint::Management).await
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

async fn handle(app: Arc<App>, request: Request, endpoint: Endpoint) -> Response {
    let ids = Ids::of(&request);
    let mut text = String::new();
    let answer = Box::pin(run(&app, request, &ids, &mut text, endpoint)).await;
    let response = answer.unwrap_or_else(|refusal| {
        let (status, body) = wire::refusal(&refusal, &text, &ids);
        (status, refusal.headers(), json_headers(), body).into_response()
    });
    app.metrics.count_answer("kusto", response.status().as_u16());
    response
}

async fn run(
    app: &Arc<App>,
    request: Request,
    ids: &Ids,
    text: &mut String,
    endpoint: Endpoint,
) -> Result<Response, Refusal> {
    let call = Arc::new(read(app, request).await?);
    text.clone_from(&call.text);
    let trimmed = call.text.trim_start();
    if trimmed.starts_with('.') {
        if let Some(parts) = commands::split_change(trimmed) {
            let table = change(app, &call, parts).await?;
            if endpoint != Endpoint::V2 {
                return Ok((json_headers(), wire::v1::table(&table)).into_response());
            }
            *text = commands::as_datatable(&table);
        } else {
            let (words, piped) = commands::split(trimmed);
            let started = Instant::now();
            let table = commands::run(app, &call.caller, &call.database, words);
            let is_asked = piped.is_some() || endpoint == Endpoint::V2;
            // What is piped on is a query, and written down as one.
            if !is_asked || table.is_err() {
                audit::record(app, &call.caller, command_event(&call, &table, started));
            }
            let table = table?;
            if !is_asked {
                return Ok((json_headers(), wire::v1::table(&table)).into_response());
            }
            let rows = commands::as_datatable(&table);
            *text = format!("{rows}\n{}", piped.unwrap_or_default());
        }
    } else if endpoint == Endpoint::Management {
        return Err(Refusal::bad_request("a management command starts with a dot"));
    }
    let question = Question { text: text.clone(), ..question(app, &call) };
    let asked = ask::ask(app, &question).await?;
    match endpoint {
        Endpoint::V2 => reply::respond(asked, V2::new(ids.clone(), call.options.framing)).await,
        Endpoint::V1 | Endpoint::Management => reply::respond(asked, V1::new(ids.clone())).await,
    }
}

/// The text without rows that are written into it: they are no KQL whose literals could be told.
fn words_of(text: &str) -> &str {
    let is_ingest = text.trim_start().get(..7).is_some_and(|w| w.eq_ignore_ascii_case(".ingest"));
    match text.split_once("<|") {
        Some((words, _)) if is_ingest => words,
        _ => text,
    }
}

fn command_event(call: &Call, table: &Result<commands::Table, Refusal>, start: Instant) -> Event {
    Event {
        application: Some(call.database.app_id()),
        target: call.database.name.clone(),
        status: table.as_ref().map_or_else(|refusal| refusal.status.as_u16(), |_| 200),
        duration: start.elapsed(),
        rows: table.as_ref().map_or(0, |table| table.rows.len() as u64),
        query: words_of(&call.text).to_owned(),
        ..Event::new("command")
    }
}

/// Runs a command that changes something, if the caller may, and notes it. What has begun goes on
/// when its client leaves, so that the audit tells what became of it.
async fn change(
    app: &Arc<App>,
    call: &Arc<Call>,
    (word, rest): (&'static str, &str),
) -> Result<commands::Table, Refusal> {
    let started = Instant::now();
    let (app, call, rest) = (Arc::clone(app), Arc::clone(call), rest.to_owned());
    let work = tokio::spawn(async move {
        let table = match may_change(&call) {
            Ok(()) => commands::change(&Change::of(&app, &call), (word, &rest)).await,
            Err(refusal) => Err(refusal),
        };
        let event = command_event(&call, &table, started);
        audit::record_durably(&app, &call.caller, event).await;
        table
    });
    work.await.map_err(|_| Refusal::internal())?
}

/// # Errors
/// When the caller, or the way the command came, may not change anything.
fn may_change(call: &Call) -> Result<(), Refusal> {
    call.caller.may(Scope::Admin, Some(&call.database))?;
    if call.options.is_readonly {
        let message = "the request is read-only: leave the option `request_readonly` out";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", message));
    }
    if !call.may_change {
        let message = "a command that changes data must be posted as `application/json`";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bad_request", message));
    }
    Ok(())
}

impl Change {
    fn of(app: &Arc<App>, call: &Call) -> Change {
        Change {
            app: Arc::clone(app),
            database: Arc::clone(&call.database),
            question: question(app, call),
        }
    }
}

fn question(app: &App, call: &Call) -> Question {
    let settings = &app.settings.query;
    let database = Arc::clone(&call.database);
    let mut question = Question::new(call.text.clone(), database, &call.caller, settings);
    question.original = words_of(&call.text).to_owned();
    question.parameters.clone_from(&call.parameters);
    question.program.clone_from(&call.program);
    call.options.apply(&mut question, settings);
    question
}

async fn read(app: &App, request: Request) -> Result<Call, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = Caller::of(app, &parts)?;
    let may_change = require_json(&parts.headers).is_ok() && parts.method == Method::POST;
    let mut body = match parts.method {
        Method::GET => {
            let given = ask::parameters(&parts.uri).into_iter();
            given.map(|(name, value)| (name, Value::from(value))).collect()
        }
        Method::POST => ask::read_json(&parts.headers, body).await?,
        _ => return Err(Refusal::method("GET, POST")),
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
    let mut properties = parameters::object(body.remove("properties"), "properties")?;
    let program = parts.headers.get("x-ms-app").and_then(|value| value.to_str().ok());
    let program = program.unwrap_or_default().chars().take(PROGRAM_CHARS_MAX).collect();
    Ok(Call {
        caller,
        may_change,
        database,
        text,
        options: Options::read(&take_object(&mut properties, "Options"))?,
        parameters: parameters::values(take_object(&mut properties, "Parameters")),
        program,
    })
}

fn take_object(properties: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match properties.remove(name) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}
