//! Server-sent events: which tables got rows, so that pages ask only when there is something new.
//!
//! Invariants: an event tells counts and times of one application the caller may ask, never the
//! audit, which every query adds to; streams are bounded and end with the server and with the key;
//! an application is read at most once per [`PACE`], however many listen.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures::stream;
use model::AppId;
use model::tables::AUDIT;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::finish;
use super::session::time_text;
use crate::app::{App, now};
use crate::ask;
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::headers::Ids;

/// Streams at once.
const STREAMS_MAX: usize = 100;
/// How often is looked for new rows.
const PACE: Duration = Duration::from_secs(1);
/// A stream without events says so often that it is still there.
const QUIET: Duration = Duration::from_secs(15);

/// The streams of a server.
#[derive(Debug)]
pub struct Streams {
    places: Arc<Semaphore>,
    ended: watch::Sender<bool>,
    latest: Mutex<HashMap<AppId, Place>>,
}

/// Where the streams of an application find what was read last; locked while it is read.
type Place = Arc<tokio::sync::Mutex<Option<Latest>>>;

/// What was read last of an application.
#[derive(Debug, Clone)]
struct Latest {
    /// The store's version it tells of.
    version: u64,
    at: Instant,
    tables: Arc<Tables>,
}

impl Default for Streams {
    fn default() -> Streams {
        Streams {
            places: Arc::new(Semaphore::new(STREAMS_MAX)),
            ended: watch::Sender::new(false),
            latest: Mutex::default(),
        }
    }
}

impl Streams {
    /// Ends all streams, and those that begin later at once.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }
}

/// What an event tells of the tables.
#[derive(Debug)]
struct Tables {
    newest: Option<i64>,
    tables: Value,
}

/// `GET /api/portal/events`.
pub async fn events(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    let (parts, _) = request.into_parts();
    let answer = match parts.method {
        Method::GET => open(&app, &parts),
        _ => Err(Refusal::method("GET")),
    };
    finish(&app, answer, &ids, "")
}

fn open(app: &Arc<App>, parts: &Parts) -> Result<Response, Refusal> {
    let caller = Caller::of(app, parts)?;
    let name = ask::parameters(&parts.uri).into_iter().find(|(name, _)| name == "app");
    let name = name.map(|(_, value)| value).unwrap_or_default();
    let application = ask::find_app(app, &caller, Scope::Query, &name)?;
    let place = Arc::clone(&app.streams.places).try_acquire_owned().map_err(|_| {
        let message = format!("{STREAMS_MAX} pages are told of new rows, the most at once");
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "limit", message)
    })?;
    let listener = Listener {
        ended: app.streams.ended.subscribe(),
        app: Arc::clone(app),
        caller,
        application: application.app_id(),
        known: None,
        said: Instant::now(),
        _place: place,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let text = listener.next().await?;
        Some((Ok::<Bytes, Infallible>(Bytes::from(text)), listener))
    });
    let mut response = Response::new(Body::from_stream(events));
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies that gather answers would keep them for minutes.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// One stream.
struct Listener {
    app: Arc<App>,
    caller: Caller,
    application: AppId,
    ended: watch::Receiver<bool>,
    /// The version of the store it was told of last.
    known: Option<u64>,
    /// When something was sent last.
    said: Instant,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// The next text to send; `None`: the stream ends.
    async fn next(&mut self) -> Option<String> {
        loop {
            if *self.ended.borrow() || !self.caller.is_live(&self.app, now()) {
                return None;
            }
            let Latest { version, tables, .. } = self.latest().await?;
            if self.known != Some(version) {
                let is_first = self.known.is_none();
                self.known = Some(version);
                self.said = Instant::now();
                let event = json!({
                    "now": time_text(now()),
                    "newest": tables.newest.map(time_text),
                    "tables": tables.tables,
                    "snapshot": version.to_string(),
                });
                let retry = if is_first { "retry: 2000\n" } else { "" };
                return Some(format!("{retry}event: fresh\ndata: {event}\n\n"));
            }
            if self.said.elapsed() >= QUIET {
                self.said = Instant::now();
                return Some(": nothing new\n\n".to_owned());
            }
            tokio::select! {
                () = tokio::time::sleep(PACE) => {}
                _ = self.ended.changed() => {}
            }
        }
    }

    /// Counts and times as they are, or as they were less than [`PACE`] ago.
    async fn latest(&self) -> Option<Latest> {
        let (app, application) = (Arc::clone(&self.app), self.application);
        let place = Arc::clone(app.streams.latest.lock().entry(application).or_default());
        let mut latest = place.lock().await;
        let version = app.store.version(application, |table| table != AUDIT.name);
        let is_good = |known: &&Latest| known.version == version || known.at.elapsed() < PACE;
        if let Some(known) = latest.as_ref().filter(is_good) {
            return Some(known.clone());
        }
        let at = Instant::now();
        let read = tokio::task::spawn_blocking(move || Arc::new(read(&app, application)));
        Some(latest.insert(Latest { version, at, tables: read.await.ok()? }).clone())
    }
}

fn read(app: &App, application: AppId) -> Tables {
    let (mut tables, mut newest) = (Map::new(), None);
    for usage in app.store.usage(application) {
        if usage.table == AUDIT.name {
            continue;
        }
        let rows: u64 = usage.days.iter().map(|day| day.rows).sum();
        let of_table = usage.days.iter().map(|day| day.newest).max();
        newest = newest.max(of_table);
        let shape = json!({ "rows": rows, "newest": of_table.map(time_text) });
        tables.insert(usage.table, shape);
    }
    Tables { newest, tables: Value::Object(tables) }
}
