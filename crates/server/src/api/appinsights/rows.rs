//! Rows of a result as JSON values, by the names of columns.

use query::ResultTable;
use query::answer::Cells;
use serde_json::Value;

/// The rows of one result table.
pub struct Rows<'a> {
    names: Vec<&'a str>,
    batches: Vec<Cells<'a>>,
}

/// One row.
#[derive(Clone, Copy)]
pub struct Row<'r, 'a> {
    rows: &'r Rows<'a>,
    cells: &'r Cells<'a>,
    row: usize,
}

impl<'a> Rows<'a> {
    pub fn new(table: &'a ResultTable) -> Rows<'a> {
        Rows {
            names: table.columns.iter().map(|column| column.name.as_str()).collect(),
            batches: table.batches.iter().map(|batch| Cells::new(&table.columns, batch)).collect(),
        }
    }

    pub fn iter<'r>(&'r self) -> impl Iterator<Item = Row<'r, 'a>> {
        self.batches
            .iter()
            .flat_map(move |cells| (0..cells.rows()).map(move |row| Row { rows: self, cells, row }))
    }
}

impl<'a> Row<'_, 'a> {
    /// The cell of a column; null when there is no such column.
    pub fn cell(&self, column: &str) -> query::Value<'a> {
        match self.rows.names.iter().position(|name| *name == column) {
            Some(index) => self.cells.value(self.row, index),
            None => query::Value::Null,
        }
    }

    /// The text of a string column.
    pub fn text(&self, column: &str) -> &'a str {
        match self.cell(column) {
            query::Value::String(text) | query::Value::Guid(text) => text,
            _ => "",
        }
    }

    /// The cell as JSON: dynamics as what they hold, numbers JSON cannot write as null.
    pub fn json(&self, column: &str) -> Value {
        use model::time::{Fraction, format_datetime, format_timespan};
        match self.cell(column) {
            query::Value::Null => Value::Null,
            query::Value::Bool(value) => Value::from(value),
            query::Value::Int(value) => Value::from(value),
            query::Value::Long(value) => Value::from(value),
            query::Value::Real(value) | query::Value::Decimal(value) => Value::from(value),
            query::Value::String(text) | query::Value::Guid(text) => Value::from(text),
            query::Value::DateTime(nanos) => Value::from(format_datetime(nanos, Fraction::Trimmed)),
            query::Value::TimeSpan(nanos) => Value::from(format_timespan(nanos)),
            query::Value::Dynamic(json) => serde_json::from_str(json).unwrap_or_default(),
        }
    }
}
