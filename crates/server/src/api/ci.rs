//! What changes the data of pipelines by hand: new categories of issues.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::Int64Array;
use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Write;

use super::admin::require_json;
use super::appinsights::json_headers;
use crate::app::{App, now};
use crate::apps::Application;
use crate::ask::{self, Question};
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::error::{Refusal, append_status};
use crate::kql_text::literal;
use crate::triage::{self, Entry};

/// Longest name of who decided, in characters.
const BY_CHARS_MAX: usize = 100;

/// Of so many entries it is told whether there are such issues.
const CHECKED_MAX: usize = 100;

/// The body of `POST /api/ci/triage`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    #[serde(default)]
    application: String,
    /// Who decided; the caller when it is missing.
    #[serde(default)]
    by: String,
    issues: Vec<Entry>,
}

/// `POST /api/ci/triage`: gives issues a new category; all of them or none.
pub async fn triage(
    State(app): State<Arc<App>>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may_somewhere(Scope::Admin)?;
    require_json(&parts.headers)?;
    let body = read(ask::read_json(&parts.headers, body).await?)?;
    let application = ask::find_app(&app, &caller, Scope::Admin, &body.application)?;
    let by = match body.by.trim() {
        "" => caller.name().to_owned(),
        by => by.chars().take(BY_CHARS_MAX).collect(),
    };
    let rows = triage::rows(&body.issues, &by, now()).map_err(|error| {
        tracing::error!(%error, "rows of the triage do not fit their table");
        Refusal::internal()
    })?;
    let event = Event {
        application: Some(application.app_id()),
        target: application.name.clone(),
        rows: body.issues.len() as u64,
        ..Event::new("ci.triage")
    };
    let mut all = audit::rows(application.app_id(), &caller, event);
    all.push((application.app_id(), rows));
    let write = Write { rows: all, documents: Vec::new() };
    app.store.append(write).await.map_err(|error| {
        let (status, message) = append_status(&error);
        Refusal::new(status, "limit", message)
    })?;
    let mut answer = json!({ "stored": body.issues.len() });
    if let Some(unmatched) = unmatched(&app, &caller, application, &body.issues).await {
        answer["unmatched"] = json!(unmatched);
    }
    Ok((json_headers(), answer.to_string()).into_response())
}

/// How many of a few entries are of issues nobody collected (yet), probably by mistake; nothing
/// when there are none, when the entries are many, which programs send, or when it cannot be told:
/// they are stored all the same.
async fn unmatched(
    app: &App,
    caller: &Caller,
    application: Arc<Application>,
    entries: &[Entry],
) -> Option<u64> {
    if entries.len() > CHECKED_MAX {
        return None;
    }
    let issues: BTreeSet<String> = entries.iter().map(issue).collect();
    let all: Vec<&str> = issues.iter().map(String::as_str).collect();
    let text = format!("TimelineIssues | where {} | summarize count()", all.join(" or "));
    let question = Question::new(text, application, caller, &app.settings.query);
    let answer = Box::pin(app.engine.answer(question.request())).await.ok()?;
    let batch = answer.tables.first()?.batches.first()?;
    let counts = batch.column(0).as_any().downcast_ref::<Int64Array>()?;
    let found = u64::try_from(counts.iter().next()??).ok()?;
    (issues.len() as u64).checked_sub(found).filter(|unmatched| *unmatched > 0)
}

/// The condition that is true of the issue of an entry.
fn issue(entry: &Entry) -> String {
    format!(
        "(Organization == {} and Project == {} and BuildId == {} and RecordId == {} and Index == {})",
        literal(&entry.organization),
        literal(&entry.project),
        entry.build_id,
        literal(&entry.record_id),
        entry.index
    )
}

fn read(body: serde_json::Map<String, Value>) -> Result<Wish, Refusal> {
    let body: Wish = serde_json::from_value(Value::Object(body))
        .map_err(|error| Refusal::bad_request(format!("the body is not usable: {error}")))?;
    if body.issues.is_empty() || body.issues.len() > triage::ENTRIES_MAX {
        let message = format!("give 1 to {} `issues` in a call", triage::ENTRIES_MAX);
        return Err(Refusal::bad_request(message));
    }
    let mut problems = body.issues.iter().enumerate();
    if let Some((i, problem)) = problems.find_map(|(i, entry)| Some((i, entry.problem()?))) {
        return Err(Refusal::bad_request(format!("issue {i}: {problem}")));
    }
    Ok(body)
}
