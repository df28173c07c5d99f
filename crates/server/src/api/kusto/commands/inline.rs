//! `.ingest inline into table T <| rows`: a few rows written into the command itself.
//!
//! Invariant: a row that does not fit is refused with its line, and then none is stored.

use ingest::bulk::{Format, Misfit};

use super::fill::stored_rows;
use super::reader::Reader;
use super::{Change, Table};
use crate::api::ingest::rows::{self, Reading};
use crate::error::Refusal;
use crate::tables::Error;

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
    let misfit = Misfit::Reject;
    let mut reading = Reading { format: Format::Csv, has_header: false, misfit, is_strict: true };
    for (property, value) in reader.properties()? {
        match (property.as_str(), value.to_ascii_lowercase().as_str()) {
            ("ignorefirstrecord", "false") => {}
            ("ignorefirstrecord", "true") => reading.has_header = true,
            ("format", name) if Format::from_name(name).is_some() => {
                reading.format = Format::from_name(name).unwrap_or(Format::Csv);
            }
            _ => {
                let message = format!("`{property}={value}` is not supported here");
                return Err(Refusal::bad_request(message));
            }
        }
    }
    reader.expect("<|")?;
    let Some(table) = change.app.apps.tables().find(change.database.app_id(), &name) else {
        return Err(Error::Missing(name).into());
    };
    let (batch, _) = rows::read(written(reader.raw()).as_bytes(), &table, reading)?;
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
