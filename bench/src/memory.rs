//! Questions that cannot be held in memory, asked of the built server with its own limits: each is
//! answered or fails by the limit's name, and the server answers the next one.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::results;
use crate::server::{Server, ask_any};

const QUESTIONS: [(&str, &str); 10] = [
    (
        "join_all_by_operation",
        "requests | join kind=inner (requests | project operation_Id, other = duration) \
         on operation_Id | summarize count(), sum(other)",
    ),
    (
        "join_all_by_id",
        "requests | join kind=inner (requests | project id, other = duration) on id \
         | summarize count(), sum(other)",
    ),
    (
        "join_exceptions",
        "requests | join kind=inner (exceptions | project operation_Id, type) on operation_Id \
         | summarize count()",
    ),
    (
        "by_operation",
        "requests | summarize n = count() by operation_Id | summarize count(), sum(n)",
    ),
    (
        "by_operation_and_id",
        "requests | summarize n = count(), longest = max(duration) by operation_Id, id \
         | summarize count(), sum(n)",
    ),
    ("distinct_texts", "requests | distinct operation_Id, url, id | count"),
    ("count_distinct", "requests | summarize count_distinct(id)"),
    ("make_list", "requests | summarize make_list(id)"),
    (
        "make_list_of_rows",
        "requests | summarize l = make_list(pack_all()) | project array_length(l)",
    ),
    ("sort", "requests | order by url asc, id asc | take 3000000 | summarize count(), max(id)"),
];

/// Asks each question of a server on the folder `data` (filled by `generate`).
pub fn run(data: &Path) -> Result<()> {
    let server = Server::start(data)?;
    let rows = server.cell("requests | count")?;
    let mut figures = Map::new();
    for (name, kql) in QUESTIONS {
        server.forget_memory_peak()?;
        let started = Instant::now();
        let (status, answer) = ask_any(&server.address, &server.app, kql)?;
        let error = &answer["error"];
        let outcome = match (status, error["innererror"]["code"].as_str()) {
            (200, _) => "answered".to_owned(),
            (_, Some("limit")) => error["message"].as_str().unwrap_or_default().to_owned(),
            (504, _) => "time".to_owned(),
            _ => bail!("{name}: status {status}: {answer}"),
        };
        let figure = json!({
            "seconds": (started.elapsed().as_secs_f64() * 10.0).round() / 10.0,
            "memory_peak_bytes": server.memory_peak_bytes(),
            "outcome": outcome,
        });
        println!("{name:22} {figure}");
        figures.insert(name.into(), figure);
        let now = server.cell("requests | count")?;
        ensure!(now == rows, "{name}: afterwards {now} rows of {rows}");
    }
    figures.insert("rows".into(), rows);
    results::record("memory", Value::Object(figures))
}
