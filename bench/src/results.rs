//! `bench/results.ndjson`: one line per run, appended, never rewritten.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// Prints the figures and appends them with the commit, the time and the machine.
pub fn record(benchmark: &str, figures: Value) -> Result<()> {
    let mut line = Map::new();
    line.insert("benchmark".into(), json!(benchmark));
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    line.insert("unix_time".into(), json!(seconds));
    line.insert("commit".into(), json!(commit()));
    line.insert("cores".into(), json!(std::thread::available_parallelism().map_or(0, usize::from)));
    line.insert("profile".into(), json!(if cfg!(debug_assertions) { "dev" } else { "release" }));
    if let Value::Object(figures) = figures {
        line.extend(figures);
    }
    let line = Value::Object(line);
    println!("{line}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/results.ndjson");
    let mut file =
        OpenOptions::new().create(true).append(true).open(file).context("open results.ndjson")?;
    writeln!(file, "{line}").context("append to results.ndjson")
}

/// The commit of the working directory, empty where there is none.
pub fn commit() -> String {
    let output = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    output.map_or_else(|_| String::new(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}
