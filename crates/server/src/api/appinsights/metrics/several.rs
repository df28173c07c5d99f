//! `POST /v1/apps/{app}/metrics`: several metrics in one call, each with its own answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::{Map, Value};

use super::call::Parameters;
use super::wire::{self, Answered};
use super::{answer, open};
use crate::api::appinsights::{self, finish, json_headers};
use crate::app::App;
use crate::ask::{self, Question};
use crate::error::Refusal;

/// Most metrics of one call.
const METRICS_MAX: usize = 100;
/// Most that are computed at a time, if the setting `queries_max` is not lower.
const AT_ONCE: usize = 4;

/// One metric of a call.
struct Member {
    id: String,
    parameters: Map<String, Value>,
}

/// `POST /v1/apps/{app}/metrics`.
pub async fn several(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let answer = Box::pin(run(&app, &name, request)).await;
    finish(&app, answer, "")
}

async fn run(app: &Arc<App>, name: &str, request: Request) -> Result<Response, Refusal> {
    let (question, (parts, body)) = open(app, name, request, "POST")?;
    let members = read(ask::read_value(&parts.headers, body).await?)?;
    let at_once = AT_ONCE.min(app.settings.query.concurrent_max).max(1);
    let left = AtomicUsize::new(app.settings.query.bytes_max.try_into().unwrap_or(usize::MAX));
    let answers = futures::stream::iter(members)
        .map(|member| answer_member(app, question.clone(), member, &left))
        .buffered(at_once)
        .collect::<Vec<_>>()
        .await;
    Ok((json_headers(), wire::several(&answers)).into_response())
}

/// `left`: how many bytes the answers may still have together.
async fn answer_member(
    app: &Arc<App>,
    question: Question,
    member: Member,
    left: &AtomicUsize,
) -> Answered {
    let Member { id, parameters } = member;
    let mut kql = String::new();
    let answered = async {
        let call = Parameters::of_json(&parameters)?.call(question.now)?;
        let body = answer(app, question, call, &mut kql).await?;
        let take = |left: usize| left.checked_sub(body.len());
        match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(body),
            Err(_) => Err(too_large(app.settings.query.bytes_max)),
        }
    };
    match Box::pin(answered).await {
        Ok(body) => Answered { id, status: StatusCode::OK.as_u16(), body },
        Err(refusal) => {
            let (status, body) = appinsights::wire::refusal(&refusal, &kql);
            Answered { id, status: status.as_u16(), body }
        }
    }
}

fn too_large(bytes_max: u64) -> Refusal {
    let message = format!(
        "the metrics of a call may have {bytes_max} bytes together, and this one does not fit any \
         more: ask for it by itself"
    );
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", message)
}

/// The members, each with an id of its own.
fn read(body: Value) -> Result<Vec<Member>, Refusal> {
    let Value::Array(members) = body else {
        return Err(Refusal::bad_request("the body must be a JSON array of metrics"));
    };
    if members.len() > METRICS_MAX {
        let count = members.len();
        return Err(Refusal::bad_request(format!(
            "the body has {count} metrics, but a call may have {METRICS_MAX}: send several"
        )));
    }
    let mut found: Vec<Member> = Vec::with_capacity(members.len());
    for (index, mut member) in members.into_iter().enumerate() {
        let wrong =
            |what: &str| Refusal::bad_request(format!("the metric at index {index} {what}"));
        let id = match member.get("id") {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(wrong("must have an `id`, a text")),
        };
        if found.iter().any(|other| other.id == id) {
            return Err(wrong("has the `id` of another one: give each its own"));
        }
        match member.get_mut("parameters").map(Value::take) {
            Some(Value::Object(parameters)) => found.push(Member { id, parameters }),
            _ => return Err(wrong("must have `parameters`, a JSON object")),
        }
    }
    Ok(found)
}
