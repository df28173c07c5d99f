//! `telltale apps list | create`: with a server or on a folder no server holds.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::Failure;
use super::client::{Client, Reply};
use super::print::write_table;
use crate::app::{now, open_folder};
use crate::apps::{Application, Apps};
use crate::audit::{self, Event};
use crate::auth::Caller;
use crate::cli::Place;

/// Prints the applications.
///
/// # Errors
/// When server or folder cannot be asked.
pub fn list(place: &Place, key: Option<&str>) -> Result<(), Failure> {
    let apps = match place {
        Place::Url { url, trust } => {
            let reply = Client::new(url, trust, key)?.get("/api/apps")?;
            good(&reply)?["apps"].as_array().cloned().unwrap_or_default()
        }
        Place::Data(data) => read_folder(data)?,
    };
    let text = |app: &Value, name: &str| app[name].as_str().unwrap_or_default().to_owned();
    let names = ["name", "id", "instrumentationKey", "created"];
    let rows: Vec<Vec<String>> =
        apps.iter().map(|app| names.iter().map(|name| text(app, name)).collect()).collect();
    let mut out = std::io::stdout().lock();
    write_table(&mut out, &names.map(str::to_owned), &[false; 4], &rows)?;
    Ok(out.flush()?)
}

/// Creates an application and prints it as one JSON line.
///
/// # Errors
/// When the name or key is wrong or taken, or server or folder cannot be asked.
pub fn create(
    place: &Place,
    key: Option<&str>,
    name: &str,
    guid: Option<&str>,
) -> Result<(), Failure> {
    let made = match place {
        Place::Url { url, trust } => {
            let body = json!({ "name": name, "instrumentationKey": guid }).to_string();
            let client = Client::new(url, trust, key)?;
            good(&client.post("/api/apps", "application/json", body.as_bytes())?)?
        }
        Place::Data(data) => {
            let (store, apps) = open_folder(data)?;
            let made = apps.create(name, guid, now(), |made| {
                let target = made.name.clone();
                let event = Event { target, status: 201, ..Event::new("apps.create") };
                let default = apps.default().map(|found| found.app_id());
                default.map_or_else(Vec::new, |id| audit::rows(id, &Caller::local(), event))
            })?;
            store.close()?;
            shape(&made)
        }
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{made}")?;
    Ok(out.flush()?)
}

fn read_folder(data: &Path) -> Result<Vec<Value>, Failure> {
    let store = store::Store::open_read_only(data)?;
    let apps = Apps::load(store)?;
    Ok(apps.all().iter().map(|app| shape(app)).collect())
}

fn shape(app: &Application) -> Value {
    json!({
        "id": app.id,
        "name": app.name,
        "instrumentationKey": app.instrumentation_key,
        "mode": app.mode,
        "created": app.created,
    })
}

/// The JSON of a successful answer.
///
/// # Errors
/// The reason the server gives.
pub fn good(reply: &Reply) -> Result<Value, Failure> {
    if reply.status < 300 { Ok(reply.json()) } else { Err(reply.refusal()) }
}
