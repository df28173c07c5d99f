//! JSON shapes of the portal's calls: cells, answers line by line, findings with places that
//! JavaScript understands.
//!
//! Invariant: no value loses digits on its way into JavaScript: what its numbers cannot hold is a
//! text, and the schema says which type it has.

use std::fmt::Write;

use axum::response::{IntoResponse, Response};
use kql::bound::{Column, Render};
use kql::diagnostic::{Diagnostic, line_column};
use model::json::{write_real, write_string};
use model::time::{Fraction, SECOND, TICK, format_datetime, format_timespan};
use query::TableHead;
use query::answer::{Cells, Filtered, Stage, Truncation};
use serde_json::{Value, json};

use super::declared;
use crate::api::appinsights::json_headers;
use crate::error::Refusal;
use crate::headers::Ids;
use crate::reply::{CHUNK_BYTES, Outcome, Shape, Trouble};

/// The whole numbers JavaScript holds exactly lie within this of 0.
const EXACT_MAX: u64 = 1 << 53;

/// Most characters shown of an operator.
const SHOWN_CHARS_MAX: usize = 500;

/// An answer as lines: the columns, rows column by column, what became of it.
#[derive(Debug)]
pub struct Lines {
    ids: Ids,
    /// As the list of running queries calls it.
    query_id: String,
    text: String,
    is_time_in_query: bool,
    /// The cells of the line being written, one text per column.
    columns: Vec<String>,
}

impl Lines {
    pub fn new(ids: Ids, query_id: String, text: String, is_time_in_query: bool) -> Lines {
        Lines { ids, query_id, text, is_time_in_query, columns: Vec::new() }
    }
}

impl Shape for Lines {
    fn start(&mut self, _: &mut String, _: &[TableHead]) {}

    fn open_table(&mut self, out: &mut String, number: usize, head: &TableHead) {
        self.columns = vec![String::new(); head.columns.len()];
        let (schema, render) = (schema(&head.columns), render(head.render.as_ref()));
        let line = match number {
            0 => json!({
                "schema": schema,
                "render": render,
                "timeInQuery": self.is_time_in_query,
                "parameters": declared::parameters(&self.text),
                "queryId": self.query_id,
            }),
            number => json!({ "table": number, "schema": schema, "render": render }),
        };
        push_line(out, &line);
    }

    fn rows(&mut self, out: &mut String, cells: &Cells<'_>, from: usize) -> usize {
        self.columns.iter_mut().for_each(String::clear);
        let next = push_cells(&mut self.columns, cells, from, CHUNK_BYTES);
        out.push_str("{\"batch\":");
        push_columns(out, &self.columns);
        // Writing to a String cannot fail.
        let _ = writeln!(out, ",\"rows\":{}}}", next - from);
        next
    }

    fn close_table(&mut self, _: &mut String, _: Option<&Trouble>) {}

    fn end(&mut self, out: &mut String, outcome: &Outcome) {
        let (cut, failed) = match &outcome.trouble {
            None => (None, None),
            Some(Trouble::Cut(cut)) => (Some(partial(cut)), None),
            Some(Trouble::Failed(refusal)) => (None, Some(error(refusal, &self.ids, &self.text))),
        };
        let rows = outcome.rows.iter().sum();
        let line = json!({
            "stats": statistics(rows, outcome, &self.text),
            "partial": cut,
            "error": failed,
        });
        push_line(out, &line);
    }

    fn content_type(&self) -> &'static str {
        "application/x-ndjson; charset=utf-8"
    }

    /// Whoever looks at the answer wants to see the rows there are.
    fn is_due(&self, _: &str) -> bool {
        true
    }
}

fn push_line(out: &mut String, line: &Value) {
    out.push_str(&line.to_string());
    out.push('\n');
}

/// Appends the cells of rows from row `from` on to the texts of their columns, with commas between
/// them, about `bytes_max` and at least one row; gives the first row not written.
pub fn push_cells(
    columns: &mut [String],
    cells: &Cells<'_>,
    from: usize,
    bytes_max: usize,
) -> usize {
    let (mut row, mut bytes) = (from, 0);
    while row < cells.rows() && (row == from || bytes < bytes_max) {
        for (number, column) in columns.iter_mut().enumerate() {
            let before = column.len();
            if before > 0 {
                column.push(',');
            }
            push_cell(column, cells.value(row, number));
            bytes += column.len() - before;
        }
        row += 1;
    }
    row
}

/// Appends columns written by [`push_cells`] as an array of arrays.
pub fn push_columns(out: &mut String, columns: &[String]) {
    out.push('[');
    for (number, column) in columns.iter().enumerate() {
        out.push_str(if number == 0 { "[" } else { ",[" });
        out.push_str(column);
        out.push(']');
    }
    out.push(']');
}

