//! `POST /hooks/azdo`: deliveries of service hooks in (spec azure-devops.md §8.4, §8.5).
//!
//! Invariant: a sender with a good key gets success, or what makes it come again soon: anything
//! else puts its subscription on probation, and events are lost meanwhile. Only a body that is too
//! large or is no event is refused, since it will be no better later.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::appinsights::json_headers;
use crate::api::track::intake::Hold;
use crate::app::{App, now};
use crate::audit::{self, Event};
use crate::auth::credentials::read_hook;
use crate::auth::{Caller, Scope};
use crate::body::{self, Fault};
use crate::error::Refusal;
use crate::headers::{RETRY_INGESTION, set_retry_after};
use crate::hooks::counts::Outcome;
use crate::hooks::deliveries::Entry;
use crate::hooks::intake::{self, BODY_BYTES_MAX, Refused, Taken};
use crate::hooks::quota;
use crate::keys::Key;
use crate::listen::Peer;

/// Room a delivery waits for before its body is read; a larger one takes more as it arrives.
const FIRST_BYTES: usize = 64 << 10;

/// A delivery that got no success.
struct Unmet {
    refusal: Refusal,
    outcome: Outcome,
}

fn unmet(status: StatusCode, code: &'static str, message: String, outcome: Outcome) -> Unmet {
    Unmet { refusal: Refusal::new(status, code, message), outcome }
}

/// `POST /hooks/azdo/{key}` and `POST /hooks/azdo`.
pub async fn receive(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let message = "service hooks send POST: enter this address as the URL of a web hook";
        let mut response = Refusal::new(status, "method", message).into_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let mut response = match answer(&app, &parts, body).await {
        Ok(()) => (json_headers(), "{}").into_response(),
        Err(unmet) => {
            let is_busy = unmet.refusal.status == StatusCode::SERVICE_UNAVAILABLE;
            let is_open = is_busy && unmet.refusal.retry_after.is_none();
            let mut response = unmet.refusal.into_response();
            if is_open {
                set_retry_after(response.headers_mut(), RETRY_INGESTION);
            }
            response
        }
    };
    // A key may stand in the address: nothing on the way is to keep it.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    app.metrics.count_answer("hooks", response.status().as_u16());
    response
}

async fn answer(app: &Arc<App>, parts: &Parts, body: Body) -> Result<(), Unmet> {
    let key = match find(app, parts) {
        Ok(key) => key,
        Err(unmet) => {
            app.hooks.counts.add("", unmet.outcome);
            // Whoever throws bodies at us is not listened to.
            return Err(unmet);
        }
    };
    let name = key.document.name.clone();
    let stated = body::stated_length(&parts.headers).unwrap_or(0);
    let note = |outcome: Outcome, event_type: String, error: &str| {
        app.hooks.counts.add(&name, outcome);
        app.hooks.deliveries.add(Entry {
            at: now(),
            key_name: name.clone(),
            event_type,
            outcome,
            badge: None,
            bytes: stated,
            error: error.to_owned(),
            count: 1,
        });
    };
    let counted = |unmet: Unmet| {
        note(unmet.outcome, String::new(), &unmet.refusal.message);
        unmet
    };
    if !key.is_live(now()) {
        // Read away, or the sender may not get to the answer.
        let _ = body::read(&parts.headers, body, BODY_BYTES_MAX, None, |_| true).await;
        return revoked(app, &key).map_err(counted);
    }
    let place = admit(app, &key).map_err(counted)?;
    let body = read(app, parts, body).await.map_err(counted)?;
    match intake::take(app, &key, body).await {
        // Counted by the worker, which alone knows whether it was there before.
        Ok(Taken::Waiting(_)) => {
            place.keep();
            Ok(())
        }
        Ok(Taken::Duplicate(event_type)) => {
            note(Outcome::Duplicate, event_type, "");
            Ok(())
        }
        Err(reason) => Err(counted(refuse(&reason))),
    }
}

