//! `telltale hooks list`: the keys of hooks, and how they fare.

use std::io::Write;
use std::sync::Arc;

use serde_json::Value;
use store::Store;

use crate::app::now;
use crate::apps::Apps;
use crate::cli::Place;
use crate::commands::Failure;
use crate::commands::apps::good;
use crate::commands::client::Client;
use crate::commands::keys::cell;
use crate::commands::print::write_table;
use crate::hooks::tally::Tallies;
use crate::hooks::wire;
use crate::keys::Keys;

/// Columns, and the members they show.
const COLUMNS: [(&str, &str, bool); 8] = [
    ("name", "name", false),
    ("state", "state", false),
    ("only for", "", false),
    ("events", "events", true),
    ("today", "eventsToday", true),
    ("last event", "lastEvent", false),
    ("silent", "isSilent", false),
    ("hint", "hint", false),
];

/// Prints the keys; `is_json`: all of it as one line.
///
/// # Errors
/// When server or folder cannot be asked.
pub fn run(place: &Place, key: Option<&str>, is_json: bool) -> Result<(), Failure> {
    let body = match place {
        Place::Url { url, trust } => good(&Client::new(url, trust, key)?.get("/api/hooks")?)?,
        Place::Data(data) => {
            let store = Store::open_read_only(data)?;
            let apps = Apps::load(Arc::clone(&store))?;
            let (keys, tallies) = (Keys::load(Arc::clone(&store))?, Tallies::load(&store));
            wire::list(&keys, &apps, &tallies, None, now())
        }
    };
    let mut out = std::io::stdout().lock();
    if is_json {
        writeln!(out, "{body}")?;
        return Ok(out.flush()?);
    }
    let hooks = body["hooks"].as_array().cloned().unwrap_or_default();
    let rows: Vec<Vec<String>> = hooks
        .iter()
        .map(|hook| COLUMNS.iter().map(|(_, member, _)| shown(hook, member)).collect())
        .collect();
    let names = COLUMNS.map(|(name, ..)| name.to_owned());
    write_table(&mut out, &names, &COLUMNS.map(|(.., is_number)| is_number), &rows)?;
    write_subscriptions(&mut out, &body)?;
    Ok(out.flush()?)
}

/// A member of a hook; without a name what restricts its key.
fn shown(hook: &Value, member: &str) -> String {
    if !member.is_empty() {
        return cell(&hook[member]);
    }
    let all = ["projects", "definitions", "eventTypes"].map(|name| cell(&hook[name]));
    all.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

/// The subscriptions that the server sees with the tokens of its sources; nothing without any.
fn write_subscriptions(out: &mut impl Write, body: &Value) -> std::io::Result<()> {
    for source in body["subscriptions"].as_array().into_iter().flatten() {
        let (name, error) = (cell(&source["source"]), cell(&source["error"]));
        if !error.is_empty() {
            writeln!(out, "\nsubscriptions of {name} cannot be looked at: {error}")?;
        }
        let all = source["subscriptions"].as_array().cloned().unwrap_or_default();
        if all.is_empty() {
            continue;
        }
        writeln!(out, "\nsubscriptions of {name}, seen {}:", cell(&source["checked"]))?;
        let members = ["project", "event", "status", "since", "id"];
        let rows: Vec<Vec<String>> =
            all.iter().map(|one| members.iter().map(|name| cell(&one[*name])).collect()).collect();
        write_table(out, &members.map(str::to_owned), &[false; 5], &rows)?;
    }
    Ok(())
}
