//! The events API: `/v1/apps/{app}/events/{type}` and `…/{type}/{id}`, OData over telemetry (spec
//! query-api.md §5).
//!
//! Invariants: an option that is not supported is refused by name; a limit the caller did not ask
//! for is told in `@ai.messages`.

mod csdl;
mod wire;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{Method, Uri, header};
use axum::response::{IntoResponse, Response};

use self::wire::{Message, Page};
use super::odata::apply::{Applied, apply};
use super::odata::search::search;
use super::odata::{filter, order_by, select};
use super::properties::{Events, KINDS};
use super::{finish, json_headers};
use crate::app::App;
use crate::ask::{self, Question};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::kql_text;

/// How far back is looked when neither `timespan` nor `$filter` says so (the vendor's choice).
const TIMESPAN: &str = "PT12H";
/// Events answered when `$top` does not say so.
const TOP: u64 = 500;
/// Most events of one answer, which is put together in memory.
const ROWS_MAX: u64 = 10_000;

/// The options of a call, as texts.
#[derive(Debug, Default)]
struct Options {
    timespan: Option<String>,
    filter: Option<String>,
    search: Option<String>,
    order_by: Option<String>,
    select: Option<String>,
    apply: Option<String>,
    skip: u64,
    top: Option<u64>,
    count: bool,
}

/// What is asked of the engine, and how its rows are shown.
struct Plan {
    kql: String,
    time_range: Option<(i64, i64)>,
    page: Page,
}

/// `GET /v1/apps/{app}/events/{type}`.
pub async fn list(
    State(app): State<Arc<App>>,
    Path((name, events)): Path<(String, String)>,
    request: Request,
) -> Response {
    let mut kql = String::new();
    let answer = Box::pin(run_list(&app, &name, &events, request, &mut kql)).await;
    finish(&app, answer, &kql)
}

