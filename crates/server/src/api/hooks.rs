//! Hooks over HTTP: who delivers and how that fares, a replay, a sample. Deliveries themselves come
//! in by [`receive`].

pub mod deliveries;
pub mod receive;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use azdo::hook;
use azdo::identity::Identities;
use azdo::release_badge;
use bytes::Bytes;
use serde_json::{Value, json};

use super::appinsights::json_headers;
use super::badges;
use super::keys::wire::HOOK_PATH;
use crate::app::{App, now};
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::badges::document::{badge_id, normal};
use crate::error::Refusal;
use crate::hooks::intake::{self, Taken};
use crate::hooks::{replay as again, sample, scope, subscriptions, wire};
use crate::keys::{self, Key};

/// Parameters of the query string.
type Params = HashMap<String, String>;

/// How long the sample of `hooks test` may take to be worked through.
const TEST_TIME: Duration = Duration::from_secs(10);

/// `GET /api/hooks`.
pub async fn list(State(app): State<Arc<App>>, parts: Parts) -> Result<Response, Refusal> {
    Caller::of(&app, &parts)?.may(Scope::Admin, None)?;
    let hooks = &app.hooks;
    let mut body = wire::list(&app.keys, &app.apps, &hooks.tallies, Some(&hooks.counts), now());
    body["receiver"] = format!("{}{HOOK_PATH}", app.public_url).into();
    body["subscriptions"] = subscriptions::wire(&hooks.subscriptions.all());
    Ok((json_headers(), body.to_string()).into_response())
}

/// `POST /api/hooks/replay`.
pub async fn replay(
    State(app): State<Arc<App>>,
    Query(params): Query<Params>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may(Scope::Admin, None)?;
    let time = |name: &str, otherwise: i64| match params.get(name) {
        None => Ok(otherwise),
        Some(text) => model::time::parse_datetime(text).ok_or_else(|| {
            let text: String = text.chars().take(100).collect();
            Refusal::bad_request(format!("`{name}` must be a time, and `{text}` is none"))
        }),
    };
    let (from, until) = (time("from", 0)?, time("to", now())?);
    let (shared, runtime) = (Arc::clone(&app), tokio::runtime::Handle::current());
    let work = move || again::run(&shared, &runtime, from, until);
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(|error| error.to_string()).flatten().map_err(|reason| {
        tracing::error!(reason, "events cannot be worked through again");
        Refusal::internal()
    })?;
    let event = Event { rows: done.events, ..Event::new("hooks.replay") };
    audit::record_durably(&app, &caller, event).await;
    let body = json!({
        "events": done.events,
        "badges": done.badges,
        "deployments": done.deployments,
    });
    Ok((json_headers(), body.to_string()).into_response())
}

/// `POST /api/hooks/test`.
pub async fn test(
    State(app): State<Arc<App>>,
    Query(params): Query<Params>,
    parts: Parts,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&app, &parts)?;
    caller.may(Scope::Admin, None)?;
    let name = params.get("name").ok_or_else(|| Refusal::bad_request("`name` is needed"))?;
    let key = app
        .keys
        .named(name)
        .ok_or_else(|| Refusal::from(keys::Error::NotFound(name.chars().take(100).collect())))?;
    check(&key)?;
    let body = sample::deployment(now());
    let bytes = Bytes::from(body.to_string());
    let taken = intake::take(&app, &key, bytes).await.map_err(|reason| {
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", reason.to_string())
    })?;
    let shared = Arc::clone(&app);
    let is_done = tokio::task::spawn_blocking(move || match taken {
        Taken::Waiting(id) => shared.hooks.inbox.wait_done(id, TEST_TIME),
        Taken::Duplicate(_) => true,
    });
    let is_done = is_done.await.unwrap_or(false);
    let target = format!("{} ({})", key.document.name, key.document.id);
    audit::record_durably(&app, &caller, Event { target, ..Event::new("hooks.test") }).await;
    let answer = outcome(&app, &key, &body, is_done);
    Ok((json_headers(), answer.to_string()).into_response())
}

/// What came of a sample. `badge` is the address a README can show, else the readable one.
fn outcome(app: &App, key: &Key, body: &Value, is_done: bool) -> Value {
    let delivery = hook::read(body.to_string().as_bytes(), &Identities::Keep).ok();
    let outside = delivery.as_ref().and_then(|delivery| scope::outside(key, delivery));
    let is_ours = is_done && outside.is_none();
    let heard = delivery.and_then(|delivery| release_badge::of_delivery(&delivery).ok());
    let id = heard.map(|(key, _)| badge_id(&normal(key)));
    let entry = id.filter(|_| is_ours).and_then(|id| app.badges.get(&id));
    let shape = entry.map(|entry| badges::wire::shape(&entry, &app.public_url, true));
    let badge = shape.as_ref().map(|shape| {
        let urls = &shape["urls"];
        if urls["readme"].is_string() { urls["readme"].clone() } else { urls["readable"].clone() }
    });
    let visibility = shape.as_ref().map(|shape| shape["visibility"].clone());
    let why = match (is_done, badge.is_some()) {
        (false, _) => "the event is stored and has not been worked through yet",
        (true, false) if is_ours => "there is no room for another badge",
        (true, false) => {
            "the key is for some projects, definitions or events, and the sample is \
                          of none of them"
        }
        (true, true) => "",
    };
    json!({
        "key": key.document.name,
        "eventId": body["id"],
        "isProcessed": is_done,
        "badge": badge,
        "visibility": visibility,
        "message": why,
    })
}

fn check(key: &Key) -> Result<(), Refusal> {
    let name = &key.document.name;
    if !key.has(Scope::Hook) {
        return Err(Refusal::bad_request(format!("the key `{name}` is not for hooks")));
    }
    if !key.is_live(now()) {
        return Err(Refusal::bad_request(format!("the key `{name}` does not count any more")));
    }
    Ok(())
}
