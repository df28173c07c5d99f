//! Rows of an answer as people and programs want them: table, JSON, CSV, one object per line.

use std::io::{Result, Write};

use serde_json::{Map, Value};

use crate::cli::Format;

/// Prints one table of the query API's answer.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_rows(out: &mut impl Write, table: &Value, format: Format) -> Result<()> {
    let columns: Vec<&Value> = table["columns"].as_array().into_iter().flatten().collect();
    let text = |column: &Value, name: &str| column[name].as_str().unwrap_or_default().to_owned();
    let names: Vec<String> = columns.iter().map(|column| text(column, "name")).collect();
    let types: Vec<String> = columns.iter().map(|column| text(column, "type")).collect();
    let rows = table["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    match format {
        Format::Table => {
            let is_number = |ty: &String| ["int", "long", "real", "decimal"].contains(&ty.as_str());
            let numbers: Vec<bool> = types.iter().map(is_number).collect();
            let rows: Vec<Vec<String>> = rows.iter().map(texts).collect();
            // The text of a function is read, not compared with its neighbours.
            if let [row] = rows.as_slice()
                && row.iter().any(|cell| cell.trim_end().contains('\n'))
            {
                return write_fields(out, &names, row);
            }
            write_table(out, &names, &numbers, &rows)
        }
        Format::Csv => {
            write_csv_line(out, &names)?;
            rows.iter().try_for_each(|row| write_csv_line(out, &texts(row)))
        }
        Format::Ndjson => {
            rows.iter().try_for_each(|row| writeln!(out, "{}", object(&names, &types, row)))
        }
        Format::Json => {
            let all: Vec<Value> = rows.iter().map(|row| object(&names, &types, row)).collect();
            serde_json::to_writer_pretty(&mut *out, &all)?;
            writeln!(out)
        }
    }
}

fn texts(row: &Value) -> Vec<String> {
    let text = |cell: &Value| match cell {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    row.as_array().into_iter().flatten().map(text).collect()
}

/// A row by column names; `dynamic` cells as the structures they are.
fn object(names: &[String], types: &[String], row: &Value) -> Value {
    let mut object = Map::new();
    let cells = row.as_array().map(Vec::as_slice).unwrap_or_default();
    for ((name, ty), cell) in names.iter().zip(types).zip(cells) {
        let parsed = match cell {
            Value::String(text) if ty == "dynamic" && text.starts_with(['{', '[']) => {
                serde_json::from_str(text).ok()
            }
            _ => None,
        };
        object.insert(name.clone(), parsed.unwrap_or_else(|| cell.clone()));
    }
    Value::Object(object)
}

fn write_csv_line(out: &mut impl Write, cells: &[String]) -> Result<()> {
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        if cell.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// One row as lines of `name: value`; texts of several lines begin below their name.
fn write_fields(out: &mut impl Write, names: &[String], row: &[String]) -> Result<()> {
    for (name, cell) in names.iter().zip(row) {
        let cell = cell.trim_end();
        match cell.contains('\n') {
            true => writeln!(out, "{name}:\n{cell}")?,
            false => writeln!(out, "{}", format!("{name}: {cell}").trim_end())?,
        }
    }
    Ok(())
}

/// Columns under each other, numbers to the right.
///
/// # Errors
/// When `out` cannot be written.
pub fn write_table(
    out: &mut impl Write,
    names: &[String],
    numbers: &[bool],
    rows: &[Vec<String>],
) -> Result<()> {
    // A line break inside a cell would end its row.
    let shown = |text: &String| text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
    let mut widths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    for row in [names, dashes.as_slice()].into_iter().chain(rows.iter().map(Vec::as_slice)) {
        let mut line = String::new();
        for ((cell, width), is_number) in row.iter().zip(&widths).zip(numbers) {
            let gap = " ".repeat(width - cell.chars().count());
            let (left, right) = if *is_number { (gap.as_str(), "") } else { ("", gap.as_str()) };
            line.push_str(&format!("{left}{cell}{right}  "));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
