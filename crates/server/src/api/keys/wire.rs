//! JSON shapes of `/api/keys`, which `telltale keys` prints, too.
//!
//! Invariant: the text of a key stands in [`made`] only.

use model::AppId;
use model::time::{Fraction, format_datetime};
use serde_json::{Map, Value, json};

use crate::apps::Apps;
use crate::error::Refusal;
use crate::keys::{Key, Keys, Wish};

/// The path that hooks post to.
pub const HOOK_PATH: &str = "/hooks/azdo";

/// All keys, dead ones included.
pub fn list(keys: &Keys, apps: &Apps, now: i64) -> Value {
    let all: Vec<Value> = keys.all().iter().map(|key| shape(key, apps, now)).collect();
    json!({ "keys": all })
}

/// One key. `state` is `live`, `expired` or `revoked`; `applications` are names, null means all.
pub fn shape(key: &Key, apps: &Apps, now: i64) -> Value {
    let document = &key.document;
    let time = |at: Option<i64>| at.map(|at| format_datetime(at, Fraction::Trimmed));
    let name = |number: &u32| {
        apps.by_number(AppId(*number)).map_or_else(|| number.to_string(), |app| app.name.clone())
    };
    let applications = document.applications.as_ref();
    let state = match document.revoked {
        Some(_) => "revoked",
        None if key.is_live(now) => "live",
        None => "expired",
    };
    json!({
        "id": document.id,
        "name": document.name,
        "state": state,
        "scopes": document.scopes,
        "applications": applications.map(|all| all.iter().map(name).collect::<Vec<_>>()),
        "created": time(Some(document.created)),
        "expires": time(document.expires),
        "revoked": time(document.revoked),
        "ratePerMinute": document.rate_per_minute,
        "projects": document.projects,
        "definitions": document.definitions,
        "eventTypes": document.event_types,
        "eventsPerDay": document.events_per_day,
        "lastUsed": time(key.last_used()),
    })
}

/// What a key of scope `hook` made over HTTP has beside the rest: the whole URL of its hook.
/// `public_url`: the one of the settings; `url`: where the server answers in any case.
pub fn add_hook_url(made: &mut Value, text: &str, public_url: Option<&str>, url: &str) {
    let base = public_url.unwrap_or(url);
    made["url"] = format!("{base}{HOOK_PATH}/{text}").into();
    made["publicUrl"] = public_url.into();
}

/// A new key with its text, which is shown this once. `anyAdmin`: whether any key may administer
/// the server now.
pub fn made(key: &Key, text: &str, any_admin: bool, apps: &Apps, now: i64) -> Value {
    let mut shape = shape(key, apps, now);
    shape["key"] = Value::from(text);
    shape["anyAdmin"] = Value::from(any_admin);
    shape
}

/// A key that was to be revoked. `changed`: false when it was already.
pub fn revoked(key: &Key, changed: bool, apps: &Apps, now: i64) -> Value {
    let mut shape = shape(key, apps, now);
    shape["changed"] = Value::from(changed);
    shape
}

/// What `POST /api/keys` asks for.
///
/// # Errors
/// When a member has the wrong type.
pub fn read(body: &Map<String, Value>) -> Result<Wish, Refusal> {
    let wrong =
        |name: &str, wanted: &str| Refusal::bad_request(format!("`{name}` must be {wanted}"));
    let given = |name: &str| body.get(name).filter(|value| !value.is_null());
    let text = |name: &str| match given(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(name, "a text")),
    };
    let texts = |name: &str| match given(name) {
        None => Ok(None),
        Some(Value::Array(items)) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts
                .collect::<Option<Vec<_>>>()
                .map(Some)
                .ok_or_else(|| wrong(name, "a list of texts"))
        }
        Some(_) => Err(wrong(name, "a list of texts")),
    };
    let number = |name: &str| match given(name) {
        None => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or_else(|| wrong(name, "a whole number")),
    };
    Ok(Wish {
        name: text("name")?.unwrap_or_default(),
        scopes: texts("scopes")?.unwrap_or_default(),
        applications: texts("applications")?,
        expires: text("expires")?,
        rate_per_minute: number("ratePerMinute")?,
        projects: texts("projects")?,
        definitions: texts("definitions")?,
        event_types: texts("eventTypes")?,
        events_per_day: number("eventsPerDay")?,
    })
}

/// The inverse of [`read`].
pub fn ask(wish: &Wish) -> Value {
    json!({
        "name": wish.name,
        "scopes": wish.scopes,
        "applications": wish.applications,
        "expires": wish.expires,
        "ratePerMinute": wish.rate_per_minute,
        "projects": wish.projects,
        "definitions": wish.definitions,
        "eventTypes": wish.event_types,
        "eventsPerDay": wish.events_per_day,
    })
}
