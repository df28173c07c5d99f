//! `telltale badge list | set | token | delete | query`: the badges of a running server.

mod clean;

use std::io::Write;

use serde_json::{Value, json};

use super::Failure;
use super::apps::good;
use super::client::{Client, encode};
use super::print::write_table;
use crate::cli::{BadgeChange, BadgesCall, Place};

/// Does what was asked and prints what came of it.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub fn run(call: &BadgesCall) -> Result<(), Failure> {
    let Place::Url { url, trust } = &call.place else {
        let message = "badges are those of a running server: name it with --url";
        return Err(Failure::new(message));
    };
    let client = Client::new(url, trust, call.key.as_deref())?;
    if let BadgeChange::Clean { older_than_ms, is_dry_run } = call.change {
        return clean::run(&client, older_than_ms, is_dry_run, call.is_json);
    }
    let body = match &call.change {
        BadgeChange::List | BadgeChange::Clean { .. } => good(&client.get("/api/badges")?)?,
        BadgeChange::Set { id, fields, unset } => {
            let path = format!("/api/badges/{}", encode(id));
            let mut choice = good(&client.get(&path)?)?["choice"].clone();
            if let Some(choice) = choice.as_object_mut() {
                unset.iter().for_each(|name| drop(choice.remove(name)));
                choice.extend(fields.clone());
            }
            good(&client.put(&path, &choice)?)?
        }
        BadgeChange::NewToken(id) => {
            // Names of query badges have their own part of the path.
            let id: Vec<String> = id.split('/').map(encode).collect();
            let path = format!("/api/badges/{}/token", id.join("/"));
            good(&client.post(&path, "application/json", b"")?)?
        }
        BadgeChange::Delete(id) => good(&client.delete(&format!("/api/badges/{}", encode(id)))?)?,
        BadgeChange::SetQuery { name, body } => {
            good(&client.put(&format!("/api/badges/q/{}", encode(name)), body)?)?
        }
        BadgeChange::DeleteQuery(name) => {
            good(&client.delete(&format!("/api/badges/q/{}", encode(name)))?)?
        }
    };
    let mut out = std::io::stdout().lock();
    if call.is_json {
        writeln!(out, "{body}")?;
        return Ok(out.flush()?);
    }
    match &call.change {
        BadgeChange::List => write_list(&mut out, &body)?,
        _ if body["deleted"].is_string() => {
            writeln!(out, "badge {} is removed", cell(&body["deleted"]))?;
        }
        _ => {
            writeln!(
                out,
                "{}: {} | {}",
                cell(&body["id"]),
                cell(&body["label"]),
                cell(&body["message"])
            )?;
            for (name, address) in body["urls"].as_object().into_iter().flatten() {
                writeln!(out, "  {name:<9} {}", cell(address))?;
            }
        }
    }
    Ok(out.flush()?)
}

fn write_list(out: &mut impl Write, body: &Value) -> std::io::Result<()> {
    let list = |name: &str| body[name].as_array().cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> = list("badges")
        .iter()
        .map(|badge| {
            let urls = &badge["urls"];
            let urls = [&urls["readme"], &urls["readable"]];
            let url = urls.into_iter().find(|url| url.is_string()).unwrap_or(&Value::Null);
            let first = ["id", "kind", "label"].map(|name| cell(&badge[name]));
            let rest = ["message", "color", "visibility"].map(|name| cell(&badge[name]));
            let environment = cell(&badge["names"]["environment"]);
            let cells = first.into_iter().chain([environment]).chain(rest);
            let gone = cell(&badge["orphan"]["reason"]);
            let error = if gone.is_empty() { cell(&badge["error"]) } else { gone };
            cells.chain([cell(url), error]).collect()
        })
        .collect();
    let names =
        ["id", "kind", "label", "environment", "message", "color", "visibility", "url", "error"];
    write_table(out, &names.map(str::to_owned), &[false; 9], &rows)?;
    for refused in list("noBadge") {
        let (project, reason) = (cell(&refused["projectId"]), cell(&refused["reason"]));
        let place = format!("{}/{project}", cell(&refused["organization"]));
        let subscription = cell(&refused["subscriptionId"]);
        writeln!(out, "\nno badge from subscription {subscription} of {place}: {reason}")?;
    }
    Ok(())
}

pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => json!(other).to_string(),
    }
}
