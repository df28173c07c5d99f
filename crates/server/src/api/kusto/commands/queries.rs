//! `.show queries` and `.cancel query "id"`: the queries under way.
//!
//! Invariant: a database shows and ends its own queries only, and a caller who does not administer
//! it only those it asked itself.

use axum::http::StatusCode;
use model::Type;
use model::time::{Fraction, format_datetime, format_timespan};
use serde_json::{Value, json};

use super::Table;
use crate::app::{App, now};
use crate::apps::Application;
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::running::Query;

/// The queries of a database under way, in the vendor's columns: all for its administrators, its
/// own for anybody else.
pub fn show(app: &App, caller: &Caller, database: &Application) -> Table {
    let columns = vec![
        ("ClientActivityId", Type::String),
        ("Text", Type::String),
        ("Database", Type::String),
        ("StartedOn", Type::DateTime),
        ("LastUpdatedOn", Type::DateTime),
        ("Duration", Type::TimeSpan),
        ("State", Type::String),
        ("User", Type::String),
        ("FailureReason", Type::String),
        ("Application", Type::String),
    ];
    let at = now();
    let row = |query: Query| {
        let duration = format_timespan(at.saturating_sub(query.started).max(0));
        let text = |nanos| format_datetime(nanos, Fraction::Seven);
        vec![
            Value::from(query.client_id),
            Value::from(query.text),
            Value::from(database.name.as_str()),
            Value::from(text(query.started)),
            Value::from(text(at)),
            Value::from(duration),
            Value::from("InProgress"),
            Value::from(query.user),
            Value::from(""),
            Value::from(query.program),
        ]
    };
    let is_shown = is_own(caller, database);
    let shown = app.running.all().into_iter().filter(is_shown);
    Table { columns, rows: shown.map(row).collect() }
}

/// Ends the queries a client called by this id.
///
/// # Errors
/// 400 when the id is missing, 404 when no such query is under way.
pub fn cancel(
    app: &App,
    caller: &Caller,
    database: &Application,
    words: &str,
) -> Result<Table, Refusal> {
    let wrong = || {
        let help = "`.cancel query` needs the client's id of the query: `.cancel query \"id\"`";
        Refusal::bad_request(help)
    };
    let rest = words.trim_start().get(".cancel".len()..).unwrap_or_default().trim_start();
    let rest = rest.get("query".len()..).unwrap_or_default().trim();
    let id = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => rest[1..].split(quote).next().unwrap_or_default(),
        Some(_) => rest.split_whitespace().next().unwrap_or_default(),
        None => "",
    };
    if id.is_empty() {
        return Err(wrong());
    }
    let is_own = is_own(caller, database);
    if app.running.cancel(|query| query.client_id == id && is_own(query)) == 0 {
        let shown: String = id.chars().take(100).collect();
        let message = format!("no query `{shown}` is running");
        return Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", message));
    }
    let columns = vec![("ClientRequestId", Type::String), ("State", Type::String)];
    let rows = vec![vec![json!(id), json!("Cancelling")]];
    Ok(Table { columns, rows })
}

/// Whether a caller may know of a query of a database.
fn is_own(caller: &Caller, database: &Application) -> impl Fn(&Query) -> bool {
    let is_admin = caller.may(Scope::Admin, Some(database)).is_ok();
    let is_named = caller.is_named();
    let (name, number) = (caller.name().to_owned(), database.number);
    move |query| query.application == number && (is_admin || (is_named && query.user == name))
}
