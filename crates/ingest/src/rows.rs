//! Rows under construction: one builder per application and table of a request.
//!
//! Invariant: every ended row has one value in every column of its table.

use arrow_schema::ArrowError;
use model::{AppId, Batch, BatchBuilder, TableDef};

/// All rows of one request.
#[derive(Debug)]
pub struct Rows {
    builders: Vec<Open>,
    /// About how many rows the request has.
    rows_hint: usize,
}

#[derive(Debug)]
struct Open {
    app: AppId,
    table: &'static TableDef,
    builder: BatchBuilder,
}

impl Rows {
    pub fn new(rows_hint: usize) -> Rows {
        Rows { builders: Vec::new(), rows_hint: rows_hint.clamp(1, 1024) }
    }

    /// A new row; append its values in the order of the table's columns.
    pub fn row(&mut self, app: AppId, table: &'static TableDef) -> Row<'_> {
        let known = self.builders.iter().position(|o| o.app == app && std::ptr::eq(o.table, table));
        let at = known.unwrap_or_else(|| {
            let builder = BatchBuilder::with_capacity(table, self.rows_hint);
            self.builders.push(Open { app, table, builder });
            self.builders.len() - 1
        });
        let open = &mut self.builders[at];
        Row { builder: &mut open.builder, columns: table.columns.len(), at: 0 }
    }

    /// The batches, in the order in which their first rows came.
    ///
    /// # Errors
    /// When a batch cannot be built: a mistake of this crate.
    pub fn finish(self) -> Result<Vec<(AppId, Batch)>, ArrowError> {
        self.builders.into_iter().map(|o| Ok((o.app, o.builder.finish()?))).collect()
    }
}

/// One row being appended, column by column.
#[derive(Debug)]
pub struct Row<'b> {
    builder: &'b mut BatchBuilder,
    columns: usize,
    at: usize,
}

impl Row<'_> {
    fn next(&mut self) -> Option<&mut model::batch::ColumnBuilder> {
        let at = self.at;
        self.at += 1;
        (at < self.columns).then(|| self.builder.column(at))
    }

    pub fn text(&mut self, value: &str) {
        if let Some(column) = self.next() {
            column.text(value);
        }
    }

    /// A whole number, or nanoseconds of a time column.
    pub fn long(&mut self, value: i64) {
        if let Some(column) = self.next() {
            column.long(value);
        }
    }

    pub fn real(&mut self, value: f64) {
        if let Some(column) = self.next() {
            column.real(value);
        }
    }

    pub fn null(&mut self) {
        if let Some(column) = self.next() {
            column.null();
        }
    }

    pub fn real_or_null(&mut self, value: Option<f64>) {
        match value {
            Some(value) => self.real(value),
            None => self.null(),
        }
    }

    pub fn long_or_null(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.long(value),
            None => self.null(),
        }
    }

    /// JSON text of a `dynamic` column; empty text is null.
    pub fn dynamic(&mut self, json: &str) {
        if json.is_empty() { self.null() } else { self.text(json) }
    }

    /// Ends the row; columns left over become null, so that one mistake costs one row's values.
    pub fn end(mut self) {
        debug_assert_eq!(self.at, self.columns, "every column is appended once");
        while self.at < self.columns {
            self.null();
        }
        self.builder.end_row();
    }
}
