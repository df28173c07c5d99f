//! `GET /v1/apps/{app}/metrics/metadata`: which metrics there are and what they are split by.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};

use super::{open, wire};
use crate::api::appinsights::rows::Rows;
use crate::api::appinsights::{finish, json_headers};
use crate::app::App;
use crate::ask;
use crate::error::Refusal;

/// Metrics and counters of an application's own that are listed, each.
const NAMES_MAX: usize = 10_000;

/// `GET /v1/apps/{app}/metrics/metadata`.
pub async fn metadata(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let answer = Box::pin(run(&app, &name, request)).await;
    finish(&app, answer, "")
}

async fn run(app: &Arc<App>, name: &str, request: Request) -> Result<Response, Refusal> {
    let (mut question, _) = open(app, name, request, "GET")?;
    // One more, to see whether there are too many.
    let wanted = NAMES_MAX + 1;
    let names = |table: &str| format!("{table} | distinct name | top {wanted} by name asc");
    question.text = format!("{}; {}", names("customMetrics"), names("performanceCounters"));
    question.original.clone_from(&question.text);
    let answer = ask::answer(app, &question).await?;
    let names = |index: usize| -> Vec<String> {
        let table = answer.tables.get(index);
        table.map_or_else(Vec::new, |table| {
            Rows::new(table).iter().map(|row| row.text("name").to_owned()).collect()
        })
    };
    let (metrics, counters) = (names(0), names(1));
    for (table, names) in [("customMetrics", &metrics), ("performanceCounters", &counters)] {
        if names.len() > NAMES_MAX {
            return Err(Refusal::bad_request(format!(
                "`{table}` has more than {NAMES_MAX} names: ask `{table} | distinct name` for them"
            )));
        }
    }
    Ok((json_headers(), wire::metadata(&metrics, &counters)).into_response())
}
