//! The metrics API: `/v1/apps/{app}/metrics/{metric}` and its sisters, answered by KQL that is
//! written here (spec query-api.md §5).

mod call;
mod definitions;
pub mod metadata;
pub mod several;
mod wire;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use self::call::{Call, Parameters};
use super::{finish, json_headers};
use crate::app::App;
use crate::ask::{self, Question};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;

/// `GET /v1/apps/{app}/metrics/{metric}`; the metric's slash may come encoded or not.
pub async fn one(
    State(app): State<Arc<App>>,
    Path((name, metric)): Path<(String, String)>,
    request: Request,
) -> Response {
    let mut kql = String::new();
    let answer = Box::pin(run(&app, &name, metric, request, &mut kql)).await;
    finish(&app, answer, &kql)
}

async fn run(
    app: &Arc<App>,
    name: &str,
    metric: String,
    request: Request,
    kql: &mut String,
) -> Result<Response, Refusal> {
    let (question, (parts, _)) = open(app, name, request, "GET")?;
    let parameters = Parameters::of_url(metric, ask::parameters(&parts.uri))?;
    let call = parameters.call(question.now)?;
    let body = answer(app, question, call, kql).await?;
    Ok((json_headers(), body).into_response())
}

/// The question without its text, and the request.
fn open(
    app: &Arc<App>,
    name: &str,
    request: Request,
    method: &str,
) -> Result<(Question, (Parts, Body)), Refusal> {
    let (parts, body) = request.into_parts();
    let caller = Caller::of(app, &parts)?;
    let found = ask::find_app(app, &caller, Scope::Query, name)?;
    if parts.method != *method {
        return Err(Refusal::method(method));
    }
    Ok((Question::new(String::new(), found, &caller, &app.settings.query), (parts, body)))
}

/// The JSON text of one metric.
async fn answer(
    app: &Arc<App>,
    mut question: Question,
    call: Call,
    kql: &mut String,
) -> Result<String, Refusal> {
    kql.clone_from(&call.kql);
    question.original.clone_from(&call.kql);
    question.text.clone_from(&call.kql);
    question.time_range = Some(call.range);
    let answer = ask::answer(app, &question).await?;
    let body = tokio::task::spawn_blocking(move || wire::metric(&answer, &call));
    body.await.map_err(|_| Refusal::internal())?
}
