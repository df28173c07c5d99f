//! Rows written in any of the formats of bulk ingestion, as a batch of an own table.
//!
//! Invariant: what is left out or read as null is in the report.

use axum::http::StatusCode;
use ingest::bulk::{Column, Decoder, Format, Layout, Limits, Misfit, Options, Report};
use model::{Batch, own};

use super::wire;
use crate::app::now;
use crate::error::Refusal;
use crate::tables::OwnTable;

/// Most cells of one request: a row of a wide table takes room for every column, however short
/// its text is.
const CELLS_MAX: usize = 8 << 20;

/// How rows are read.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub format: Format,
    pub has_header: bool,
    pub misfit: Misfit,
    /// Whether a record that cannot be read refuses all, whatever the format.
    pub is_strict: bool,
}

/// All rows of a text, or why there are none. As the vendor does, bad lines of `json` are left out
/// unless the reading is strict, and one bad record of any other format refuses all.
///
/// # Errors
/// 400 naming the records and reasons, 413 when there are too many rows for one request.
pub fn read(body: &[u8], table: &OwnTable, reading: Reading) -> Result<(Batch, Report), Refusal> {
    let Reading { format, has_header, misfit, is_strict } = reading;
    let columns: Vec<Column> = own::columns(table.stored)
        .map(|column| Column { name: column.name.to_owned(), ty: column.ty })
        .collect();
    let rows_max = (CELLS_MAX / columns.len().max(1)).max(1);
    let options = Options { format, has_header, misfit, location: String::new() };
    let rows_hint = 1 + body.iter().filter(|byte| **byte == b'\n').count();
    let limits = Limits { rows_max, bytes_max: usize::MAX, rows_hint };
    let layout = Layout::identity(&columns, format);
    let mut decoder = Decoder::new(body, layout, options, limits);
    let rows = decoder.next_batch().map_err(failed)?;
    if decoder.next_batch().map_err(failed)?.is_some() {
        let message = format!("the body has more than {rows_max} rows: send fewer at once");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", message));
    }
    let report = decoder.report().clone();
    let is_lenient = format == Format::Json && !is_strict && !report.is_cut_short;
    if report.rejected > 0 && !is_lenient {
        return Err(Refusal::bad_request(wire::rejections(&report)));
    }
    if is_strict && report.spare_fields > 0 {
        let (has, given) = (columns.len(), columns.len() + report.spare_fields);
        let message = format!("nothing was stored: {given} fields, the table has {has} columns");
        return Err(Refusal::bad_request(message));
    }
    if is_strict && let Some(spare) = report.spare_sentence() {
        return Err(Refusal::bad_request(format!("nothing was stored: {spare}")));
    }
    match rows {
        Some(rows) => Ok((own::batch(table.stored, &rows, now()).map_err(failed)?, report)),
        None if report.rejected > 0 => Err(Refusal::bad_request(wire::rejections(&report))),
        None => Err(Refusal::bad_request("the body has no record")),
    }
}

fn failed(error: impl std::fmt::Display) -> Refusal {
    tracing::error!(%error, "rows could not be read");
    Refusal::internal()
}
