//! Parquet files → rows of a table.
//!
//! It stands here and not beside the other formats: only the command line reads such files (the
//! vendor's streaming does not take them either), and `ingest` must build without Parquet.
//! Values of a kindred type are converted column by column; all others go through the text a cell
//! of a delimited file would have, so that one set of rules decides what fits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::compute::{CastOptions, cast_with_options, filter_record_batch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use ingest::bulk::{CellValue, Column, Report, from_text, misfit_reason};
use model::Type;
use model::batch::ColumnBuilder;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::cannot_read;
use crate::commands::Failure;

const BATCH_ROWS: usize = 8192;

/// One open file.
pub struct File {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    schema: Arc<Schema>,
    /// Rows read so far.
    rows: u64,
}

/// A cell that does not fit: its row in the batch and why.
type Misfit = (usize, String);

impl File {
    /// # Errors
    /// When the file is not Parquet or cannot be read.
    pub fn open(path: &Path) -> Result<File, Failure> {
        if path == Path::new("-") {
            return Err(Failure::new("Parquet cannot come from standard input: give a file"));
        }
        let file = std::fs::File::open(path).map_err(|error| cannot_read(path, &error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|error| cannot_read(path, &error))?;
        let schema = Arc::clone(builder.schema());
        let reader = builder
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| cannot_read(path, &error))?;
        Ok(File { path: path.to_owned(), reader, schema, rows: 0 })
    }

    /// The columns of a table made for the file.
    pub fn columns(&self) -> Vec<Column> {
        let column = |field: &Arc<Field>| Column {
            name: field.name().clone(),
            ty: type_of(field.data_type()),
        };
        self.schema.fields().iter().map(column).collect()
    }

    /// The next rows with the table's `columns`, each from the file's column in `fields`.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn next_batch(
        &mut self,
        columns: &[Column],
        fields: &[Option<String>],
        rejects: bool,
        report: &mut Report,
    ) -> Result<Option<RecordBatch>, Failure> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let batch = batch.map_err(|error| cannot_read(&self.path, &error))?;
        let first = self.rows + 1;
        self.rows += batch.num_rows() as u64;
        let rows = convert(&batch, columns, fields, first, rejects, report);
        rows.map(Some).map_err(|error| cannot_read(&self.path, &error))
    }
}

fn type_of(ty: &DataType) -> Type {
    match ty {
        DataType::Boolean => Type::Bool,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => {
            Type::Int
        }
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => Type::Long,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Type::Real,
        DataType::Decimal128(..) | DataType::Decimal256(..) => Type::Decimal,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Type::DateTime,
        DataType::Time32(_) | DataType::Time64(_) | DataType::Duration(_) => Type::TimeSpan,
        ty if ty.is_nested() => Type::Dynamic,
        _ => Type::String,
    }
}

/// Converts a batch; rows with a cell that does not fit are left out, or have null there.
fn convert(
    batch: &RecordBatch,
    columns: &[Column],
    fields: &[Option<String>],
    first: u64,
    rejects: bool,
    report: &mut Report,
) -> Result<RecordBatch, ArrowError> {
    let mut keep = vec![true; batch.num_rows()];
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    let mut misfits: Vec<Misfit> = Vec::new();
    for (column, field) in columns.iter().zip(fields) {
        let found = field.as_deref().and_then(|field| batch.column_by_name(field));
        arrays.push(match found {
            Some(array) => convert_column(array, column, &mut misfits)?,
            None => nulls(column.ty, batch.num_rows()),
        });
    }
    misfits.sort_by_key(|(row, _)| *row);
    for (row, reason) in misfits {
        let line = first + row as u64;
        if !rejects {
            report.nullify(line, reason);
        } else if std::mem::replace(&mut keep[row], false) {
            report.reject(line, reason);
        }
    }
    let schema = columns.iter().map(|c| Field::new(&c.name, c.ty.arrow(), true));
    let schema = Arc::new(Schema::new(schema.collect::<Vec<_>>()));
    let rows = filter_record_batch(&RecordBatch::try_new(schema, arrays)?, &keep.into())?;
    report.accepted += rows.num_rows() as u64;
    report.read += rows.num_rows() as u64;
    Ok(rows)
}

fn nulls(ty: Type, rows: usize) -> ArrayRef {
    let mut builder = ColumnBuilder::with_capacity(ty, rows);
    (0..rows).for_each(|_| builder.null());
    builder.finish()
}

