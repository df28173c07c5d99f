//! Row batches: Arrow rows of one stored table, and the builder that makes them.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, DurationNanosecondBuilder, Float64Builder, Int32Builder, Int64Builder,
    StringViewBuilder, TimestampNanosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

use crate::table::TableDef;
use crate::types::Type;

/// The number by which this server knows an application; assigned once, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(pub u32);

/// Rows of one stored table, columns in the order and with the types of its [`TableDef`].
#[derive(Debug, Clone)]
pub struct Batch {
    pub table: &'static TableDef,
    pub rows: RecordBatch,
}

/// The Arrow schema of a stored table's batches. Every column is nullable;
/// string columns hold `''` instead of null (spec kql.md §3 rule 1).
pub fn schema(table: &TableDef) -> SchemaRef {
    Arc::new(Schema::new(
        table.columns.iter().map(|c| Field::new(c.name, c.ty.arrow(), true)).collect::<Vec<_>>(),
    ))
}

/// One column under construction.
///
/// Appending a value of the wrong kind appends null (`''` for strings): the builder is fed by code
/// that knows the table, so this is a mistake the tests of that code show, never a panic.
#[derive(Debug)]
pub enum ColumnBuilder {
    Bool(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Real(Float64Builder),
    /// `string`, `guid` and `dynamic`; the flag says whether null becomes `''`.
    Text(StringViewBuilder, bool),
    DateTime(TimestampNanosecondBuilder),
    TimeSpan(DurationNanosecondBuilder),
}

impl ColumnBuilder {
    pub fn new(ty: Type) -> ColumnBuilder {
        match ty {
            Type::Bool => ColumnBuilder::Bool(BooleanBuilder::new()),
            Type::Int => ColumnBuilder::Int(Int32Builder::new()),
            Type::Long => ColumnBuilder::Long(Int64Builder::new()),
            Type::Real | Type::Decimal => ColumnBuilder::Real(Float64Builder::new()),
            Type::String => ColumnBuilder::Text(StringViewBuilder::new(), true),
            Type::Guid | Type::Dynamic => ColumnBuilder::Text(StringViewBuilder::new(), false),
            Type::DateTime => ColumnBuilder::DateTime(TimestampNanosecondBuilder::new()),
            Type::TimeSpan => ColumnBuilder::TimeSpan(DurationNanosecondBuilder::new()),
        }
    }

    /// As [`ColumnBuilder::new`], with room for `rows` values: small batches stay small in memory.
    pub fn with_capacity(ty: Type, rows: usize) -> ColumnBuilder {
        let text = || {
            let builder = StringViewBuilder::with_capacity(rows);
            // The builder's own first block is far larger than what a few rows need.
            if rows <= 8 { builder.with_fixed_block_size(1024) } else { builder }
        };
        match ty {
            Type::Bool => ColumnBuilder::Bool(BooleanBuilder::with_capacity(rows)),
            Type::Int => ColumnBuilder::Int(Int32Builder::with_capacity(rows)),
            Type::Long => ColumnBuilder::Long(Int64Builder::with_capacity(rows)),
            Type::Real | Type::Decimal => ColumnBuilder::Real(Float64Builder::with_capacity(rows)),
            Type::String => ColumnBuilder::Text(text(), true),
            Type::Guid | Type::Dynamic => ColumnBuilder::Text(text(), false),
            Type::DateTime => {
                ColumnBuilder::DateTime(TimestampNanosecondBuilder::with_capacity(rows))
            }
            Type::TimeSpan => {
                ColumnBuilder::TimeSpan(DurationNanosecondBuilder::with_capacity(rows))
            }
        }
    }

    pub fn null(&mut self) {
        match self {
            ColumnBuilder::Bool(b) => b.append_null(),
            ColumnBuilder::Int(b) => b.append_null(),
            ColumnBuilder::Long(b) => b.append_null(),
            ColumnBuilder::Real(b) => b.append_null(),
            ColumnBuilder::Text(b, true) => b.append_value(""),
            ColumnBuilder::Text(b, false) => b.append_null(),
            ColumnBuilder::DateTime(b) => b.append_null(),
            ColumnBuilder::TimeSpan(b) => b.append_null(),
        }
    }

    pub fn bool(&mut self, value: bool) {
        match self {
            ColumnBuilder::Bool(b) => b.append_value(value),
            other => other.null(),
        }
    }

    /// A text for `string`, a JSON text for `dynamic`, 36 characters for `guid`.
    pub fn text(&mut self, value: &str) {
        match self {
            ColumnBuilder::Text(b, _) => b.append_value(value),
            other => other.null(),
        }
    }

    /// A whole number for `int` (out of range: null), `long`, or nanoseconds for times.
    pub fn long(&mut self, value: i64) {
        match self {
            ColumnBuilder::Long(b) => b.append_value(value),
            ColumnBuilder::Int(b) => b.append_option(i32::try_from(value).ok()),
            ColumnBuilder::DateTime(b) => b.append_value(value),
            ColumnBuilder::TimeSpan(b) => b.append_value(value),
            other => other.null(),
        }
    }

    pub fn real(&mut self, value: f64) {
        match self {
            ColumnBuilder::Real(b) => b.append_value(value),
            other => other.null(),
        }
    }

    pub fn finish(&mut self) -> ArrayRef {
        match self {
            ColumnBuilder::Bool(b) => Arc::new(b.finish()),
            ColumnBuilder::Int(b) => Arc::new(b.finish()),
            ColumnBuilder::Long(b) => Arc::new(b.finish()),
            ColumnBuilder::Real(b) => Arc::new(b.finish()),
            ColumnBuilder::Text(b, _) => Arc::new(b.finish()),
            ColumnBuilder::DateTime(b) => Arc::new(b.finish()),
            ColumnBuilder::TimeSpan(b) => Arc::new(b.finish()),
        }
    }
}

/// Builds a [`Batch`]: append one value per column for each row, then [`BatchBuilder::finish`].
#[derive(Debug)]
pub struct BatchBuilder {
    table: &'static TableDef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
}

impl BatchBuilder {
    pub fn new(table: &'static TableDef) -> BatchBuilder {
        BatchBuilder {
            table,
            columns: table.columns.iter().map(|c| ColumnBuilder::new(c.ty)).collect(),
            rows: 0,
        }
    }

    /// As [`BatchBuilder::new`] for about `rows` rows (more may come).
    pub fn with_capacity(table: &'static TableDef, rows: usize) -> BatchBuilder {
        BatchBuilder {
            table,
            columns: table
                .columns
                .iter()
                .map(|c| ColumnBuilder::with_capacity(c.ty, rows))
                .collect(),
            rows: 0,
        }
    }

    /// The builder of the column at `index` of the table.
    pub fn column(&mut self, index: usize) -> &mut ColumnBuilder {
        &mut self.columns[index]
    }

    /// Counts a row whose values have all been appended.
    pub fn end_row(&mut self) {
        self.rows += 1;
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The batch.
    ///
    /// # Errors
    /// When the columns have different lengths: a mistake of the caller's code.
    pub fn finish(mut self) -> Result<Batch, ArrowError> {
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        let rows = RecordBatch::try_new(schema(self.table), columns)?;
        Ok(Batch { table: self.table, rows })
    }
}
