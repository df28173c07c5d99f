//! What the query calls of the portal bring, read and checked.

use std::sync::Arc;

use axum::http::request::Parts;
use serde_json::{Map, Value};

use crate::app::{App, now};
use crate::apps::Application;
use crate::ask::{self, Question};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::headers::Ids;
use crate::parameters;

/// Columns that hold the time of rows in tables of telemetry, by either of its names.
const TIME_COLUMNS: [&str; 2] = ["timestamp", "TimeGenerated"];

/// Most values that one call gives to parameters.
pub const PARAMETERS_MAX: usize = 100;

/// Who asks, whom, about which time, and with which values.
#[derive(Debug, Clone)]
pub struct Call {
    pub caller: Caller,
    pub application: Arc<Application>,
    pub now: i64,
    /// Half-open, nanoseconds.
    pub range: Option<(i64, i64)>,
    /// Whether the range ends now because no end was given.
    pub is_up_to_now: bool,
    /// Values of `declare query_parameters` by name, as texts.
    pub parameters: Vec<(String, String)>,
}

impl Call {
    /// The call of `caller`, if it may ask the application named in `body`, with the time range
    /// there.
    ///
    /// # Errors
    /// 403 and 404 as the query APIs; 400 when a member has the wrong form.
    pub fn of(app: &App, caller: Caller, body: &Map<String, Value>) -> Result<Call, Refusal> {
        let name = text(body, "app")?.unwrap_or_default();
        let application = ask::find_app(app, &caller, Scope::Query, name)?;
        let now = now();
        let range = range(body, now)?;
        let is_up_to_now =
            range.is_some() && text(body, "to")?.is_none_or(|to| to.trim().is_empty());
        let parameters = parameters_of(body)?;
        Ok(Call { caller, application, now, range, is_up_to_now, parameters })
    }

    /// A call about an application as a whole.
    pub fn about(caller: Caller, application: Arc<Application>) -> Call {
        let (range, parameters) = (None, Vec::new());
        Call { caller, application, now: now(), range, is_up_to_now: false, parameters }
    }

    /// The caller, if it may ask anything: who may not need not send a body. Its requests are
    /// named, so that the list of running queries can tell them apart.
    ///
    /// # Errors
    /// As [`Caller::of`] and [`Caller::may_somewhere`].
    pub fn caller(app: &App, parts: &Parts, ids: &Ids) -> Result<Caller, Refusal> {
        let mut caller = Caller::of(app, parts)?;
        caller.may_somewhere(Scope::Query)?;
        if caller.request_id.is_empty() {
            caller.request_id.clone_from(&ids.activity);
        }
        Ok(caller)
    }

    /// The question of a text and whether the text itself says which time is meant: the range of
    /// the call then does not count.
    pub fn question(&self, app: &App, kql: &str) -> (Question, bool) {
        let application = Arc::clone(&self.application);
        let is_in_text = self.is_time_in(app, kql);
        let mut question =
            Question::new(kql.to_owned(), application, &self.caller, &app.settings.query);
        question.now = self.now;
        question.time_range = self.range.filter(|_| !is_in_text);
        question.parameters.clone_from(&self.parameters);
        question.program = "portal".to_owned();
        (question, is_in_text)
    }

    /// Whether a `where` of the text tests the time column of a table it names.
    fn is_time_in(&self, app: &App, kql: &str) -> bool {
        let own = app.apps.tables().list(self.application.app_id());
        let names = kql::words::names(kql);
        let named = model::tables::views()
            .iter()
            .chain(own.iter().map(|table| table.view))
            .filter(|view| names.contains(view.name));
        let mut times: Vec<&str> = named.map(|view| view.time_column).collect();
        times.extend(TIME_COLUMNS);
        kql::words::filters_by(kql, |name| times.contains(&name))
    }
}

/// The values that a call gives to the parameters of its text.
fn parameters_of(body: &Map<String, Value>) -> Result<Vec<(String, String)>, Refusal> {
    let given = parameters::object(body.get("parameters").cloned(), "parameters")?;
    match given.len() {
        count if count > PARAMETERS_MAX => Err(Refusal::bad_request(format!(
            "`parameters` has {count} members, but a call may have {PARAMETERS_MAX}"
        ))),
        _ => Ok(parameters::values(given)),
    }
}

/// A text of the body; `None` when it is missing.
///
/// # Errors
/// When it is there and no text.
pub fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::bad_request(format!("`{name}` must be a text"))),
    }
}

/// The query of a call.
///
/// # Errors
/// When there is none.
pub fn kql(body: &Map<String, Value>) -> Result<&str, Refusal> {
    match text(body, "kql")? {
        Some(kql) if !kql.trim().is_empty() => Ok(kql),
        _ => Err(Refusal::bad_request("`kql` is empty: it is the query")),
    }
}

/// A count of the body that is at least 1; `None` when it is missing.
///
/// # Errors
/// When it is there and no such number.
pub fn count(body: &Map<String, Value>, name: &str) -> Result<Option<u64>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().filter(|count| *count > 0) {
            Some(count) => Ok(Some(count)),
            None => Err(Refusal::bad_request(format!("`{name}` must be a whole number above 0"))),
        },
    }
}

/// A count of the body; `None` when it is missing.
///
/// # Errors
/// When it is there and no whole number.
pub fn count_from_0(body: &Map<String, Value>, name: &str) -> Result<Option<u64>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| Refusal::bad_request(format!("`{name}` must be a whole number"))),
    }
}

/// The range from `from` up to but not with `to`; without `to` up to `now`, that moment included.
fn range(body: &Map<String, Value>, now: i64) -> Result<Option<(i64, i64)>, Refusal> {
    let moment = |name: &str| match text(body, name)?.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => model::time::parse_datetime(text).map(Some).ok_or_else(|| {
            let shown: String = text.chars().take(100).collect();
            Refusal::bad_request(format!("`{name}` is `{shown}`, but must be an ISO 8601 time"))
        }),
    };
    let (from, to) = (moment("from")?, moment("to")?);
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let to = to.unwrap_or(now.saturating_add(model::time::TICK));
    let from = from.unwrap_or(i64::MIN);
    if from > to {
        return Err(Refusal::bad_request("`from` is later than `to`"));
    }
    Ok(Some((from, to)))
}
