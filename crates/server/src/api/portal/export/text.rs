//! Rows as CSV (RFC 4180) and as JSON lines.
//!
//! Invariant: no cell becomes a formula in a spreadsheet that opens the file.

use std::fmt::Write;

use model::json::write_string;
use query::answer::Cells;
use query::{TableHead, Value};

use super::super::wire::push_cell;
use crate::reply::{CHUNK_BYTES, Outcome, Shape, Trouble};

/// Rows with their columns' names above them.
#[derive(Debug, Default)]
pub struct Csv {
    cell: String,
}

impl Shape for Csv {
    fn start(&mut self, _: &mut String, _: &[TableHead]) {}

    fn open_table(&mut self, out: &mut String, _: usize, head: &TableHead) {
        for (number, column) in head.columns.iter().enumerate() {
            if number > 0 {
                out.push(',');
            }
            push_text(out, &column.name);
        }
        out.push_str("\r\n");
    }

    fn rows(&mut self, out: &mut String, cells: &Cells<'_>, from: usize) -> usize {
        let (end, mut row) = (out.len() + CHUNK_BYTES, from);
        while row < cells.rows() && (row == from || out.len() < end) {
            for column in 0..cells.columns() {
                if column > 0 {
                    out.push(',');
                }
                push_value(out, cells.value(row, column), &mut self.cell);
            }
            out.push_str("\r\n");
            row += 1;
        }
        row
    }

    fn close_table(&mut self, _: &mut String, _: Option<&Trouble>) {}

    fn end(&mut self, _: &mut String, _: &Outcome) {}

    fn content_type(&self) -> &'static str {
        "text/csv; charset=utf-8; header=present"
    }

    fn breaks_off(&self) -> bool {
        true
    }
}

/// A cell of a file: texts as they are, dynamics as JSON, null as nothing.
fn push_value(out: &mut String, value: Value<'_>, cell: &mut String) {
    match value {
        Value::Null => {}
        Value::String(text) | Value::Guid(text) | Value::Dynamic(text) => push_text(out, text),
        // Writing to a String cannot fail.
        Value::Long(value) => drop(write!(out, "{value}")),
        Value::Decimal(value) => drop(write!(out, "{value}")),
        value => {
            cell.clear();
            push_cell(cell, value);
            // None of these has anything to escape.
            out.push_str(cell.trim_matches('"'));
        }
    }
}

/// A text, in quotes where it needs them and behind a `'` where a spreadsheet would compute it.
fn push_text(out: &mut String, text: &str) {
    let is_formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let is_quoted = text.contains(['"', ',', '\r', '\n']) || text.trim() != text;
    if is_quoted {
        out.push('"');
    }
    if is_formula {
        out.push('\'');
    }
    match text.contains('"') {
        true => out.push_str(&text.replace('"', "\"\"")),
        false => out.push_str(text),
    }
    if is_quoted {
        out.push('"');
    }
}

/// One JSON object a row.
#[derive(Debug, Default)]
pub struct Lines {
    /// Up to the value of each column: `{"a":`, `,"b":`.
    names: Vec<String>,
}

impl Shape for Lines {
    fn start(&mut self, _: &mut String, _: &[TableHead]) {}

    fn open_table(&mut self, _: &mut String, _: usize, head: &TableHead) {
        let name = |(number, column): (usize, &kql::bound::Column)| {
            let mut name = if number == 0 { "{" } else { "," }.to_owned();
            write_string(&mut name, &column.name);
            name.push(':');
            name
        };
        self.names = head.columns.iter().enumerate().map(name).collect();
    }

    fn rows(&mut self, out: &mut String, cells: &Cells<'_>, from: usize) -> usize {
        let (end, mut row) = (out.len() + CHUNK_BYTES, from);
        while row < cells.rows() && (row == from || out.len() < end) {
            if self.names.is_empty() {
                out.push('{');
            }
            for (column, name) in self.names.iter().enumerate() {
                out.push_str(name);
                match cells.value(row, column) {
                    // Programs read these lines, and theirs have whole numbers.
                    Value::Long(value) => drop(write!(out, "{value}")),
                    value => push_cell(out, value),
                }
            }
            out.push_str("}\n");
            row += 1;
        }
        row
    }

    fn close_table(&mut self, _: &mut String, _: Option<&Trouble>) {}

    fn end(&mut self, _: &mut String, _: &Outcome) {}

    fn content_type(&self) -> &'static str {
        "application/x-ndjson; charset=utf-8"
    }

    fn breaks_off(&self) -> bool {
        true
    }
}
