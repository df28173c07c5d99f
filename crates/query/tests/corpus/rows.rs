//! Files of rows of any stored table: `tests/kql/data/NAME.rows`.
//!
//! A line at the margin names a table, the indented line behind it its columns, the further
//! indented lines hold rows; cells are written as in case files. A column written `name=value` has
//! that value in all rows and no cell. Columns that are not named are null or empty. A line that
//! starts with `#` says something to the reader.

use model::time::{parse_datetime, parse_timespan};
use model::{Batch, BatchBuilder, TableDef, Type};

use crate::answers;

/// The batches of one part of a file, of so many parts.
pub fn read(text: &str, part: usize, parts: usize) -> Vec<Batch> {
    let lines: Vec<&str> =
        text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).collect();
    let starts: Vec<usize> = (0..lines.len()).filter(|&i| !lines[i].starts_with(' ')).collect();
    let ends = starts.iter().copied().skip(1).chain([lines.len()]);
    let batches = starts.iter().zip(ends).map(|(&start, end)| {
        let columns = answers::split(lines[start + 1]);
        batch(table(lines[start]), &columns, part_of(&lines[start + 2..end], part, parts))
    });
    batches.collect()
}

/// One of so many parts of some lines.
pub fn part_of<'l, 't>(lines: &'l [&'t str], part: usize, parts: usize) -> &'l [&'t str] {
    let size = lines.len().div_ceil(parts);
    let from = (part * size).min(lines.len());
    &lines[from..(from + size).min(lines.len())]
}

fn table(name: &str) -> &'static TableDef {
    model::tables::table(name.trim()).unwrap_or_else(|| panic!("no table `{name}`"))
}

fn batch(table: &'static TableDef, columns: &[String], rows: &[&str]) -> Batch {
    let mut builder = BatchBuilder::new(table);
    for row in rows {
        let cells = answers::split(row);
        let mut values: Vec<Option<String>> = vec![None; table.columns.len()];
        let mut next = cells.iter();
        for column in columns {
            let (name, value) = match column.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (column.as_str(), next.next().cloned()),
            };
            let at = table.index_of(name).unwrap_or_else(|| panic!("no column `{name}`"));
            values[at] = Some(value.unwrap_or_else(|| panic!("{}: too short: {row}", table.name)));
        }
        assert!(next.next().is_none(), "{}: too long: {row}", table.name);
        for (at, value) in values.iter().enumerate() {
            append(&mut builder, at, table.columns[at].ty, value.as_deref());
        }
        builder.end_row();
    }
    builder.finish().expect("columns of one length")
}

fn append(builder: &mut BatchBuilder, at: usize, ty: Type, value: Option<&str>) {
    let column = builder.column(at);
    let Some(text) = value.filter(|text| *text != "null") else { return column.null() };
    let wrong = || -> ! { panic!("`{text}` is no {ty}") };
    match ty {
        Type::String => column.text(&unquoted(text)),
        Type::Dynamic | Type::Guid => column.text(&unquoted(text)),
        Type::Bool => column.bool(text == "true"),
        Type::DateTime => column.long(parse_datetime(text).unwrap_or_else(|| wrong())),
        Type::TimeSpan => column.long(parse_timespan(text).unwrap_or_else(|| wrong())),
        Type::Real | Type::Decimal => column.real(text.parse().unwrap_or_else(|_| wrong())),
        Type::Int | Type::Long => column.long(text.parse().unwrap_or_else(|_| wrong())),
    }
}

/// The text inside quotes, with the escapes that cells have.
fn unquoted(text: &str) -> String {
    let Some(inner) = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) else {
        return text.to_owned();
    };
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                other => out.extend(other),
            },
            (c, false) => out.push(c),
        }
    }
    out
}
