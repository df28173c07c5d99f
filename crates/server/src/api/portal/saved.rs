//! Saved queries: those this product brings, and files of the data folder that people edit, too.
//!
//! Invariants: nobody overwrites what he has not seen; what concerns the whole server is kept from
//! callers that see only a part of it.

mod shipped;
mod text;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use store::Texts;

use self::text::Saved;
use super::super::admin::require_json;
use super::super::tags::{Wanted, tag_of};
use super::{finish, json_answer};
use crate::app::App;
use crate::ask;
use crate::auth::{Caller, Scope};
use crate::error::{Refusal, append_status};
use crate::headers::Ids;

/// How the names of the files end.
const ENDING: &str = ".kql";
const ID_CHARS_MAX: usize = 64;
/// Files a folder may hold.
const FILES_MAX: usize = 1000;
/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// All files that are read, together, in bytes.
const ALL_BYTES_MAX: u64 = 16 << 20;

/// `GET /api/portal/saved`; with `?without=kql` what stands in the queries' headers only.
pub async fn list(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    let (parts, _) = request.into_parts();
    let answer = match parts.method {
        Method::GET => all(&app, &parts).await,
        _ => Err(Refusal::method("GET")),
    };
    finish(&app, answer, &ids, "")
}

/// `PUT` and `DELETE /api/portal/saved/{id}`.
pub async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let ids = Ids::of(&request);
    let (parts, body) = request.into_parts();
    let answer = match parts.method {
        Method::PUT => put(&app, &id, &parts, body).await,
        Method::DELETE => delete(&app, &id, &parts).await,
        _ => Err(Refusal::method("PUT, DELETE")),
    };
    finish(&app, answer, &ids, "")
}

async fn all(app: &Arc<App>, parts: &Parts) -> Result<Response, Refusal> {
    let caller = Caller::of(app, parts)?;
    caller.may_somewhere(Scope::Query)?;
    let has_kql = has_kql(parts)?;
    let listed = move |mut query: Value| {
        if let (false, Some(members)) = (has_kql, query.as_object_mut()) {
            members.remove("kql");
        }
        query
    };
    let mut queries: Vec<Value> = shipped::TEXTS
        .iter()
        .map(|(id, text)| listed(shape(id, &text::read(id, text), "shipped", text.as_bytes())))
        .collect();
    let mut problems = Vec::new();
    // They may name applications and values that others are not to know.
    if caller.may(Scope::Query, None).is_ok() {
        let shared = Arc::clone(app);
        let read = tokio::task::spawn_blocking(move || own(&shared, listed));
        let (own, wrong) = read.await.map_err(|_| Refusal::internal())??;
        queries.extend(own);
        problems = wrong;
    }
    Ok(json_answer(&json!({ "queries": queries, "problems": problems })))
}

/// Whether the texts of the queries are wanted.
fn has_kql(parts: &Parts) -> Result<bool, Refusal> {
    let without = ask::parameters(&parts.uri).into_iter().find(|(name, _)| name == "without");
    match without.as_ref().map(|(_, value)| value.as_str()) {
        None => Ok(true),
        Some("kql") => Ok(false),
        Some(_) => Err(Refusal::bad_request("`without` may be `kql` and nothing else")),
    }
}

/// The queries of the data folder as `listed` has them, and files that are none, each with the
/// reason.
fn own(app: &App, listed: impl Fn(Value) -> Value) -> Result<(Vec<Value>, Vec<Value>), Refusal> {
    let (mut queries, mut problems) = (Vec::new(), Vec::new());
    let mut left = ALL_BYTES_MAX;
    let mut problem = |file: &str, reason: &str| {
        let file: String = file.chars().take(200).collect();
        problems.push(json!({ "file": file, "message": reason }));
    };
    for (number, file) in app.store.texts().list().map_err(refused)?.iter().enumerate() {
        if number == FILES_MAX {
            problem(file, "it and those after it are not read: there are more than 1000 files");
            break;
        }
        if left == 0 {
            let reason = "it and those after it are not read: together they are larger than 16 MiB";
            problem(file, reason);
            break;
        }
        let Some(id) = file.strip_suffix(ENDING).filter(|id| is_id(id)) else {
            problem(file, "call it like `my-query.kql`: small letters, digits and `-`");
            continue;
        };
        if is_shipped(id) {
            problem(file, "a query that comes with the server has this name: take another one");
            continue;
        }
        match read_file(app, file) {
            Ok(None) => {}
            Ok(Some(text)) => {
                left = left.saturating_sub(text.len() as u64);
                let saved = text::read(id, &text);
                queries.push(listed(shape(id, &saved, "own", text.as_bytes())));
            }
            Err(reason) => problem(file, &reason),
        }
    }
    Ok((queries, problems))
}

/// The text of a file of the folder, if it is there still; else why it is no query.
fn read_file(app: &App, file: &str) -> Result<Option<String>, String> {
    let texts = app.store.texts();
    let unreadable = |error| format!("it cannot be read: {error}");
    match texts.size(file).map_err(unreadable)? {
        None => return Ok(None),
        Some(bytes) if bytes > FILE_BYTES_MAX => return Err("it is larger than 1 MiB".to_owned()),
        Some(_) => {}
    }
    let bytes = texts.get(file).map_err(unreadable)?;
    bytes.map(String::from_utf8).transpose().map_err(|_| "it is not UTF-8".to_owned())
}

