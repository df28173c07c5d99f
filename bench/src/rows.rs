//! CSV and JSON lines of a table of one's own to row batches on one core.

use std::fmt::Write;
use std::time::Instant;

use anyhow::{Context, Result};
use ingest::bulk::{Decoder, Format, Layout, Limits, Misfit, Options, parse_schema};
use serde_json::json;

use crate::results;

const ROWS: u64 = 200_000;
const SCHEMA: &str = "at:datetime,name:string,n:long,seconds:real,ok:bool,message:string";

/// Reads 200,000 rows of six columns several times in both formats; reports the best rounds.
pub fn run() -> Result<()> {
    let (mut csv, mut lines) = (String::new(), String::new());
    for row in 0..ROWS {
        let at = format!("2026-01-02T03:04:{:02}.{:03}Z", row % 60, row % 1000);
        let (name, n, seconds) = (row % 97, row * 31, row % 1000);
        let (ok, took) = (row % 2 == 0, row % 500);
        writeln!(csv, "{at},build-{name},{n},{seconds}.5,{ok},\"took {took} s, passed\"")?;
        writeln!(
            lines,
            "{{\"at\":\"{at}\",\"name\":\"build-{name}\",\"n\":{n},\"seconds\":{seconds}.5,\
             \"ok\":{ok},\"message\":\"took {took} s, passed\"}}"
        )?;
    }
    let csv_seconds = best(&csv, Format::Csv)?;
    let json_seconds = best(&lines, Format::Json)?;
    results::record(
        "rows",
        json!({
            "csv_rows_per_second": (ROWS as f64 / csv_seconds).round(),
            "csv_bytes_per_second": (csv.len() as f64 / csv_seconds).round(),
            "json_rows_per_second": (ROWS as f64 / json_seconds).round(),
            "json_bytes_per_second": (lines.len() as f64 / json_seconds).round(),
        }),
    )
}

/// The shortest time of ten to read `text`, in seconds.
fn best(text: &str, format: Format) -> Result<f64> {
    let columns = parse_schema(SCHEMA).context("schema")?;
    let mut best = f64::MAX;
    for _ in 0..10 {
        let options =
            Options { format, has_header: false, misfit: Misfit::Reject, location: String::new() };
        let limits = Limits { rows_max: 20_000, bytes_max: 1 << 20, rows_hint: 20_000 };
        let layout = Layout::identity(&columns, format);
        let started = Instant::now();
        let mut decoder = Decoder::new(text.as_bytes(), layout, options, limits);
        while decoder.next_batch().context("rows")?.is_some() {}
        best = best.min(started.elapsed().as_secs_f64());
        let report = decoder.report();
        anyhow::ensure!(report.accepted == ROWS, "rows were refused: {:?}", report.notes);
    }
    Ok(best)
}
