//! `telltale keys list | create | revoke`: with a server or on a folder no server holds.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use store::Store;

use super::Failure;
use super::apps::good;
use super::client::{Client, encode};
use super::print::write_table;
use crate::api::keys::wire;
use crate::app::{now, open_folder};
use crate::apps::Apps;
use crate::audit::{self, Event};
use crate::auth::Caller;
use crate::cli::Place;
use crate::keys::{Document, Keys, Wish};

/// Prints the keys.
///
/// # Errors
/// When server or folder cannot be asked.
pub fn list(place: &Place, key: Option<&str>) -> Result<(), Failure> {
    let body = match place {
        Place::Url { url, trust } => good(&Client::new(url, trust, key)?.get("/api/keys")?)?,
        Place::Data(data) => {
            let store = Store::open_read_only(data)?;
            let apps = Apps::load(Arc::clone(&store))?;
            wire::list(&Keys::load(store)?, &apps, now())
        }
    };
    let names = ["name", "id", "state", "scopes", "applications", "created", "expires", "lastUsed"];
    let keys = body["keys"].as_array().cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> =
        keys.iter().map(|key| names.iter().map(|name| cell(&key[*name])).collect()).collect();
    let mut out = std::io::stdout().lock();
    write_table(&mut out, &names.map(str::to_owned), &[false; 8], &rows)?;
    Ok(out.flush()?)
}

/// A value as a cell of a table.
pub fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Makes a key and prints its text; what it is good for goes to standard error. `is_json`: prints
/// both as one JSON line.
///
/// # Errors
/// When the wish cannot be met, or server or folder cannot be asked.
pub fn create(place: &Place, key: Option<&str>, wish: &Wish, is_json: bool) -> Result<(), Failure> {
    let made = make(place, key, wish)?;
    // The text comes first: nothing can give it again.
    if is_json {
        write_line(&made)?;
    } else {
        write_line(&made["key"].as_str().unwrap_or_default())?;
        write_facts(&made)?;
    }
    if made["anyAdmin"] == false {
        warn_of_no_admin(place)?;
    }
    Ok(())
}

/// Makes a key; its JSON, with its text.
///
/// # Errors
/// When the wish cannot be met, or server or folder cannot be asked.
pub fn make(place: &Place, key: Option<&str>, wish: &Wish) -> Result<Value, Failure> {
    match place {
        Place::Url { url, trust } => {
            let body = wire::ask(wish).to_string();
            let client = Client::new(url, trust, key)?;
            good(&client.post("/api/keys", "application/json", body.as_bytes())?)
        }
        Place::Data(data) => in_folder(data, |keys, apps| {
            let audit = |made: &Document| rows(apps, made, "keys.create", 201);
            let (key, text) = keys.create(wish, apps, now(), audit)?;
            Ok(wire::made(&key, &text, keys.any_admin(now()), apps, now()))
        }),
    }
}

fn write_facts(made: &Value) -> std::io::Result<()> {
    let mut about = std::io::stderr().lock();
    for (name, unset) in
        [("name", ""), ("id", ""), ("scopes", ""), ("applications", "all"), ("expires", "never")]
    {
        let text = cell(&made[name]);
        let text = if text.is_empty() { unset } else { text.as_str() };
        writeln!(about, "{name:<13} {text}")?;
    }
    if made["ratePerMinute"].is_u64() {
        writeln!(about, "{:<13} {} requests a minute", "rate", made["ratePerMinute"])?;
    }
    writeln!(about, "the key is shown this once")
}

/// Says that nobody may administer any more. A folder does not say whether its server has the
/// setting `admin_key`.
///
/// # Errors
/// When standard error is closed.
pub fn warn_of_no_admin(place: &Place) -> std::io::Result<()> {
    let how = match place {
        Place::Url { .. } => "stop the server and make one on its folder",
        Place::Data(_) => "unless the server gets an `admin_key`, make one",
    };
    writeln!(
        std::io::stderr(),
        "warning: from now on every call needs a key, and none may administer: {how} with \
         `telltale keys create NAME --scope admin --data FOLDER`"
    )
}

/// Revokes a key and says so on standard error. `is_json`: prints it as one JSON line instead.
///
/// # Errors
/// When there is no such key, or server or folder cannot be asked.
pub fn revoke(place: &Place, key: Option<&str>, name: &str, is_json: bool) -> Result<(), Failure> {
    let revoked = match place {
        Place::Url { url, trust } => {
            let path = format!("/api/keys/{}", encode(name));
            good(&Client::new(url, trust, key)?.delete(&path)?)?
        }
        Place::Data(data) => in_folder(data, |keys, apps| {
            let audit = |revoked: &Document| rows(apps, revoked, "keys.revoke", 200);
            let (key, changed) = keys.revoke(name, now(), audit)?;
            Ok(wire::revoked(&key, changed, apps, now()))
        })?,
    };
    if is_json {
        return write_line(&revoked);
    }
    let text = |name: &str| cell(&revoked[name]);
    let told = match revoked["changed"] == false {
        true => format!("was revoked already, {}", text("revoked")),
        false => "is revoked: nothing is let in with it any more".to_owned(),
    };
    writeln!(std::io::stderr(), "key `{}` ({}) {told}", text("name"), text("id"))?;
    Ok(())
}

fn write_line(value: &impl Display) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}

/// Changes the keys of a folder.
fn in_folder(
    data: &Path,
    change: impl FnOnce(&Keys, &Apps) -> Result<Value, crate::keys::Error>,
) -> Result<Value, Failure> {
    let (store, apps) = open_folder(data)?;
    let keys = Keys::load(Arc::clone(&store))?;
    let shape = change(&keys, &apps)?;
    store.close()?;
    Ok(shape)
}

fn rows(
    apps: &Apps,
    key: &Document,
    action: &'static str,
    status: u16,
) -> Vec<(model::AppId, model::Batch)> {
    let Some(default) = apps.default() else { return Vec::new() };
    let target = format!("{} ({})", key.name, key.id);
    let event = Event { target, status, ..Event::new(action) };
    audit::rows(default.app_id(), &Caller::local(), event)
}
