//! The Application Insights query API: `/v1/apps/{app}/query`, and the plan of a query as text.

pub mod events;
pub mod metrics;
mod odata;
mod properties;
pub mod rows;
pub mod wire;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use self::wire::{Members, Tables};
use super::kusto::wire::v1::V1;
use crate::app::App;
use crate::ask::{self, Question};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::headers::Ids;
use crate::reply;

/// What the `Prefer` header asks for.
#[derive(Debug, Default)]
struct Prefer {
    wait_ms: Option<u64>,
    members: Members,
    /// `ai.response-thinning=false`: one client wants the Kusto shape from this URL.
    kusto: bool,
}

/// `GET` and `POST /v1/apps/{app}/query`.
pub async fn query(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let mut text = String::new();
    let answer = Box::pin(run(&app, &name, request, &mut text)).await;
    finish(&app, answer, &text)
}

/// `GET` and `POST /v1/apps/{app}/explain`.
pub async fn explain(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let mut text = String::new();
    let plan = Box::pin(run_explain(&app, &name, request, &mut text)).await;
    finish(&app, plan, &text)
}

/// The answer, or what the API says instead; `text` is the query a refusal is about.
pub fn finish(app: &App, answer: Result<Response, Refusal>, text: &str) -> Response {
    let response = answer.unwrap_or_else(|refusal| {
        let (status, body) = wire::refusal(&refusal, text);
        (status, refusal.headers(), json_headers(), body).into_response()
    });
    app.metrics.count_answer("query", response.status().as_u16());
    response
}

/// Headers of a JSON answer.
pub fn json_headers() -> [(header::HeaderName, &'static str); 1] {
    [(header::CONTENT_TYPE, "application/json; charset=utf-8")]
}

async fn run(
    app: &Arc<App>,
    name: &str,
    request: Request,
    text: &mut String,
) -> Result<Response, Refusal> {
    let ids = Ids::of(&request);
    let prefer = read_prefer(request.headers());
    let mut question = read(app, name, request, text).await?;
    if let Some(wait_ms) = prefer.wait_ms {
        question.wait(wait_ms, &app.settings.query);
    }
    let asked = ask::ask(app, &question).await?;
    match prefer.kusto {
        true => reply::respond(asked, V1::new(ids)).await,
        false => reply::respond(asked, Tables::new(prefer.members)).await,
    }
}

async fn run_explain(
    app: &Arc<App>,
    name: &str,
    request: Request,
    text: &mut String,
) -> Result<Response, Refusal> {
    let question = read(app, name, request, text).await?;
    let plan = query::explain::text(&ask::explain(app, &question).await?);
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], plan).into_response())
}

/// The question of a call. Leaves the query's text in `text`, also when something else is wrong.
async fn read(
    app: &App,
    name: &str,
    request: Request,
    text: &mut String,
) -> Result<Question, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = Caller::of(app, &parts)?;
    let found = ask::find_app(app, &caller, Scope::Query, name)?;
    let mut timespan = None;
    let mut others: Vec<String> = Vec::new();
    for (name, value) in ask::parameters(&parts.uri) {
        match name.as_str() {
            "query" => *text = value,
            "timespan" => timespan = Some(value),
            "applications" | "workspaces" => {
                others.extend(value.split(',').map(|app| app.trim().to_owned()))
            }
            _ => {}
        }
    }
    match parts.method {
        Method::GET => {}
        Method::POST => {
            let body = ask::read_json(&parts.headers, body).await?;
            match body.get("query") {
                Some(Value::String(query)) => text.clone_from(query),
                Some(_) => return Err(Refusal::bad_request("`query` must be a text")),
                None => {}
            }
            match body.get("timespan") {
                Some(Value::String(value)) => timespan = Some(value.clone()),
                Some(Value::Null) | None => {}
                Some(_) => return Err(Refusal::bad_request("`timespan` must be a text")),
            }
            for name in ["applications", "workspaces"] {
                match body.get(name) {
                    Some(Value::Array(apps)) if apps.iter().all(Value::is_string) => {
                        others.extend(apps.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    Some(Value::Null) | None => {}
                    Some(_) => {
                        let message = format!("`{name}` must be an array of texts");
                        return Err(Refusal::bad_request(message));
                    }
                }
            }
        }
        _ => return Err(Refusal::method("GET, POST")),
    }
    if text.trim().is_empty() {
        return Err(Refusal::bad_request("the query is empty"));
    }
    let mut question = Question::new(text.clone(), found, &caller, &app.settings.query);
    for name in others.iter().filter(|name| !name.is_empty()) {
        let other = ask::find_app(app, &caller, Scope::Query, name)?;
        let is_new = other.number != question.app.number
            && question.others.iter().all(|seen| seen.number != other.number);
        if is_new {
            question.others.push(other);
        }
    }
    if let Some(timespan) = timespan.filter(|timespan| !timespan.trim().is_empty()) {
        question.time_range = Some(ask::read_range(&timespan, question.now)?);
    }
    Ok(question)
}

fn read_prefer(headers: &HeaderMap) -> Prefer {
    let mut prefer = Prefer::default();
    let texts = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    for part in texts.flat_map(|text| text.split([',', ';'])) {
        let (name, value) = part.split_once('=').unwrap_or((part, "true"));
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "wait" => {
                let seconds: Option<f64> = value.parse().ok().filter(|s| *s > 0.0);
                prefer.wait_ms = seconds.map(|seconds| (seconds * 1000.0) as u64);
            }
            "include-statistics" => prefer.members.statistics = value == "true",
            "include-render" => prefer.members.render = value == "true",
            "ai.response-thinning" => prefer.kusto = value == "false",
            _ => {}
        }
    }
    prefer
}