/// Whether values of the type are converted as they are; what then does not fit becomes null.
fn is_kindred(from: &DataType, to: Type) -> bool {
    match to {
        Type::Bool => *from == DataType::Boolean,
        Type::Int | Type::Long => from.is_integer(),
        Type::Real | Type::Decimal => from.is_numeric(),
        Type::DateTime => {
            matches!(from, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64)
        }
        Type::TimeSpan => matches!(from, DataType::Duration(_)),
        Type::String | Type::Guid | Type::Dynamic => false,
    }
}

fn convert_column(
    array: &ArrayRef,
    column: &Column,
    misfits: &mut Vec<Misfit>,
) -> Result<ArrayRef, ArrowError> {
    let ty = column.ty;
    // An error of the formatter is an error, not a text.
    let options = FormatOptions::new().with_display_error(false);
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options);
    if is_kindred(array.data_type(), ty) {
        let options = CastOptions { safe: true, ..CastOptions::default() };
        let cast = cast_with_options(array, &ty.arrow(), &options)?;
        let formatter = formatter?;
        let lost = (0..array.len()).filter(|row| array.is_valid(*row) && cast.is_null(*row));
        misfits.extend(
            lost.map(|row| {
                (row, misfit_reason(&column.name, ty, &formatter.value(row).to_string()))
            }),
        );
        return Ok(cast);
    }
    let mut builder = ColumnBuilder::with_capacity(ty, array.len());
    let (mut text, mut written) = (String::new(), String::new());
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.null();
            continue;
        }
        text.clear();
        written.clear();
        match array.data_type() {
            nested if nested.is_nested() => write_json(array.as_ref(), row, &mut text)?,
            _ => write_plain(array.as_ref(), row, &mut text)?,
        }
        match from_text(ty, &text, &mut written) {
            Some(CellValue::Null) => builder.null(),
            Some(CellValue::Bool(b)) => builder.bool(b),
            Some(CellValue::Long(n)) => builder.long(n),
            Some(CellValue::Real(r)) => builder.real(r),
            Some(CellValue::Same) => builder.text(&text),
            Some(CellValue::Written) => builder.text(&written),
            None => {
                builder.null();
                misfits.push((row, misfit_reason(&column.name, ty, &text)));
            }
        }
    }
    Ok(builder.finish())
}

/// A value as its plain text.
fn write_plain(array: &dyn Array, row: usize, out: &mut String) -> Result<(), ArrowError> {
    match array.data_type() {
        DataType::Utf8 => out.push_str(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => out.push_str(array.as_string::<i64>().value(row)),
        DataType::Utf8View => out.push_str(array.as_string_view().value(row)),
        _ => {
            let options = FormatOptions::new().with_display_error(false);
            out.push_str(&ArrayFormatter::try_new(array, &options)?.value(row).to_string());
        }
    }
    Ok(())
}

/// A value as JSON. Depth is bounded by the file's schema.
fn write_json(array: &dyn Array, row: usize, out: &mut String) -> Result<(), ArrowError> {
    if array.is_null(row) {
        out.push_str("null");
        return Ok(());
    }
    match array.data_type() {
        DataType::List(_) => write_list(&array.as_list::<i32>().value(row), out),
        DataType::LargeList(_) => write_list(&array.as_list::<i64>().value(row), out),
        DataType::FixedSizeList(..) => write_list(&array.as_fixed_size_list().value(row), out),
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            out.push('{');
            for (at, (field, column)) in fields.iter().zip(columns).enumerate() {
                if at > 0 {
                    out.push(',');
                }
                model::json::write_string(out, field.name());
                out.push(':');
                write_json(column.as_ref(), row, out)?;
            }
            out.push('}');
            Ok(())
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            out.push('{');
            for at in 0..entries.len() {
                if at > 0 {
                    out.push(',');
                }
                let mut key = String::new();
                write_plain(entries.column(0).as_ref(), at, &mut key)?;
                model::json::write_string(out, &key);
                out.push(':');
                write_json(entries.column(1).as_ref(), at, out)?;
            }
            out.push('}');
            Ok(())
        }
        ty => {
            let mut text = String::new();
            write_plain(array, row, &mut text)?;
            let is_bare = *ty == DataType::Boolean
                || (ty.is_numeric() && text.parse::<f64>().is_ok_and(f64::is_finite));
            if is_bare {
                out.push_str(&text)
            } else {
                model::json::write_string(out, &text)
            }
            Ok(())
        }
    }
}

fn write_list(values: &ArrayRef, out: &mut String) -> Result<(), ArrowError> {
    out.push('[');
    for at in 0..values.len() {
        if at > 0 {
            out.push(',');
        }
        write_json(values.as_ref(), at, out)?;
    }
    out.push(']');
    Ok(())
}