/// The key a delivery carries, whether it still counts or not.
fn find(app: &App, parts: &Parts) -> Result<Arc<Key>, Unmet> {
    let given = read_hook(parts);
    // A key that is known is never held up by what others send from the same address.
    let known = given.iter().find_map(|text| app.keys.known(text));
    if let Some(key) = known.filter(|key| key.has(Scope::Hook)) {
        return Ok(key);
    }
    let (now, failures) = (now(), &app.hooks.failures);
    let address = parts.extensions.get::<Peer>().map(|peer| peer.address.ip());
    if let Some(wait) = address.and_then(|address| failures.wait(address, now)) {
        let message = "too many wrong keys came from this address".to_owned();
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut unmet = unmet(status, "throttled", message, Outcome::UnknownKey);
        unmet.refusal.retry_after = Some(Duration::from_nanos(wait.unsigned_abs()));
        return Err(unmet);
    }
    if let Some(address) = address {
        failures.add(address, now);
    }
    let event = Event {
        target: "/hooks/azdo".to_owned(),
        status: StatusCode::NOT_FOUND.as_u16(),
        ..Event::new("hooks.refused")
    };
    audit::record(app, &Caller::unknown(app, parts), event);
    let message = match given.is_empty() {
        true => "no key was sent: put the one of `telltale hooks create` behind `/hooks/azdo/`",
        false => "there is no such hook key: `telltale hooks create` makes one",
    };
    Err(unmet(StatusCode::NOT_FOUND, "unknown_key", message.to_owned(), Outcome::UnknownKey))
}

/// What is said to a key that does not count any more.
fn revoked(app: &App, key: &Key) -> Result<(), Unmet> {
    if app.settings.access.drops_revoked {
        app.hooks.counts.add(&key.document.name, Outcome::Revoked);
        return Ok(());
    }
    let what = if key.document.revoked.is_some() { "was revoked" } else { "has expired" };
    let message = format!("the hook key `{}` {what}: delete this subscription", key.document.name);
    Err(unmet(StatusCode::GONE, "revoked", message, Outcome::Revoked))
}

fn busy(message: String, outcome: Outcome) -> Unmet {
    unmet(StatusCode::SERVICE_UNAVAILABLE, "busy", message, outcome)
}

/// The key's place for one more delivery: within its rate of a minute and its quota of a day.
fn admit<'a>(app: &'a App, key: &Arc<Key>) -> Result<quota::Taken<'a>, Unmet> {
    let later = |message: String, outcome, wait_ns: i64| {
        let mut unmet = busy(message, outcome);
        unmet.refusal.retry_after = Some(Duration::from_nanos(wait_ns.unsigned_abs()));
        unmet
    };
    let (name, now) = (&key.document.name, now());
    key.take(now).map_err(|wait_ns| {
        let message = "this key's deliveries of a minute are used up".to_owned();
        later(message, Outcome::Throttled, wait_ns)
    })?;
    app.hooks.quotas.take(key, &app.hooks.tallies, now).map_err(|over| {
        if over.is_news {
            let per_day = over.per_day;
            tracing::warn!(key = name, per_day, "a hook key's events of the day are used up");
        }
        let message = format!(
            "the hook key `{name}` has delivered {} events today (UTC), all it may: make another \
             with a larger `--per-day`, or subscribe to less",
            over.per_day
        );
        later(message, Outcome::OverQuota, over.wait_ns)
    })
}

/// The body, when there is room for it.
async fn read(app: &App, parts: &Parts, body: Body) -> Result<bytes::Bytes, Unmet> {
    let no_room = || busy(Refused::NoRoom.to_string(), Outcome::Postponed);
    if !app.hooks.inbox.has_room() {
        return Err(no_room());
    }
    let stated = body::stated_length(&parts.headers);
    let wanted = stated.unwrap_or(FIRST_BYTES).min(FIRST_BYTES);
    let in_flight_max = app.settings.ingest.in_flight_bytes_max;
    let hold = Hold::admit(&app.intake, in_flight_max, wanted).await;
    let mut hold = hold.ok_or_else(no_room)?;
    let read = body::read(&parts.headers, body, BODY_BYTES_MAX, None, |size| hold.grow_to(size));
    read.await.map_err(|fault| match fault {
        Fault::TooLarge => refuse(&Refused::TooLarge),
        Fault::Refused => no_room(),
        Fault::TooSlow | Fault::Broken => {
            busy("the delivery broke off or came too slowly".to_owned(), Outcome::Postponed)
        }
    })
}

fn refuse(reason: &Refused) -> Unmet {
    let (status, code) = match reason {
        Refused::Unreadable(_) => (StatusCode::BAD_REQUEST, "bad_request"),
        Refused::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "limit"),
        Refused::NoRoom => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
    };
    unmet(status, code, reason.to_string(), reason.outcome())
}
