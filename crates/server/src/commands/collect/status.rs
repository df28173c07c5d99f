//! `telltale collect status | retry`: with a server or on a folder that no server holds.

use std::io::Write;
use std::sync::Arc;

use azdo::collect::state;
use serde_json::{Value, json};
use store::Store;

use crate::app::{now, open_folder};
use crate::audit::{self, Event};
use crate::auth::Caller;
use crate::cli::Place;
use crate::collector::sink::StoreNotes;
use crate::collector::wire;
use crate::commands::Failure;
use crate::commands::apps::good;
use crate::commands::client::{Client, encode};
use crate::commands::print::write_table;

/// Prints how the collector fares; `is_json`: all of it as one line.
///
/// # Errors
/// When server or folder cannot be asked.
pub fn show(place: &Place, key: Option<&str>, is_json: bool) -> Result<(), Failure> {
    let body = match place {
        Place::Url { url, trust } => good(&Client::new(url, trust, key)?.get("/api/collect")?)?,
        Place::Data(data) => {
            let store: Arc<Store> = Store::open_read_only(data)?;
            wire::status(&store, None, now())
        }
    };
    let mut out = std::io::stdout().lock();
    if is_json {
        writeln!(out, "{body}")?;
    } else {
        write_text(&mut out, &body)?;
    }
    Ok(out.flush()?)
}

fn write_text(out: &mut impl Write, body: &Value) -> std::io::Result<()> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let projects = list(&body["projects"]);
    for source in list(&body["sources"]) {
        let alarm = cell(&source["alarm"]);
        if !alarm.is_empty() {
            writeln!(out, "source {} needs attention: {alarm}\n", cell(&source["source"]))?;
        }
    }
    let failed = list(&body["failed"]);
    if projects.is_empty() {
        writeln!(out, "nothing has been collected yet")?;
        return write_failed(out, failed);
    }
    let names = ["source", "project", "cursor", "lagSeconds", "seen", "open", "pending", "dead"];
    write_rows(out, &names, &projects)?;
    let runs = with_place(&projects, "runs");
    writeln!(out)?;
    let names = ["project", "pass", "started", "listed", "fetched", "failed", "requests", "error"];
    write_rows(out, &names, &runs)?;
    let builds = with_place(&projects, "builds");
    if !builds.is_empty() {
        writeln!(out)?;
        write_rows(out, &["project", "build", "tries", "next", "dead", "error"], &builds)?;
    }
    write_failed(out, failed)
}

/// Runs that ended before they were about a project that is collected.
fn write_failed(out: &mut impl Write, mut runs: Vec<Value>) -> std::io::Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    for run in &mut runs {
        let [source, project] = ["source", "project"].map(|name| cell(&run[name]));
        let place = if project.is_empty() { source } else { format!("{source}/{project}") };
        run["project"] = json!(place);
    }
    writeln!(out, "\nlast runs that reached no project or no build:")?;
    write_rows(out, &["project", "pass", "started", "error"], &runs)
}

/// The items of a list of every project, each with the project it belongs to.
fn with_place(projects: &[Value], list: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for project in projects {
        for mut item in project[list].as_array().cloned().unwrap_or_default() {
            let place = format!("{}/{}", cell(&project["source"]), cell(&project["project"]));
            item["project"] = json!(place);
            all.push(item);
        }
    }
    all
}

fn write_rows(out: &mut impl Write, names: &[&str], items: &[Value]) -> std::io::Result<()> {
    let rows: Vec<Vec<String>> =
        items.iter().map(|item| names.iter().map(|name| cell(&item[*name])).collect()).collect();
    let numbers: Vec<bool> = names
        .iter()
        .map(|name| items.first().is_some_and(|item| item[*name].is_number()))
        .collect();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    write_table(out, &names, &numbers, &rows)
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Has pending builds and dead letters of a source, or of all, tried again.
///
/// # Errors
/// When server or folder cannot be asked.
pub fn retry(place: &Place, key: Option<&str>, source: Option<&str>) -> Result<(), Failure> {
    let count = match place {
        Place::Url { url, trust } => {
            let query = source.map_or_else(String::new, |name| format!("?source={}", encode(name)));
            let client = Client::new(url, trust, key)?;
            let path = format!("/api/collect/retry{query}");
            good(&client.post(&path, "application/json", b"")?)?["retried"].clone()
        }
        Place::Data(data) => {
            let (store, apps) = open_folder(data)?;
            let documents = state::retry(&StoreNotes(&store), source);
            let count = documents.len();
            let target = source.unwrap_or_default().to_owned();
            let event = Event { target, rows: count as u64, ..Event::new("collect.retry") };
            let default = apps.default().map(|found| found.app_id());
            let rows = default.map_or_else(Vec::new, |id| audit::rows(id, &Caller::local(), event));
            store.append_blocking(store::Write { rows, documents })?;
            store.close()?;
            json!(count)
        }
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "builds to try again at the next pass: {count}")?;
    Ok(out.flush()?)
}
