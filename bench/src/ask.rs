//! Questions over standard input, so that a script can time the product beside another engine.
//!
//! One line in, one JSON line out. `NAME` runs that question of the twelve, `NAME KQL` any other;
//! the answer tells wall time, rows, and the sum of every column of numbers. `explain KQL` prints
//! the plans, ended by an empty line.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use datafusion::arrow::array::{Array, AsArray, Float64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use query::{Engine, ResultTable};
use serde_json::{Value, json};

use crate::queries::{self, questions, request};

/// Answers until the input ends.
pub fn run(data: &Path) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let engine = queries::engine(data)?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", json!({ "commit": crate::results::commit() }))?;
    for line in std::io::stdin().lock().lines() {
        let line = line.context("read a question")?;
        let (name, rest) = line.split_once(' ').unwrap_or((&line, ""));
        if name == "explain" {
            let forms = runtime.block_on(engine.explain(request(rest)))?;
            writeln!(out, "{}\n", query::explain::text(&forms))?;
            continue;
        }
        let known = questions().into_iter().find(|q| q.name == name).map(|q| q.kql);
        let kql = if rest.is_empty() { known.unwrap_or_default() } else { rest.to_owned() };
        let answer = runtime.block_on(answer(&engine, &kql));
        let answer = answer.unwrap_or_else(|error| json!({ "error": format!("{error:#}") }));
        writeln!(out, "{answer}").context("answer")?;
    }
    Ok(())
}

async fn answer(engine: &Engine, kql: &str) -> Result<Value> {
    let started = Instant::now();
    let answer = engine.answer(request(kql)).await?;
    let ms = started.elapsed().as_secs_f64() * 1e3;
    let table = answer.tables.first().context("no table")?;
    Ok(json!({
        "ms": ms,
        "rows": table.rows(),
        "sums": sums(table)?,
        "rows_scanned": answer.statistics.rows_scanned,
        "memory_peak_bytes": answer.statistics.memory_peak_bytes,
    }))
}

/// Name and sum of every column of numbers.
fn sums(table: &ResultTable) -> Result<Vec<(String, f64)>> {
    let mut sums = Vec::new();
    for (at, column) in table.columns.iter().enumerate() {
        let mut sum = None;
        for batch in &table.batches {
            let array = batch.column(at);
            if matches!(array.data_type(), DataType::Int32 | DataType::Int64 | DataType::Float64) {
                let reals = cast(array, &DataType::Float64)?;
                let reals: &Float64Array = reals.as_primitive::<Float64Type>();
                let part: f64 = reals.iter().flatten().sum();
                sum = Some(sum.unwrap_or(0.0) + part);
            }
        }
        sums.extend(sum.map(|sum| (column.name.clone(), sum)));
    }
    Ok(sums)
}
