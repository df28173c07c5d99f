//! Known issues: the list, one of them, and builds that people link by hand.
//!
//! `application` in the address names the application; nothing: the caller's first one.
//! Invariant: nobody overwrites what he has not seen, and every change is in the audit.

pub mod preview;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::time::{Fraction, format_datetime};
use model::{AppId, Batch};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::MutexGuard;

use super::admin::require_json;
use super::appinsights::json_headers;
use super::tags::{Wanted, tag_of};
use crate::app::{App, now};
use crate::apps::Application;
use crate::ask;
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::known::find::{Asker, Match};
use crate::known::{self, ISSUES_MAX, Issue, Wish, save};

/// Builds of one call that links them.
const LINKED_MAX: usize = 1000;
/// Longest text of a build that is linked, in bytes.
const TEXT_BYTES_MAX: usize = 2000;
const ID_CHARS: usize = 12;

/// The caller and the application it means and may do `scope` to.
fn place(app: &App, parts: &Parts, scope: Scope) -> Result<(Caller, Arc<Application>), Refusal> {
    let caller = Caller::of(app, parts)?;
    caller.may_somewhere(scope)?;
    let named = ask::parameters(&parts.uri).into_iter().find(|(name, _)| name == "application");
    let named = named.map(|(_, value)| value).unwrap_or_default();
    let application = ask::find_app(app, &caller, scope, &named)?;
    Ok((caller, application))
}

/// `GET /api/ci/known`.
pub async fn list(State(app): State<Arc<App>>, parts: Parts) -> Result<Response, Refusal> {
    let (_, application) = place(&app, &parts, Scope::Query)?;
    let issues = known::all(&app.store, application.app_id());
    let issues: Vec<Value> = issues.iter().map(|(issue, bytes)| shape(issue, bytes)).collect();
    let body = json!({ "issues": issues, "limit": ISSUES_MAX });
    Ok((json_headers(), body.to_string()).into_response())
}

/// `GET /api/ci/known/{id}`.
pub async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let (_, application) = place(&app, &parts, Scope::Query)?;
    let (issue, bytes) = there(&app, &application, &id)?;
    Ok(answer(shape(&issue, &bytes), &bytes))
}

fn there(app: &App, application: &Application, id: &str) -> Result<(Issue, Arc<[u8]>), Refusal> {
    let found = known::get(&app.store, application.app_id(), id);
    found.ok_or_else(|| {
        let id: String = id.chars().take(100).collect();
        Refusal::not_found(format!("there is no known issue `{id}`"))
    })
}

/// `POST /api/ci/known`.
pub async fn create(
    State(app): State<Arc<App>>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let (caller, application) = place(&app, &parts, Scope::Admin)?;
    let what = wish(&parts, body).await?;
    let _writing = writing(&app).await;
    if known::all(&app.store, application.app_id()).len() >= ISSUES_MAX {
        let message = format!(
            "there are {ISSUES_MAX} known issues, which is the limit: delete those that are over"
        );
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "limit", message));
    }
    let mut id = uuid::Uuid::new_v4().simple().to_string();
    id.truncate(ID_CHARS);
    let by = caller.name().to_owned();
    let issue = Issue { id, what, created: now(), by, revision: 1 };
    let audit = event(&caller, &application, "ci.known.create", &issue.id, 1);
    let mut response = store(&app, &application, &issue, true, audit).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `PUT /api/ci/known/{id}`.
pub async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let (caller, application) = place(&app, &parts, Scope::Admin)?;
    let wanted = Wanted::needed(&parts.headers)?;
    let what = wish(&parts, body).await?;
    let _writing = writing(&app).await;
    let (old, bytes) = there(&app, &application, &id)?;
    if !wanted.is(Some(&bytes)) {
        return Err(changed());
    }
    // What came in while it was off was not looked at.
    let is_on = what.enabled != Some(false);
    let is_new = !what.means_as(&old.what) || (is_on && !old.is_enabled());
    let revision = old.revision + i64::from(is_new);
    let issue = Issue { what, revision, ..old };
    let audit = event(&caller, &application, "ci.known.change", &issue.id, 1);
    store(&app, &application, &issue, is_new, audit).await
}

/// `DELETE /api/ci/known/{id}`.
pub async fn delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let (caller, application) = place(&app, &parts, Scope::Admin)?;
    let wanted = Wanted::of(&parts.headers)?;
    let _writing = writing(&app).await;
    let (issue, bytes) = there(&app, &application, &id)?;
    if wanted.is_some_and(|wanted| !wanted.is(Some(&bytes))) {
        return Err(changed());
    }
    let audit = event(&caller, &application, "ci.known.delete", &id, 1);
    save::remove(&app.store, application.app_id(), &issue, audit).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The body of a call that links builds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Linked {
    builds: Vec<Match>,
}

