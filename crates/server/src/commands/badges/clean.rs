//! `telltale badge clean`: badges whose definition or environment is gone, removed one by one.

use std::io::Write;

use model::time::parse_datetime;
use serde_json::{Value, json};

use super::cell;
use crate::app::now;
use crate::commands::Failure;
use crate::commands::apps::good;
use crate::commands::client::{Client, encode};

/// Removes the orphans that are old enough, and names each.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub fn run(
    client: &Client,
    older_than_ms: u64,
    is_dry_run: bool,
    is_json: bool,
) -> Result<(), Failure> {
    let list = good(&client.get("/api/badges")?)?;
    let all = list["badges"].as_array().cloned().unwrap_or_default();
    let age_ns = i64::try_from(older_than_ms).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let latest = now().saturating_sub(age_ns);
    let is_old = |badge: &&Value| {
        let since = badge["orphan"]["since"].as_str().and_then(parse_datetime);
        since.is_some_and(|since| since <= latest)
    };
    let orphans: Vec<&Value> = all.iter().filter(|badge| badge["orphan"].is_object()).collect();
    let (old, young): (Vec<&Value>, Vec<&Value>) = orphans.into_iter().partition(|b| is_old(b));
    for badge in &old {
        if !is_dry_run {
            let id = encode(&cell(&badge["id"]));
            good(&client.delete(&format!("/api/badges/{id}"))?)?;
        }
    }
    let mut out = std::io::stdout().lock();
    if is_json {
        let ids = |badges: &[&Value]| -> Value { badges.iter().map(|b| b["id"].clone()).collect() };
        let name = if is_dry_run { "wouldRemove" } else { "removed" };
        writeln!(out, "{}", json!({ name: ids(&old), "kept": ids(&young) }))?;
        return Ok(out.flush()?);
    }
    for badge in &old {
        let done = if is_dry_run { "would be removed" } else { "removed" };
        writeln!(out, "{}: {done}", told(badge))?;
    }
    for badge in &young {
        writeln!(out, "{}: kept, gone since {}", told(badge), cell(&badge["orphan"]["since"]))?;
    }
    if old.is_empty() && young.is_empty() {
        writeln!(out, "no badge is known to be an orphan")?;
    }
    Ok(out.flush()?)
}

fn told(badge: &Value) -> String {
    let names = &badge["names"];
    let place = ["project", "definition", "environment"].map(|name| cell(&names[name])).join("/");
    format!("{} {place}: {}", cell(&badge["id"]), cell(&badge["orphan"]["reason"]))
}
