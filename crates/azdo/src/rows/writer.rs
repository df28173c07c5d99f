//! Writes rows of one table, value by value in the order of its columns.

use model::{Batch, BatchBuilder, TableDef};

use super::RowsError;

/// Rows of one table under construction. Values are given in the order of the table's columns; a
/// row with a value too few or too many shows as an error of [`Rows::finish`].
pub(crate) struct Rows {
    table: &'static TableDef,
    builder: BatchBuilder,
    column: usize,
    rows: usize,
    uneven: bool,
}

impl Rows {
    pub(crate) fn new(table: &'static TableDef, capacity: usize) -> Rows {
        Rows {
            table,
            builder: BatchBuilder::with_capacity(table, capacity),
            column: 0,
            rows: 0,
            uneven: false,
        }
    }

    fn next(&mut self) -> Option<&mut model::batch::ColumnBuilder> {
        let column = self.column;
        self.column += 1;
        (column < self.table.columns.len()).then(|| self.builder.column(column))
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Rows {
        if let Some(column) = self.next() {
            column.text(value);
        }
        self
    }

    /// A number, or a time or timespan in nanoseconds.
    pub(crate) fn long(&mut self, value: i64) -> &mut Rows {
        self.maybe(Some(value))
    }

    /// As [`Rows::long`], null when there is none.
    pub(crate) fn maybe(&mut self, value: Option<i64>) -> &mut Rows {
        if let Some(column) = self.next() {
            match value {
                Some(value) => column.long(value),
                None => column.null(),
            }
        }
        self
    }

    pub(crate) fn real(&mut self, value: Option<f64>) -> &mut Rows {
        if let Some(column) = self.next() {
            match value {
                Some(value) => column.real(value),
                None => column.null(),
            }
        }
        self
    }

    pub(crate) fn bool(&mut self, value: bool) -> &mut Rows {
        self.maybe_bool(Some(value))
    }

    pub(crate) fn maybe_bool(&mut self, value: Option<bool>) -> &mut Rows {
        if let Some(column) = self.next() {
            match value {
                Some(value) => column.bool(value),
                None => column.null(),
            }
        }
        self
    }

    pub(crate) fn end(&mut self) {
        self.uneven |= self.column != self.table.columns.len();
        self.column = 0;
        self.rows += 1;
        self.builder.end_row();
    }

    /// The batch; none when there are no rows.
    pub(crate) fn finish(self) -> Result<Option<Batch>, RowsError> {
        let failed = |reason: String| RowsError { table: self.table.name, reason };
        if self.uneven {
            return Err(failed("a row does not have the values of its columns".to_owned()));
        }
        if self.rows == 0 {
            return Ok(None);
        }
        self.builder.finish().map(Some).map_err(|error| failed(error.to_string()))
    }
}

/// From `start` to `end`, when both are known.
pub(crate) fn between(start: Option<i64>, end: Option<i64>) -> Option<i64> {
    end?.checked_sub(start?)
}

/// A branch without `refs/heads/`; other refs as they are.
pub(crate) fn branch(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}
