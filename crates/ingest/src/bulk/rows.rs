//! Rows under construction: a record's cells are read first and appended only when all of them may
//! be, so that a rejected record leaves nothing behind.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use model::Type;
use model::batch::ColumnBuilder;
use model::time::{Fraction, format_datetime};

use super::cell::{self, Value};
use super::csv;
use super::layout::{Binding, Layout, Source, Transform};
use super::path::follow;
use super::report::Report;
use crate::json::{Kind, Tape, Value as Json};

/// So much of a cell that does not fit is shown, in characters.
const SHOWN_CHARS_MAX: usize = 40;
/// Most rows room is made for before they come.
const ROWS_HINT_MAX: usize = 1024;

/// What is the same for all cells of a record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'r> {
    /// Line it starts in, from 1.
    pub line: u64,
    pub location: &'r str,
    /// Whether a cell that does not fit rejects the record; else it is null.
    pub rejects: bool,
}

/// A cell that was read.
#[derive(Debug, Clone, Copy)]
enum Cell {
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    /// A range of the record's bytes.
    Same(usize, usize),
    /// A range of [`Rows::written`].
    Written(usize, usize),
}

/// The rows of one batch.
#[derive(Debug)]
pub struct Rows {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
    /// Cells of the record being read.
    cells: Vec<Cell>,
    /// Their texts that do not stand in the record.
    written: String,
    /// Where the first keys of a JSON record's paths lie on its tape; 0: nowhere.
    found: Vec<usize>,
}

impl Rows {
    pub fn new(layout: &Layout, rows_hint: usize) -> Rows {
        let rows = rows_hint.clamp(1, ROWS_HINT_MAX);
        let field = |b: &Binding| Field::new(&b.column.name, b.column.ty.arrow(), true);
        Rows {
            schema: Arc::new(Schema::new(layout.bindings.iter().map(field).collect::<Vec<_>>())),
            columns: layout.columns().map(|c| ColumnBuilder::with_capacity(c.ty, rows)).collect(),
            rows: 0,
            cells: Vec::with_capacity(layout.bindings.len()),
            written: String::new(),
            found: vec![0; layout.heads.len()],
        }
    }

    pub fn count(&self) -> usize {
        self.rows
    }

    /// The rows so far; the next ones start anew.
    ///
    /// # Errors
    /// When the columns have different lengths: a mistake of this file.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }

    /// Appends a delimited record, or counts why not.
    pub fn delimited(
        &mut self,
        layout: &Layout,
        record: Record<'_>,
        bytes: &[u8],
        fields: &[csv::Field],
        report: &mut Report,
    ) {
        self.begin();
        for binding in &layout.bindings {
            let field = match binding.source {
                Source::Ordinal(at) => fields.get(at),
                _ => None,
            };
            let Some(field) = field else {
                self.cells.push(Cell::Null);
                if !self.fixed(binding, record, report) {
                    return;
                }
                continue;
            };
            let bytes = &bytes[field.start..field.end];
            let start = self.written.len();
            let value = std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| from_text(binding, text, &mut self.written));
            let cell = match value {
                Some(Value::Same) => Cell::Same(field.start, field.end),
                Some(value) => self.cell(value, start),
                None => {
                    let shown = String::from_utf8_lossy(bytes);
                    if !misfit(binding, record, &shown, report) {
                        return;
                    }
                    Cell::Null
                }
            };
            self.cells.push(cell);
        }
        self.append(bytes);
        report.read += 1;
        report.accepted += 1;
    }

    /// Appends a JSON record, or counts why not.
    pub fn object(
        &mut self,
        layout: &Layout,
        record: Record<'_>,
        tape: &Tape<'_>,
        report: &mut Report,
    ) {
        self.begin();
        self.find(layout, tape.root(), report);
        for binding in &layout.bindings {
            let Source::Path { head, path } = &binding.source else {
                self.cells.push(Cell::Null);
                if !self.fixed(binding, record, report) {
                    return;
                }
                continue;
            };
            let found = match head {
                Some(head) => match self.found[*head] {
                    0 => None,
                    at => follow(tape.at(at), &path.0[1..]),
                },
                None => follow(tape.root(), &path.0),
            };
            let start = self.written.len();
            let value = match found {
                None => Some(Value::Null),
                Some(value) => from_json(binding, value, &mut self.written),
            };
            let cell = match value {
                Some(value) => self.cell(value, start),
                None => {
                    let shown = found.map(Json::compact).unwrap_or_default();
                    if !misfit(binding, record, &shown, report) {
                        return;
                    }
                    Cell::Null
                }
            };
            self.cells.push(cell);
        }
        self.append(&[]);
        report.read += 1;
        report.accepted += 1;
    }

    fn begin(&mut self) {
        self.cells.clear();
        self.written.clear();
    }

    /// Notes where the first keys of the paths lie. Records mostly have their members in one
    /// order, so the next key is looked for behind the last one.
    fn find(&mut self, layout: &Layout, root: Json<'_, '_>, report: &mut Report) {
        self.found.fill(0);
        let count = layout.heads.len();
        let mut hint = 0;
        for (key, value) in root.members() {
            let at = (hint..count).chain(0..hint).find(|at| layout.heads[*at] == key.as_ref());
            match at {
                Some(at) => {
                    self.found[at] = value.position();
                    hint = at + 1;
                }
                // A mapping says what is wanted of a record; without one all of it is.
                None if layout.is_identity => report.spare(key.as_ref()),
                None => {}
            }
        }
    }

    /// Replaces the last cell by a value that does not stand in the record.
    fn fixed(&mut self, binding: &Binding, record: Record<'_>, report: &mut Report) -> bool {
        let number;
        let text = match &binding.source {
            Source::Constant(text) => text,
            Source::Location => record.location,
            Source::LineNumber => {
                number = record.line.to_string();
                &number
            }
            Source::Missing | Source::Ordinal(_) | Source::Path { .. } => return true,
        };
        let start = self.written.len();
        let Some(mut value) = from_text(binding, text, &mut self.written) else {
            return misfit(binding, record, text, report);
        };
        if value == Value::Same {
            self.written.push_str(text);
            value = Value::Written;
        }
        let cell = self.cell(value, start);
        self.cells.pop();
        self.cells.push(cell);
        true
    }

    fn cell(&self, value: Value, written_from: usize) -> Cell {
        match value {
            Value::Null | Value::Same => Cell::Null,
            Value::Bool(b) => Cell::Bool(b),
            Value::Long(n) => Cell::Long(n),
            Value::Real(r) => Cell::Real(r),
            Value::Written => Cell::Written(written_from, self.written.len()),
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        for (column, cell) in self.columns.iter_mut().zip(&self.cells) {
            match *cell {
                Cell::Null => column.null(),
                Cell::Bool(b) => column.bool(b),
                Cell::Long(n) => column.long(n),
                Cell::Real(r) => column.real(r),
                Cell::Same(start, end) => {
                    // It was text when it was read.
                    column.text(std::str::from_utf8(&bytes[start..end]).unwrap_or_default());
                }
                Cell::Written(start, end) => column.text(&self.written[start..end]),
            }
        }
        self.rows += 1;
    }
}

