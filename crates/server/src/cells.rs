//! Result rows to JSON text, cell by cell, without a tree in between.
//!
//! Invariant: the query APIs differ in exactly what [`Form`] says.

use std::fmt::Write;

use model::json::{write_real, write_string};
use model::time::{Fraction, format_datetime, format_timespan};
use query::{Value, answer::Cells};

/// How an API writes `dynamic` cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Inline JSON structures.
    Kusto,
    /// JSON text in a string; a text stays itself.
    AppInsights,
}

/// Appends rows as `[…],[…]` from row `from` on, about `bytes_max` of them and at least one; gives
/// the first row not written. `is_first`: no row stands before them.
pub fn write_rows(
    out: &mut String,
    cells: &Cells<'_>,
    from: usize,
    bytes_max: usize,
    form: Form,
    mut is_first: bool,
) -> usize {
    let end = out.len() + bytes_max;
    let mut row = from;
    while row < cells.rows() && (row == from || out.len() < end) {
        out.push_str(if is_first { "[" } else { ",[" });
        is_first = false;
        for column in 0..cells.columns() {
            if column > 0 {
                out.push(',');
            }
            write_cell(out, cells.value(row, column), form);
        }
        out.push(']');
        row += 1;
    }
    row
}

fn write_cell(out: &mut String, value: Value<'_>, form: Form) {
    // Writing to a String cannot fail.
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Value::Int(value) => drop(write!(out, "{value}")),
        Value::Long(value) => drop(write!(out, "{value}")),
        Value::Real(value) => write_real(out, value),
        Value::Decimal(value) => drop(write!(out, "\"{value}\"")),
        Value::String(text) => write_string(out, text),
        Value::Guid(text) => write_string(out, text),
        Value::DateTime(nanos) => {
            out.push('"');
            out.push_str(&format_datetime(nanos, Fraction::Trimmed));
            out.push('"');
        }
        Value::TimeSpan(nanos) => {
            out.push('"');
            out.push_str(&format_timespan(nanos));
            out.push('"');
        }
        Value::Dynamic(json) => match form {
            _ if json.is_empty() || json == "null" => out.push_str("null"),
            Form::Kusto => out.push_str(json),
            Form::AppInsights if json.starts_with('"') => out.push_str(json),
            Form::AppInsights => write_string(out, json),
        },
    }
}