async fn put(app: &Arc<App>, id: &str, parts: &Parts, body: Body) -> Result<Response, Refusal> {
    check_writer(app, id, parts)?;
    require_json(&parts.headers)?;
    let wanted = Wanted::needed(&parts.headers)?;
    let saved = text::parse(&ask::read_json(&parts.headers, body).await?)?;
    let bytes = text::write(&saved).into_bytes();
    let (shared, file) = (Arc::clone(app), format!("{id}{ENDING}"));
    let written = tokio::task::spawn_blocking(move || {
        let texts = shared.store.texts();
        let is_new = matches!(wanted, Wanted::Nothing);
        let names = texts.list().map_err(refused)?;
        if is_new && names.len() >= FILES_MAX {
            let message = format!("there are {FILES_MAX} saved queries: remove some first");
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "limit", message));
        }
        check_room(texts, &names, &file, bytes.len() as u64)?;
        let done = texts.change(&file, Some(&bytes), |there| wanted.is(there)).map_err(refused)?;
        Ok(done.then_some((bytes, is_new)))
    });
    let written = written.await.map_err(|_| Refusal::internal())??;
    let (bytes, is_new) = written.ok_or_else(changed)?;
    let mut response = json_answer(&shape(id, &saved, "own", &bytes));
    if is_new {
        *response.status_mut() = StatusCode::CREATED;
    }
    let tag = HeaderValue::from_str(&tag_of(&bytes)).ok();
    response.headers_mut().extend(tag.map(|tag| (header::ETAG, tag)));
    Ok(response)
}

/// Passes what can be put into `file` so that all files are still read.
fn check_room(texts: &Texts, names: &[String], file: &str, bytes: u64) -> Result<(), Refusal> {
    let others = names.iter().filter(|name| *name != file && name.ends_with(ENDING));
    // Those that cannot be looked at are not read either.
    let sizes = others.filter_map(|name| texts.size(name).ok().flatten());
    let all = sizes.filter(|size| *size <= FILE_BYTES_MAX).sum::<u64>() + bytes;
    if all <= ALL_BYTES_MAX {
        return Ok(());
    }
    let message = "the saved queries would be larger than 16 MiB together: remove some first";
    Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "limit", message))
}

async fn delete(app: &Arc<App>, id: &str, parts: &Parts) -> Result<Response, Refusal> {
    check_writer(app, id, parts)?;
    let wanted = Wanted::of(&parts.headers)?;
    let (shared, file) = (Arc::clone(app), format!("{id}{ENDING}"));
    let removed = tokio::task::spawn_blocking(move || {
        let mut found = false;
        let done = shared.store.texts().change(&file, None, |there| {
            found = there.is_some();
            found && wanted.as_ref().is_none_or(|wanted| wanted.is(there))
        });
        done.map(|done| (found, done)).map_err(refused)
    });
    match removed.await.map_err(|_| Refusal::internal())?? {
        (false, _) => Err(Refusal::not_found(format!("there is no saved query `{id}`"))),
        (true, false) => Err(changed()),
        (true, true) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Passes who may write queries of the server, and an id that can be written.
fn check_writer(app: &App, id: &str, parts: &Parts) -> Result<(), Refusal> {
    let caller = Caller::of(app, parts)?;
    let scope = if caller.is_stranger() { Scope::Admin } else { Scope::Query };
    caller.may(scope, None)?;
    if !is_id(id) {
        let message = "the id of a saved query is of 1 to 64 small letters, digits and inner `-`";
        return Err(Refusal::bad_request(message));
    }
    if is_shipped(id) {
        let message = format!("`{id}` comes with the server: save it with another id");
        return Err(Refusal::new(StatusCode::CONFLICT, "shipped", message));
    }
    Ok(())
}

fn changed() -> Refusal {
    let message = "the query was changed, removed or made by somebody else meanwhile: look at it \
                   again before you save";
    Refusal::new(StatusCode::PRECONDITION_FAILED, "changed", message)
}

fn is_id(id: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=ID_CHARS_MAX).contains(&id.len())
        && id.chars().all(is_plain)
        && !id.starts_with('-')
        && !id.ends_with('-')
}

fn is_shipped(id: &str) -> bool {
    shipped::TEXTS.iter().any(|(shipped, _)| *shipped == id)
}

fn shape(id: &str, saved: &Saved, origin: &str, bytes: &[u8]) -> Value {
    json!({
        "id": id,
        "name": saved.name,
        "folder": saved.folder,
        "description": saved.description,
        "tags": saved.tags,
        "kql": saved.kql,
        "origin": origin,
        "etag": tag_of(bytes),
    })
}

fn refused(error: store::Error) -> Refusal {
    tracing::error!(%error, "saved queries cannot be read or written");
    let (status, message) = append_status(&error);
    Refusal::new(status, "storage", message)
}
