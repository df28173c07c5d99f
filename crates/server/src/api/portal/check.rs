//! `POST /api/portal/check`: what is wrong with a text, told while it is written.

use std::ops::Range;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use kql::diagnostic::{Diagnostic, Span};
use query::TableHead;
use serde_json::json;

use super::call::{self, Call};
use super::{declared, expect, finish, wire};
use crate::api::appinsights::json_headers;
use crate::app::App;
use crate::ask;
use crate::error::Refusal;
use crate::headers::Ids;

/// `POST /api/portal/check`.
pub async fn check(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    let answer = Box::pin(run(&app, request, &ids)).await;
    finish(&app, answer, &ids, "")
}

async fn run(app: &Arc<App>, request: Request, ids: &Ids) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    expect(&parts.method, &Method::POST)?;
    let caller = Call::caller(app, &parts, ids)?;
    let body = ask::read_json(&parts.headers, body).await?;
    let call = Call::of(app, caller, &body)?;
    let text = call::text(&body, "kql")?.unwrap_or_default();
    let place = match call::count_from_0(&body, "caret")? {
        Some(caret) => statement(text, byte_of(text, caret)),
        None => 0..text.len(),
    };
    let checked = text.get(place.clone()).unwrap_or_default();
    let (question, is_time_in_query) = call.question(app, checked);
    let found = match checked.trim().is_empty() {
        // Whoever has not begun to write made no mistake.
        true => query::Checked::default(),
        false => app.engine.check(question.request()).await?,
    };
    let moved = |finding: &Diagnostic| Diagnostic {
        span: Span::new(finding.span.start + place.start, finding.span.end + place.start),
        ..finding.clone()
    };
    let diagnostics: Vec<Diagnostic> = found.diagnostics.iter().map(moved).collect();
    let first = found.tables.as_ref().and_then(|tables| tables.first());
    let answer = json!({
        "diagnostics": wire::diagnostics(&diagnostics, text),
        "columns": first.map(|head: &TableHead| wire::schema(&head.columns)),
        "timeInQuery": is_time_in_query,
        "render": wire::render(first.and_then(|head| head.render.as_ref())),
        "parameters": declared::parameters(checked),
        "start": wire::units(text, place.start),
        "end": wire::units(text, place.end),
    });
    Ok((json_headers(), answer.to_string()).into_response())
}

/// The byte at which the character begins that `units` UTF-16 units stand before; the end of a
/// shorter text.
fn byte_of(text: &str, units: u64) -> usize {
    let mut before = 0;
    for (at, c) in text.char_indices() {
        if before >= units {
            return at;
        }
        before += c.len_utf16() as u64;
    }
    text.len()
}

/// The statement at a byte of the text: the lines around it up to the next blank ones.
fn statement(text: &str, at: usize) -> Range<usize> {
    let (mut start, mut end, mut line_start) = (0, text.len(), 0);
    for line in text.split_inclusive('\n') {
        let line_end = line_start + line.len();
        if line.trim().is_empty() {
            match at < line_end {
                false => start = line_end,
                true if line_start > start => {
                    end = line_start;
                    break;
                }
                true => {}
            }
        }
        line_start = line_end;
    }
    start..end.max(start)
}
