//! Result rows to JSON text, cell by cell, without a tree in between.
//!
//! Invariant: the two query APIs differ in exactly what [`Form`] says.

use std::fmt::Write;

use model::json::{write_real, write_string};
use model::time::{Fraction, format_datetime, format_timespan};
use query::{ResultTable, Value, answer::Cells};

/// How an API writes `dynamic` cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Inline JSON structures.
    Kusto,
    /// JSON text in a string; a text stays itself.
    AppInsights,
}

/// Appends the rows as `[…],[…]`, without the outer brackets.
pub fn write_rows(out: &mut String, table: &ResultTable, form: Form) {
    let mut is_first = true;
    for batch in &table.batches {
        let cells = Cells::new(&table.columns, batch);
        for row in 0..cells.rows() {
            out.push_str(if is_first { "[" } else { ",[" });
            is_first = false;
            for column in 0..table.columns.len() {
                if column > 0 {
                    out.push(',');
                }
                write_cell(out, cells.value(row, column), form);
            }
            out.push(']');
        }
    }
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