/// `GET /v1/apps/{app}/events/{type}/{id}`.
pub async fn one(
    State(app): State<Arc<App>>,
    Path((name, events, id)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let mut kql = String::new();
    let answer = Box::pin(run_one(&app, &name, &events, &id, request, &mut kql)).await;
    finish(&app, answer, &kql)
}

async fn run_list(
    app: &Arc<App>,
    name: &str,
    events: &str,
    request: Request,
    kql: &mut String,
) -> Result<Response, Refusal> {
    let (mut question, uri) = open(app, name, request)?;
    if events == "$metadata" {
        let kind = [(header::CONTENT_TYPE, "application/xml; charset=utf-8")];
        return Ok((kind, csdl::document()).into_response());
    }
    let events = read_events(events)?;
    let options = read_options(&uri)?;
    let mut plan = plan(events, &options, &question)?;
    plan.page.context = context(app, &question, events);
    answer(app, &mut question, plan, kql).await
}

async fn run_one(
    app: &Arc<App>,
    name: &str,
    events: &str,
    id: &str,
    request: Request,
    kql: &mut String,
) -> Result<Response, Refusal> {
    let (mut question, uri) = open(app, name, request)?;
    let events = read_events(events)?;
    let options = read_options(&uri)?;
    let literal = kql_text::literal(id);
    let shown: String = id.chars().take(100).collect();
    let page = Page {
        context: context(app, &question, events),
        top: 1,
        missing: Some(format!("there is no event `{shown}` among `{}`", events.name())),
        ..Page::default()
    };
    let kql_of_event = format!("{} | where itemId == {literal} | take 1", events.source());
    let time_range = match &options.timespan {
        Some(text) => Some(ask::read_range(text, question.now)?),
        None => None,
    };
    answer(app, &mut question, Plan { kql: kql_of_event, time_range, page }, kql).await
}

/// The question without its text, and the address it came to.
fn open(app: &App, name: &str, request: Request) -> Result<(Question, Uri), Refusal> {
    let (parts, _) = request.into_parts();
    let caller = Caller::of(app, &parts)?;
    let found = ask::find_app(app, &caller, Scope::Query, name)?;
    if parts.method != Method::GET {
        return Err(Refusal::method("GET"));
    }
    Ok((Question::new(String::new(), found, &caller, &app.settings.query), parts.uri))
}

fn context(app: &App, question: &Question, events: Events) -> String {
    let (url, id, name) = (&app.url, &question.app.id, events.name());
    format!("{url}/v1/apps/{id}/events/$metadata#{name}")
}

async fn answer(
    app: &Arc<App>,
    question: &mut Question,
    plan: Plan,
    kql: &mut String,
) -> Result<Response, Refusal> {
    kql.clone_from(&plan.kql);
    question.original.clone_from(&plan.kql);
    question.text = plan.kql;
    question.time_range = plan.time_range;
    let answer = ask::answer(app, question).await?;
    let page = plan.page;
    let body = tokio::task::spawn_blocking(move || wire::events(&answer, page));
    let body = body.await.map_err(|_| Refusal::internal())??;
    Ok((json_headers(), body).into_response())
}

fn read_events(name: &str) -> Result<Events, Refusal> {
    Events::named(name).ok_or_else(|| {
        let known = KINDS.iter().map(|kind| kind.table).collect::<Vec<_>>().join("`, `");
        let shown: String = name.chars().take(100).collect();
        let message = format!("there are no events `{shown}`: use `$all` or one of `{known}`");
        Refusal::bad_request(message)
    })
}

fn read_options(uri: &Uri) -> Result<Options, Refusal> {
    let mut options = Options::default();
    for (name, value) in ask::parameters(uri) {
        let shown: String = value.chars().take(100).collect();
        let whole = || {
            value.trim().parse().map_err(|_| {
                let message = format!("`{name}` is `{shown}`, but must be a whole number");
                Refusal::bad_request(message)
            })
        };
        match name.as_str() {
            _ if value.trim().is_empty() => {}
            "$skip" => options.skip = whole()?,
            "$top" => options.top = Some(whole()?),
            "$count" => match value.trim() {
                "true" | "True" => options.count = true,
                "false" | "False" => options.count = false,
                _ => {
                    let message = format!("`$count` is `{shown}`, but must be `true` or `false`");
                    return Err(Refusal::bad_request(message));
                }
            },
            "timespan" => options.timespan = Some(value),
            "$filter" => options.filter = Some(value),
            "$search" => options.search = Some(value),
            "$orderby" => options.order_by = Some(value),
            "$select" => options.select = Some(value),
            "$apply" => options.apply = Some(value),
            "$format" => {
                let kind = value.split(';').next().unwrap_or_default().trim();
                if !["json", "application/json"].contains(&kind) {
                    let message = format!("`$format` is `{shown}`, but only `json` is answered");
                    return Err(Refusal::bad_request(message));
                }
            }
            _ if name.starts_with('$') => {
                let name: String = name.chars().take(100).collect();
                return Err(Refusal::bad_request(format!("the option `{name}` is not supported")));
            }
            _ => {}
        }
    }
    Ok(options)
}

/// The KQL of a call's options.
fn plan(events: Events, options: &Options, question: &Question) -> Result<Plan, Refusal> {
    let mut page = Page { select: Vec::new(), skip: options.skip, ..Page::default() };
    let mut rows = events.source();
    let mut asks_time = false;
    let applied = read_apply(events, options)?;
    if let Some(text) = &options.filter {
        let (condition, found) = filter(text, events).map_err(|fault| fault.of("$filter"))?;
        asks_time = found;
        rows.push_str(&format!(" | where {condition}"));
    }
    if let Some(text) = &options.search {
        let condition = search(text).map_err(|fault| fault.of("$search"))?;
        rows.push_str(&format!(" | where {condition}"));
    }
    if let Some(text) = &options.select {
        page.select = select(text, events).map_err(|fault| fault.of("$select"))?;
    }
    let given_order = match (&options.order_by, &applied) {
        (None, _) => None,
        (Some(text), Some(applied)) => Some(applied.order_by(text, events)),
        (Some(text), None) => Some(order_by(text, events)),
    };
    let order = given_order.transpose().map_err(|fault| fault.of("$orderby"))?;
    let order = match (order, &applied) {
        (Some(order), _) => format!(" | order by {order}"),
        (None, Some(_)) => String::new(),
        (None, None) => " | order by timestamp desc, itemId desc".to_owned(),
    };
    if let Some(applied) = applied {
        asks_time |= applied.asks_time;
        rows.push_str(&applied.kql);
        page.columns = Some(applied.columns);
    }
    // One more, to see whether the limit that was added cut any off.
    let rows_max = question.limits.rows_max.min(ROWS_MAX);
    page.top = options.top.unwrap_or(TOP);
    page.is_top_added = options.top.is_none();
    let reach = options.skip.saturating_add(page.top);
    if reach > rows_max {
        return Err(Refusal::bad_request(format!(
            "`$skip` and `$top` reach row {reach}, but an answer has {rows_max} rows: narrow \
             `timespan` or `$filter`"
        )));
    }
    let take = reach.saturating_add(u64::from(page.is_top_added)).min(rows_max);
    let mut kql = format!("let data = {rows}; data{order} | take {take}");
    if page.columns.is_none() {
        kql.push_str(timing_parts(events));
    }
    if options.count {
        kql.push_str("; data | count");
    }
    let time_range = match &options.timespan {
        Some(text) => Some(ask::read_range(text, question.now)?),
        None if asks_time => None,
        None => {
            page.messages.push(Message::added(
                "only the last 12 hours were looked at, since neither `timespan` nor a condition \
                 on `timestamp` says otherwise",
            ));
            Some(ask::read_range(TIMESPAN, question.now)?)
        }
    };
    Ok(Plan { kql, time_range, page })
}

/// Host and path, which browser timings show of their address.
fn timing_parts(events: Events) -> &'static str {
    if events.kinds().iter().any(|kind| kind.item == wire::TIMING) {
        " | extend urlHost = tostring(parse_url(url).Host), urlPath = tostring(parse_url(url).Path)"
    } else {
        ""
    }
}

fn read_apply(events: Events, options: &Options) -> Result<Option<Applied>, Refusal> {
    let Some(text) = &options.apply else { return Ok(None) };
    for (name, given) in [("$filter", &options.filter), ("$select", &options.select)] {
        if given.is_some() {
            return Err(Refusal::bad_request(format!(
                "`{name}` cannot be used together with `$apply`: write `filter(…)` inside of it"
            )));
        }
    }
    apply(text, events).map(Some).map_err(|fault| fault.of("$apply"))
}
