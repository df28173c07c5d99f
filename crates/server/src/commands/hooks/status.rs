//! `telltale hooks status`: how the subscriptions of an organisation fare that post to a Telltale
//! server. Nobody else tells that one is on probation.

use std::io::Write;
use std::path::Path;

use azdo::client::hooks::Subscription;
use serde_json::{Value, json};

use super::{PATH, client, failed};
use crate::commands::Failure;
use crate::commands::keys::cell;
use crate::commands::print::write_table;
use crate::keys::redact;

const NAMES: [&str; 5] = ["id", "project", "event", "status", "url"];

/// Prints the subscriptions; `is_json`: all of them as one line.
///
/// # Errors
/// When the organisation refuses, or one of them is not enabled.
pub fn run(config: Option<&Path>, source: &str, is_json: bool) -> Result<(), Failure> {
    let (_, client) = client(config, source)?;
    let projects = client.projects().map_err(failed)?;
    let mut all = client.subscriptions().map_err(failed)?;
    all.retain(|subscription| subscription.url().contains(PATH));
    let name = |id: &str| {
        let found = projects.iter().find(|project| project.id.eq_ignore_ascii_case(id));
        found.map_or(id, |project| project.name.as_str()).to_owned()
    };
    let shape = |one: &Subscription| {
        json!({
            "id": one.id,
            "project": name(one.project_id()),
            "event": one.event_type,
            "status": one.status,
            // A key may stand in it.
            "url": redact(one.url()),
        })
    };
    let shapes: Vec<Value> = all.iter().map(shape).collect();
    let mut out = std::io::stdout().lock();
    if is_json {
        writeln!(out, "{}", json!({ "subscriptions": shapes }))?;
    } else {
        let rows: Vec<Vec<String>> = shapes
            .iter()
            .map(|shape| NAMES.iter().map(|name| cell(&shape[*name])).collect())
            .collect();
        write_table(&mut out, &NAMES.map(str::to_owned), &[false; 5], &rows)?;
    }
    out.flush()?;
    let ill = all.iter().filter(|one| one.status != "enabled").count();
    match ill {
        0 => Ok(()),
        _ => Err(Failure::new(format!(
            "{ill} of {} subscriptions are not enabled: one on probation loses events; one \
             disabled by the system must be deleted and made again (`telltale hooks subscribe \
             --repair`)",
            all.len()
        ))),
    }
}