fn from_text(binding: &Binding, text: &str, out: &mut String) -> Option<Value> {
    match binding.transform {
        Some(Transform::UnixTime(unit)) => unix_time(binding.column.ty, text, unit, out),
        _ => cell::from_text(binding.column.ty, text, out),
    }
}

fn from_json(binding: &Binding, value: Json<'_, '_>, out: &mut String) -> Option<Value> {
    let ty = binding.column.ty;
    match (binding.transform, value.kind()) {
        (_, Kind::Null) => Some(Value::Null),
        (Some(Transform::UnixTime(unit)), Kind::Number(text)) => unix_time(ty, text, unit, out),
        (Some(Transform::UnixTime(unit)), Kind::Text(text)) => unix_time(ty, text, unit, out),
        (Some(Transform::UnixTime(_)), _) => None,
        (Some(Transform::BagArray), _) => bag_array(ty, value, out),
        (None, _) => cell::from_json(ty, value, out),
    }
}

fn unix_time(ty: Type, text: &str, unit: i64, out: &mut String) -> Option<Value> {
    if text.trim().is_empty() {
        return Some(Value::Null);
    }
    let nanos = cell::unix_time(text, unit)?;
    match ty {
        Type::DateTime => Some(Value::Long(nanos)),
        Type::String => {
            out.push_str(&format_datetime(nanos, Fraction::Seven));
            Some(Value::Written)
        }
        _ => None,
    }
}

/// `[{"a":1},{"b":2}]` → `{"a":1,"b":2}`.
fn bag_array(ty: Type, value: Json<'_, '_>, out: &mut String) -> Option<Value> {
    let fits = matches!(ty, Type::Dynamic | Type::String)
        && value.kind() == Kind::Array
        && value.elements().all(Json::is_object);
    if !fits {
        return None;
    }
    out.push('{');
    for (at, (key, value)) in value.elements().flat_map(Json::members).enumerate() {
        if at > 0 {
            out.push(',');
        }
        model::json::write_string(out, key);
        out.push(':');
        value.write(out);
    }
    out.push('}');
    Some(Value::Written)
}

/// Counts a cell that does not fit; false when it rejects its record.
fn misfit(binding: &Binding, record: Record<'_>, shown: &str, report: &mut Report) -> bool {
    let reason = misfit_reason(&binding.column.name, binding.column.ty, shown);
    if record.rejects {
        report.reject(record.line, reason);
    } else {
        report.nullify(record.line, reason);
    }
    !record.rejects
}

/// The text about a cell that is not of its column's type.
pub fn misfit_reason(column: &str, ty: Type, shown: &str) -> String {
    let cut: String = shown.chars().take(SHOWN_CHARS_MAX).collect();
    let dots = if cut.len() < shown.len() { "…" } else { "" };
    format!("`{cut}{dots}` does not fit column `{column}` of type {ty}")
}
