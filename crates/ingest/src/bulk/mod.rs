//! Files of rows → row batches of one table: delimited text and JSON, as Kusto's ingestion reads
//! them.
//!
//! A [`Layout`] says which part of a record becomes which column, a [`Decoder`] turns bytes into
//! Arrow rows a batch at a time, [`encode::write_csv`] writes rows as the one CSV form every
//! server reads back unchanged. Invariants: memory is bounded by one batch and one record,
//! whatever the file's size; every record is accepted or rejected whole, and every rejected record
//! and every cell read as null is counted.

mod cell;
mod csv;
mod decoder;
pub mod encode;
mod infer;
mod json;
mod layout;
mod mapping;
mod path;
mod report;
mod rows;
mod schema;
mod window;

pub use cell::{Value as CellValue, from_text};
pub use decoder::{Decoder, Error, Limits, Misfit, Options, RECORD_BYTES_MAX};
pub use infer::{InferError, RECORDS_MAX as INFER_RECORDS_MAX, header_names, infer};
pub use layout::{Layout, LayoutError};
pub use mapping::{Mapping, MappingError};
pub use report::{NOTES_MAX, Note, Report};
pub use rows::misfit_reason;
pub use schema::{Column, NAME_CHARS_MAX, SchemaError, parse_schema};

/// How the bytes of a file are to be read (Kusto: supported data formats).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Fields between commas, quoted as RFC 4180 has it.
    Csv,
    /// As `Csv`, fields between tabs.
    Tsv,
    /// As `Csv`, fields between `|`.
    Psv,
    /// As `Csv`, fields between `;`.
    Scsv,
    /// As `Csv`, fields between U+0001.
    Sohsv,
    /// One JSON object per line.
    Json,
    /// JSON objects one after the other or in arrays, over any number of lines.
    MultiJson,
}

impl Format {
    pub const ALL: [Format; 7] = [
        Format::Csv,
        Format::Tsv,
        Format::Psv,
        Format::Scsv,
        Format::Sohsv,
        Format::Json,
        Format::MultiJson,
    ];

    /// The name Kusto's `format` and `streamFormat` use, lower case.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Psv => "psv",
            Format::Scsv => "scsv",
            Format::Sohsv => "sohsv",
            Format::Json => "json",
            Format::MultiJson => "multijson",
        }
    }

    /// The format of a name in any case; `singlejson` is what `multijson` was called.
    pub fn from_name(name: &str) -> Option<Format> {
        if name.eq_ignore_ascii_case("singlejson") {
            return Some(Format::MultiJson);
        }
        Format::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name))
    }

    /// What stands between two fields; `None` for JSON.
    pub fn delimiter(self) -> Option<u8> {
        match self {
            Format::Csv => Some(b','),
            Format::Tsv => Some(b'\t'),
            Format::Psv => Some(b'|'),
            Format::Scsv => Some(b';'),
            Format::Sohsv => Some(1),
            Format::Json | Format::MultiJson => None,
        }
    }

    /// Whether records are JSON objects.
    pub fn is_json(self) -> bool {
        self.delimiter().is_none()
    }
}
