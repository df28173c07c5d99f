//! What a known issue would explain, before it is saved.
//!
//! Invariant: every number is that of a query which the answer has beside it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use query::ResultTable;
use serde_json::{Map, Value, json};

use super::super::appinsights::json_headers;
use super::super::appinsights::rows::Rows;
use super::{place, wish};
use crate::app::App;
use crate::apps::Application;
use crate::ask::{self, Question};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::known::find::{MATCHES_MAX, TOO_MANY};
use crate::known::kql;

/// Of all failed builds; what explains more is probably too broad (spec ci-health.md §3.3).
const SHARE_MAX: f64 = 0.05;
/// Fewer failed builds say nothing about shares.
const FAILURES_MIN: i64 = 20;

/// `POST /api/ci/known/preview`.
pub async fn preview(
    State(app): State<Arc<App>>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let (caller, application) = place(&app, &parts, Scope::Query)?;
    let what = wish(&parts, body).await?;
    let texts = [kql::summary(&what), kql::samples(&what)];
    let summary = table(&app, &caller, &application, &texts[0]).await?;
    let samples = table(&app, &caller, &application, &texts[1]).await?;
    let summary = summary.into_iter().next().unwrap_or_default();
    let body = json!({
        "warnings": warnings(&summary),
        "summary": summary,
        "builds": samples,
        "queries": {
            "matches": kql::matches(&what, None),
            "summary": texts[0],
            "builds": texts[1],
        },
    });
    Ok((json_headers(), body.to_string()).into_response())
}

/// The rows of an answer, each by the names of its columns.
async fn table(
    app: &Arc<App>,
    caller: &Caller,
    application: &Arc<Application>,
    text: &str,
) -> Result<Vec<Map<String, Value>>, Refusal> {
    let application = Arc::clone(application);
    let question = Question::new(text.to_owned(), application, caller, &app.settings.query);
    let answer = Box::pin(ask::answer(app, &question)).await?;
    Ok(answer.tables.first().map(objects).unwrap_or_default())
}

fn objects(table: &ResultTable) -> Vec<Map<String, Value>> {
    let rows = Rows::new(table);
    let names = || table.columns.iter().map(|column| column.name.clone());
    rows.iter().map(|row| names().map(|name| (name.clone(), row.json(&name))).collect()).collect()
}

/// What speaks against an issue that explains so much.
fn warnings(summary: &Map<String, Value>) -> Vec<String> {
    let number = |name: &str| summary.get(name).and_then(Value::as_i64).unwrap_or(0);
    let share = summary.get("Share").and_then(Value::as_f64).unwrap_or(0.0);
    let mut found = Vec::new();
    if number("Matches") > MATCHES_MAX.cast_signed() {
        found.push(format!("It cannot be saved: it explains {TOO_MANY}."));
    }
    if share > SHARE_MAX && number("Failures") >= FAILURES_MIN {
        found.push(format!(
            "It explains {:.0} % of all failed builds: more than {:.0} % is probably too broad.",
            share * 100.0,
            SHARE_MAX * 100.0
        ));
    }
    let passed = number("PassedBuilds");
    if passed > 0 {
        let builds = if passed == 1 { "build" } else { "builds" };
        found.push(format!(
            "It also explains errors of {passed} {builds} that passed at the first attempt: it may \
             not be why builds fail."
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broad_issues_and_those_of_passing_builds_are_warned_of() {
        let of = |share: f64, failures: i64, passed: i64| {
            let body = json!({ "Share": share, "Failures": failures, "PassedBuilds": passed });
            warnings(body.as_object().unwrap())
        };
        assert!(of(0.05, 100, 0).is_empty());
        assert!(of(1.0, 19, 0).is_empty());
        assert_eq!(of(0.061, 100, 0).len(), 1);
        assert!(of(0.061, 100, 0)[0].contains("6 %"));
        assert!(of(0.0, 100, 1)[0].contains("1 build that passed"));
    }

    #[test]
    fn what_cannot_be_saved_is_said_before() {
        let of =
            |matches: u64| warnings(json!({ "Matches": matches }).as_object().unwrap()).join(" ");
        assert_eq!(of(MATCHES_MAX), "");
        assert!(of(MATCHES_MAX + 1).contains("explains more than 50,000 errors"));
    }
}
