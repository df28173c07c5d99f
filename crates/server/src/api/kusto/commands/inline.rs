//! `.ingest inline into table T <| rows`: a few rows written into the command itself, as CSV.
//!
//! Invariant: a row that does not fit is refused with its number, and then none is stored. The
//! only place that knows CSV here is [`rows_of_csv`].

use model::{Batch, BatchBuilder, Type, own};

use super::fill::stored_rows;
use super::reader::Reader;
use super::{Change, Table};
use crate::app::now;
use crate::error::Refusal;
use crate::tables::{Error, OwnTable};

/// Stores the rows; `text` follows the command's first word.
///
/// # Errors
/// When the command or a row cannot be read, or the table is not there.
pub(super) async fn run(change: &Change, text: &str) -> Result<Table, Refusal> {
    let mut reader = Reader::new(text);
    for word in ["inline", "into", "table"] {
        if !reader.takes(word) {
            return reader.refuse(&format!("`{word}`"));
        }
    }
    let name = reader.name("the name of a table")?;
    let mut skipped = 0;
    for (property, value) in reader.properties()? {
        match (property.as_str(), value.to_ascii_lowercase().as_str()) {
            ("format", "csv") | ("ignorefirstrecord", "false") => {}
            ("ignorefirstrecord", "true") => skipped = 1,
            _ => {
                let message = format!("`{property}={value}` is not supported here: rows are `csv`");
                return Err(Refusal::bad_request(message));
            }
        }
    }
    reader.expect("<|")?;
    let Some(table) = change.app.apps.tables().find(change.database.app_id(), &name) else {
        return Err(Error::Missing(name).into());
    };
    let batch = rows_of_csv(written(reader.raw()), &table, skipped, now())?;
    let (size_bytes, count) = (batch.rows.get_array_memory_size() as u64, batch.rows.num_rows());
    change.app.apps.tables().append(&table, vec![batch]).await?;
    Ok(stored_rows(size_bytes, count))
}

/// The rows alone: what stands before them on the line of `<|`, and a last line that is blank, only
/// set them off.
fn written(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '\t']);
    match text.rsplit_once('\n') {
        Some((rows, last)) if last.trim().is_empty() => rows.strip_suffix('\r').unwrap_or(rows),
        _ => text,
    }
}

/// The rows of a CSV text (RFC 4180) in the columns of a table, the first `skipped` left out.
/// An empty field is null; fields that are missing at the end of a row are, too.
fn rows_of_csv(
    text: &str,
    table: &OwnTable,
    skipped: usize,
    received: i64,
) -> Result<Batch, Refusal> {
    let columns: Vec<_> = own::columns(table.stored).collect();
    let mut builder = BatchBuilder::new(table.stored);
    let wrong = |row: usize, what: String| Refusal::bad_request(format!("row {row}: {what}"));
    let rows = (1..).zip(records(text)).skip(skipped);
    for (row, fields) in rows {
        let fields = fields.ok_or_else(|| wrong(row, "a quote is not closed".to_owned()))?;
        if fields.len() > columns.len() {
            let (given, has) = (fields.len(), columns.len());
            return Err(wrong(row, format!("{given} fields, the table has {has} columns")));
        }
        builder.column(0).long(received);
        for (at, column) in columns.iter().enumerate() {
            let field = fields.get(at).map_or("", String::as_str);
            if !put(&mut builder, at + 1, column.ty, field) {
                return Err(wrong(row, format!("`{}` is not a {}", column.name, column.ty)));
            }
        }
        builder.end_row();
    }
    builder.finish().map_err(|error| {
        tracing::error!(%error, "rows cannot be put together");
        Refusal::internal()
    })
}

/// Appends the value a field means; whether it means one.
fn put(builder: &mut BatchBuilder, at: usize, ty: Type, field: &str) -> bool {
    let column = builder.column(at);
    let trimmed = field.trim();
    if trimmed.is_empty() && ty != Type::String {
        column.null();
        return true;
    }
    let whole = match ty {
        Type::Int => trimmed.parse::<i32>().ok().map(i64::from),
        Type::Long => trimmed.parse().ok(),
        Type::DateTime => model::time::parse_datetime(trimmed),
        Type::TimeSpan => model::time::parse_timespan(trimmed),
        _ => None,
    };
    match ty {
        Type::String => column.text(field),
        Type::Bool => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "1" => column.bool(true),
            "false" | "0" => column.bool(false),
            _ => return false,
        },
        Type::Real | Type::Decimal => match trimmed.parse() {
            Ok(value) => column.real(value),
            Err(_) => return false,
        },
        Type::Int | Type::Long | Type::DateTime | Type::TimeSpan => match whole {
            Some(value) => column.long(value),
            None => return false,
        },
        Type::Guid => match uuid::Uuid::try_parse(trimmed) {
            Ok(guid) => column.text(&guid.to_string()),
            Err(_) => return false,
        },
        // What is no JSON is a text.
        Type::Dynamic => match serde_json::from_str::<serde::de::IgnoredAny>(trimmed) {
            Ok(_) => column.text(trimmed),
            Err(_) => {
                let mut text = String::new();
                model::json::write_string(&mut text, field);
                column.text(&text);
            }
        },
    }
    true
}

/// The records of a CSV text; `None` for one whose quote is not closed. Empty lines are none.
fn records(text: &str) -> impl Iterator<Item = Option<Vec<String>>> + '_ {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        while chars.next_if(|c| matches!(c, '\r' | '\n')).is_some() {}
        chars.peek()?;
        let mut fields = vec![String::new()];
        let mut is_quoted = false;
        while let Some(c) = chars.next() {
            let field = fields.last_mut()?;
            match c {
                '"' if is_quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
                '"' if is_quoted => is_quoted = false,
                '"' if field.is_empty() => is_quoted = true,
                c if is_quoted => field.push(c),
                ',' => fields.push(String::new()),
                '\r' if chars.peek() == Some(&'\n') => {}
                '\n' => return Some(Some(fields)),
                c => field.push(c),
            }
        }
        Some((!is_quoted).then_some(fields))
    })
}
