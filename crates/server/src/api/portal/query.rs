//! `POST /api/portal/query`: a query, its rows as lines of JSON while they are made; or, asked to
//! `explain`, the forms it takes on its way to a plan.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use query::explain::Form;
use serde_json::{Value, json};

use super::call::{self, Call};
use super::wire::Lines;
use super::{expect, finish, json_answer, snapshot};
use crate::app::App;
use crate::ask;
use crate::error::Refusal;
use crate::headers::Ids;
use crate::reply;

/// Bytes of a plan that are sent; of more the beginning is, and how much there is is told.
const PLAN_BYTES_MAX: usize = 256 << 10;

/// `POST /api/portal/query`.
pub async fn query(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    let mut text = String::new();
    let answer = Box::pin(run(&app, request, &ids, &mut text)).await;
    finish(&app, answer, &ids, &text)
}

async fn run(
    app: &Arc<App>,
    request: Request,
    ids: &Ids,
    text: &mut String,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    expect(&parts.method, &Method::POST)?;
    let caller = Call::caller(app, &parts, ids)?;
    let body = ask::read_json(&parts.headers, body).await?;
    let call = Call::of(app, caller, &body)?;
    call::kql(&body)?.clone_into(text);
    if body.get("explain").and_then(Value::as_bool).unwrap_or_default() {
        return explain(app, &call, text).await;
    }
    let more = format!("query {:?}", body.get("rowsMax"));
    let tag = snapshot::tag(app, &call, &[text.as_str()], &more);
    if let Some(unchanged) = snapshot::unchanged(&parts.headers, tag.as_ref()) {
        return Ok(unchanged);
    }
    let (mut question, is_time_in_query) = call.question(app, text);
    if let Some(rows_max) = call::count(&body, "rowsMax")? {
        question.limits.rows_max = rows_max.min(question.limits.rows_max);
    }
    question.explains_empty = true;
    question.is_remembered = body.get("history").and_then(Value::as_bool).unwrap_or_default();
    let asked = ask::ask(app, &question).await?;
    let id = call.caller.request_id.clone();
    let lines = Lines::new(ids.clone(), id, text.clone(), is_time_in_query);
    Ok(snapshot::tagged(reply::respond(asked, lines).await?, tag))
}

/// The forms of a query. Its rows are not read, except those of sub-queries that a plan needs.
async fn explain(app: &Arc<App>, call: &Call, text: &str) -> Result<Response, Refusal> {
    let (question, _) = call.question(app, text);
    let forms = ask::explain(app, &question).await?;
    let bytes: usize = forms.iter().map(|form| form.text.len()).sum();
    let mut left = PLAN_BYTES_MAX;
    let shown = |form: &Form| {
        let shown = form.text.get(..form.text.floor_char_boundary(left)).unwrap_or_default();
        left -= shown.len();
        json!({ "name": form.name, "text": shown })
    };
    let forms: Vec<Value> = forms.iter().map(shown).collect();
    Ok(json_answer(&json!({ "forms": forms, "bytes": bytes, "isCut": bytes > PLAN_BYTES_MAX })))
}