/// Appends one cell.
pub fn push_cell(out: &mut String, value: query::Value<'_>) {
    // Writing to a String cannot fail.
    match value {
        query::Value::Null => out.push_str("null"),
        query::Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        query::Value::Int(value) => drop(write!(out, "{value}")),
        query::Value::Long(value) if value.unsigned_abs() <= EXACT_MAX => {
            let _ = write!(out, "{value}");
        }
        query::Value::Long(value) => drop(write!(out, "\"{value}\"")),
        query::Value::Real(value) => write_real(out, value),
        query::Value::Decimal(value) => drop(write!(out, "\"{value}\"")),
        query::Value::String(text) | query::Value::Guid(text) => write_string(out, text),
        query::Value::DateTime(nanos) => {
            out.push('"');
            out.push_str(&format_datetime(nanos, Fraction::Seven));
            out.push('"');
        }
        query::Value::TimeSpan(nanos) => {
            out.push('"');
            out.push_str(&format_timespan(nanos));
            if nanos % SECOND / TICK == 0 {
                out.push_str(".0000000");
            }
            out.push('"');
        }
        query::Value::Dynamic("") => out.push_str("null"),
        query::Value::Dynamic(json) => out.push_str(json),
    }
}

/// Names and types of columns.
pub fn schema(columns: &[Column]) -> Value {
    columns.iter().map(|c| json!({ "name": c.name, "type": c.ty.name() })).collect()
}

/// What `render` asked for: a property with several values is an array.
pub fn render(render: Option<&Render>) -> Value {
    let Some(render) = render else { return Value::Null };
    let property = |(name, values): &(String, Vec<String>)| {
        let value = match values.as_slice() {
            [one] => json!(one),
            several => json!(several),
        };
        (name.clone(), value)
    };
    let properties: serde_json::Map<String, Value> =
        render.properties.iter().map(property).collect();
    json!({ "kind": render.kind, "properties": properties })
}

/// The limit that cut an answer: `rows` or `bytes`.
pub fn partial(cut: &Truncation) -> Value {
    json!({ "code": cut.limit, "message": cut.message, "allowed": cut.allowed })
}

/// What answering cost; unknown when the query failed. `text` is the query.
fn statistics(rows: u64, outcome: &Outcome, text: &str) -> Value {
    let known = outcome.statistics.as_ref();
    let elapsed_ms = known.map_or(outcome.elapsed.as_secs_f64() * 1e3, |s| s.total_ms);
    let mut stats = json!({ "rows": rows, "elapsedMs": rounded(elapsed_ms) });
    let Some(known) = known else { return stats };
    stats["planMs"] = json!(rounded(known.plan_ms));
    stats["rowsScanned"] = json!(known.rows_scanned);
    stats["bytesScanned"] = json!(known.bytes_scanned);
    stats["memoryBytes"] = json!(known.memory_peak_bytes);
    stats["extents"] = json!({
        "read": known.extents_scanned,
        "pruned": known.extents_total.saturating_sub(known.extents_scanned),
    });
    let stage =
        |stage: &Stage| json!({ "name": stage.name, "ms": rounded(stage.ms), "rows": stage.rows });
    stats["stages"] = known.stages.iter().map(stage).collect();
    stats["filters"] = known.filtered.iter().map(|filter| filtered(filter, text)).collect();
    stats
}

/// What a `where` left; its places count UTF-16 units.
fn filtered(filter: &Filtered, text: &str) -> Value {
    let source = text.get(filter.span.start..filter.span.end).unwrap_or_default();
    json!({
        "text": source.chars().take(SHOWN_CHARS_MAX).collect::<String>(),
        "start": units(text, filter.span.start),
        "end": units(text, filter.span.end),
        "isRange": filter.is_range,
        "rowsBefore": filter.rows_before,
        "rows": filter.rows,
    })
}

/// Milliseconds to the microsecond.
pub fn rounded(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

/// Why there is no answer, or not all of it; `text` is the query.
pub fn error(refusal: &Refusal, ids: &Ids, text: &str) -> Value {
    let mut error = json!({
        // Inside an answer of status 200 nothing else tells whose fault it is.
        "status": refusal.status.as_u16(),
        "code": refusal.code,
        "message": refusal.message,
        "requestId": ids.activity,
    });
    if let Some(first) = refusal.diagnostics.first() {
        error["message"] = json!(first.message);
        error["diagnostics"] = diagnostics(&refusal.diagnostics, text);
    }
    error
}

/// The response of a refusal.
pub fn refused(refusal: &Refusal, ids: &Ids, text: &str) -> Response {
    let body = json!({ "error": error(refusal, ids, text) });
    (refusal.status, refusal.headers(), json_headers(), body.to_string()).into_response()
}

/// Findings about `text`.
pub fn diagnostics(found: &[Diagnostic], text: &str) -> Value {
    found.iter().map(|finding| diagnostic(finding, text)).collect()
}

/// How many UTF-16 units stand before a byte of the text.
pub fn units(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).encode_utf16().count()
}

/// One finding; its places count UTF-16 units, as JavaScript does.
fn diagnostic(found: &Diagnostic, text: &str) -> Value {
    let (line, column) = line_column(text, found.span.start);
    let mut shape = json!({
        "severity": "error",
        "code": found.code,
        "message": found.message,
        "start": units(text, found.span.start),
        "end": units(text, found.span.end),
        "line": line,
        "column": column,
    });
    if let Some(help) = &found.help {
        shape["suggestion"] = json!(help);
        let name = help.strip_prefix("did you mean `").and_then(|rest| rest.strip_suffix("`?"));
        if let Some(name) = name {
            shape["replacement"] = json!(name);
        }
    }
    shape
}
