//! `POST /api/portal/batch`: the queries of one page in one call, each with its own answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use model::time::{Fraction, format_datetime};
use query::answer::Cells;
use query::{Answer, ResultTable};
use serde_json::{Map, Value, json};

use super::call::{self, Call};
use super::wire;
use super::{expect, finish, snapshot};
use crate::api::appinsights::json_headers;
use crate::app::App;
use crate::ask;
use crate::error::Refusal;
use crate::headers::Ids;

/// Most queries of one call.
const QUERIES_MAX: usize = 20;
/// Most rows of one answer; more are cut off and announced.
const ROWS_MAX: u64 = 10_000;
/// Most queries that run at a time, if the setting `queries_max` is not lower.
const AT_ONCE: usize = 4;
/// Longest id of a query, in bytes.
const ID_BYTES_MAX: usize = 200;

/// One query of a batch.
#[derive(Debug)]
struct Member {
    id: String,
    kql: String,
}

/// `POST /api/portal/batch`.
pub async fn batch(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    let answer = Box::pin(run(&app, request, &ids)).await;
    finish(&app, answer, &ids, "")
}

async fn run(app: &Arc<App>, request: Request, ids: &Ids) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    expect(&parts.method, &Method::POST)?;
    let caller = Call::caller(app, &parts, ids)?;
    let mut body = ask::read_json(&parts.headers, body).await?;
    let call = Call::of(app, caller, &body)?;
    let members = read(&mut body)?;
    let ids_of: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
    let texts: Vec<&str> = members.iter().map(|member| member.kql.as_str()).collect();
    let tag = snapshot::tag(app, &call, &texts, &format!("batch {ids_of:?}"));
    if let Some(unchanged) = snapshot::unchanged(&parts.headers, tag.as_ref()) {
        return Ok(unchanged);
    }
    // Taken first: rows that come meanwhile make the answer newer than it says, never older.
    let state = snapshot::id(app, &call.application);
    let at_once = AT_ONCE.min(app.settings.query.concurrent_max).max(1);
    let count = members.len().max(1) as u64;
    let results: Vec<(String, bool)> = futures::stream::iter(members)
        .map(|member| answer(app, &call, ids, member, count))
        .buffered(at_once)
        .collect()
        .await;
    let now = format_datetime(call.now, Fraction::Seven);
    // What failed may succeed the next time.
    let tag = tag.filter(|_| results.iter().all(|(_, is_answered)| *is_answered));
    let results: Vec<String> = results.into_iter().map(|(text, _)| text).collect();
    let results = results.join(",");
    let out = format!("{{\"results\":[{results}],\"snapshot\":\"{state}\",\"now\":\"{now}\"}}");
    Ok(snapshot::tagged((json_headers(), out).into_response(), tag))
}

/// The queries, each with an id of its own.
fn read(body: &mut Map<String, Value>) -> Result<Vec<Member>, Refusal> {
    let Some(Value::Array(queries)) = body.remove("queries") else {
        return Err(Refusal::bad_request("`queries` must be an array of queries"));
    };
    if queries.len() > QUERIES_MAX {
        let count = queries.len();
        return Err(Refusal::bad_request(format!(
            "`queries` has {count} members, but a call may have {QUERIES_MAX}: make several calls"
        )));
    }
    let mut members: Vec<Member> = Vec::with_capacity(queries.len());
    for (index, query) in queries.into_iter().enumerate() {
        let wrong = |what: &str| Refusal::bad_request(format!("`queries[{index}]` {what}"));
        let Value::Object(query) = query else { return Err(wrong("must be an object")) };
        let (Ok(Some(id)), Ok(kql)) = (call::text(&query, "id"), call::text(&query, "kql")) else {
            return Err(wrong("must have an `id` and `kql`, two texts"));
        };
        if id.len() > ID_BYTES_MAX {
            return Err(wrong("has a longer `id` than anybody needs"));
        }
        if members.iter().any(|other| other.id == id) {
            return Err(wrong("has the `id` of another query: give each its own"));
        }
        members.push(Member { id: id.to_owned(), kql: kql.unwrap_or_default().to_owned() });
    }
    Ok(members)
}

/// The text of a result and whether it is an answer: one query that fails is no matter of the
/// others.
async fn answer(
    app: &Arc<App>,
    call: &Call,
    ids: &Ids,
    Member { id, kql }: Member,
    count: u64,
) -> (String, bool) {
    if kql.trim().is_empty() {
        let refusal = Refusal::bad_request("`kql` is empty: it is the query");
        return (failed(&id, &refusal, ids, &kql), false);
    }
    let (mut question, is_time_in_query) = call.question(app, &kql);
    question.limits.rows_max = question.limits.rows_max.min(ROWS_MAX);
    // A page asks several questions about what some words were found in.
    question.shares_conditions = true;
    // All answers of a call lie in memory together.
    question.limits.bytes_max /= count;
    match ask::answer(app, &question).await {
        Ok(answer) => {
            let written = || answered(&id, &answer, is_time_in_query);
            (tokio::task::block_in_place(written), true)
        }
        Err(refusal) => (failed(&id, &refusal, ids, &kql), false),
    }
}

/// The first table of an answer.
fn answered(id: &str, answer: &Answer, is_time_in_query: bool) -> String {
    let nothing = ResultTable::default();
    let table = answer.tables.first().unwrap_or(&nothing);
    let mut columns = vec![String::new(); table.columns.len()];
    for batch in &table.batches {
        let cells = Cells::new(&table.columns, batch);
        wire::push_cells(&mut columns, &cells, 0, usize::MAX);
    }
    let head = json!({
        "id": id,
        "schema": wire::schema(&table.columns),
        "rows": table.rows(),
        "render": wire::render(table.render.as_ref()),
        "timeInQuery": is_time_in_query,
        "partial": answer.truncated.as_ref().map(wire::partial),
        "error": null,
        "elapsedMs": wire::rounded(answer.statistics.total_ms),
    });
    let mut out = head.to_string();
    out.pop();
    out.push_str(",\"columns\":");
    wire::push_columns(&mut out, &columns);
    out.push('}');
    out
}

fn failed(id: &str, refusal: &Refusal, ids: &Ids, kql: &str) -> String {
    let result = json!({
        "id": id,
        "schema": null,
        "columns": null,
        "rows": 0,
        "render": null,
        "timeInQuery": false,
        "partial": null,
        "error": wire::error(refusal, ids, kql),
        "elapsedMs": null,
    });
    result.to_string()
}
