//! Rows of the tables of pipelines from lines of JSON: objects with the names of columns.

use model::time::{parse_datetime, parse_timespan};
use model::{Batch, BatchBuilder, TableDef, Type, Vocabulary};
use serde_json::Value;

/// The stored table of pipelines called `name`.
pub fn table(name: &str) -> Option<&'static TableDef> {
    let view = model::tables::view(name)?;
    view.table.filter(|_| view.vocabulary == Vocabulary::Pipelines)
}

/// The rows of the lines; a column no line names is null.
pub fn batch(table: &'static TableDef, lines: &[&str]) -> Batch {
    let mut builder = BatchBuilder::new(table);
    for line in lines {
        let row: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        for name in row.as_object().expect("an object").keys() {
            assert!(table.index_of(name).is_some(), "{} has no column {name}", table.name);
        }
        for (at, column) in table.columns.iter().enumerate() {
            let (value, builder) = (row.get(column.name), builder.column(at));
            match (column.ty, value) {
                (_, None | Some(Value::Null)) => builder.null(),
                (Type::DateTime, Some(Value::String(text))) => {
                    builder.long(parse_datetime(text).expect("a time"));
                }
                (Type::TimeSpan, Some(Value::String(text))) => {
                    builder.long(parse_timespan(text).expect("a timespan"));
                }
                (_, Some(Value::String(text))) => builder.text(text),
                (_, Some(Value::Bool(value))) => builder.bool(*value),
                (Type::Real, Some(value)) => builder.real(value.as_f64().expect("a number")),
                (_, Some(value)) => builder.long(value.as_i64().expect("a whole number")),
            }
        }
        builder.end_row();
    }
    builder.finish().expect("a batch")
}