/// `POST /api/ci/known/{id}/builds`.
pub async fn link(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    linked(&app, &id, &parts, body, true).await
}

/// `DELETE /api/ci/known/{id}/builds`.
pub async fn unlink(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    parts: Parts,
    body: Body,
) -> Result<Response, Refusal> {
    linked(&app, &id, &parts, body, false).await
}

async fn linked(
    app: &App,
    id: &str,
    parts: &Parts,
    body: Body,
    is_linked: bool,
) -> Result<Response, Refusal> {
    let (caller, application) = place(app, parts, Scope::Admin)?;
    require_json(&parts.headers)?;
    let body = Value::Object(ask::read_json(&parts.headers, body).await?);
    let body: Linked = serde_json::from_value(body)
        .map_err(|error| Refusal::bad_request(format!("the body is not usable: {error}")))?;
    if body.builds.is_empty() || body.builds.len() > LINKED_MAX {
        return Err(Refusal::bad_request(format!("give 1 to {LINKED_MAX} `builds` in a call")));
    }
    let source = if is_linked { "manual" } else { "none" };
    let mut all = body.builds;
    for (number, build) in all.iter_mut().enumerate() {
        let texts = [
            &build.organization,
            &build.project,
            &build.record_id,
            &build.text,
            &build.fingerprint,
        ];
        let is_long = texts.iter().any(|text| text.len() > TEXT_BYTES_MAX);
        if build.organization.is_empty() || build.build_id <= 0 || is_long {
            return Err(Refusal::bad_request(format!(
                "build {number} needs `organization` and `buildId`, and texts of at most \
                 {TEXT_BYTES_MAX} bytes"
            )));
        }
        build.source = source.to_owned();
    }
    let _writing = writing(app).await;
    let (issue, _) = there(app, &application, id)?;
    let action = if is_linked { "ci.known.link" } else { "ci.known.unlink" };
    let audit = event(&caller, &application, action, id, all.len());
    let of = (issue.id.as_str(), 0);
    save::write_matches(&app.store, application.app_id(), of, &all, now()).await?;
    save::append_rows(&app.store, audit).await?;
    Ok((json_headers(), json!({ "stored": all.len() }).to_string()).into_response())
}

async fn wish(parts: &Parts, body: Body) -> Result<Wish, Refusal> {
    require_json(&parts.headers)?;
    let body = Value::Object(ask::read_json(&parts.headers, body).await?);
    let wish: Wish = serde_json::from_value(body)
        .map_err(|error| Refusal::bad_request(format!("the body is not usable: {error}")))?;
    wish.check().map_err(Refusal::bad_request)
}

async fn writing(app: &App) -> MutexGuard<'_, ()> {
    app.known.writing.lock().await
}

async fn store(
    app: &Arc<App>,
    application: &Arc<Application>,
    issue: &Issue,
    is_new: bool,
    audit: Vec<(AppId, Batch)>,
) -> Result<Response, Refusal> {
    let asker = Asker { engine: &app.engine, application, limits: &app.settings.query };
    let saved = save::save(&app.store, asker, issue, is_new, now(), audit).await?;
    app.known.look_again(application.app_id());
    let mut body = shape(issue, &saved.bytes);
    if let Some((matches, builds)) = saved.found {
        body["matches"] = json!(matches);
        body["builds"] = json!(builds);
    }
    Ok(answer(body, &saved.bytes))
}

fn answer(body: Value, bytes: &[u8]) -> Response {
    let mut response = (json_headers(), body.to_string()).into_response();
    let tag = HeaderValue::from_str(&tag_of(bytes)).ok();
    response.headers_mut().extend(tag.map(|tag| (header::ETAG, tag)));
    response
}

fn shape(issue: &Issue, bytes: &[u8]) -> Value {
    // Plain data always becomes JSON.
    let mut body = serde_json::to_value(&issue.what).unwrap_or_default();
    body["id"] = json!(issue.id);
    body["created"] = json!(format_datetime(issue.created, Fraction::Trimmed));
    body["by"] = json!(issue.by);
    body["revision"] = json!(issue.revision);
    body["etag"] = json!(tag_of(bytes));
    body
}

fn changed() -> Refusal {
    let message = "the known issue was changed by somebody else meanwhile: look at it again before \
                   you save";
    Refusal::new(StatusCode::PRECONDITION_FAILED, "changed", message)
}

fn event(
    caller: &Caller,
    application: &Application,
    action: &'static str,
    id: &str,
    rows: usize,
) -> Vec<(AppId, Batch)> {
    let event = Event {
        application: Some(application.app_id()),
        target: id.to_owned(),
        rows: rows as u64,
        ..Event::new(action)
    };
    audit::rows(application.app_id(), caller, event)
}
