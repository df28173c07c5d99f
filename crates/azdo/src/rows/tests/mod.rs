//! Rows of recorded and synthetic builds, and of odd ones.

mod odd;
mod recorded;
mod scenario;

use std::io::Read;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{DurationNanosecondType, Float64Type, Int64Type, TimestampNanosecondType};
use arrow_array::{Array, ArrayRef};
use model::time::{Fraction, format_datetime};
use model::{Batch, Type};
use serde_json::{Map, Value, json};

use super::*;
use crate::category::Rule;

/// A file of `tests/azdo`, unpacked.
pub(super) fn fixture(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/azdo").join(file);
    let bytes = std::fs::read(path).unwrap();
    if !file.ends_with(".gz") {
        return bytes;
    }
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).unwrap();
    unpacked
}

pub(super) fn context(categories: &Categories) -> Context<'_> {
    Context {
        organization: "exorg",
        project: "exproj",
        project_id: "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01",
        categories,
        identities: Identities::Hash(b"key of the tests"),
        tests: Tests::Failed,
        collected_at: 1_800_000_000_000_000_000,
    }
}

pub(super) fn rules(rules: &[(&str, &str)]) -> Categories {
    let rule = |(contains, category): &(&str, &str)| Rule {
        contains: Some((*contains).to_owned()),
        category: (*category).to_owned(),
        ..Rule::default()
    };
    Categories::new(rules.iter().map(rule).collect(), None).unwrap()
}

/// The rows of a table as JSON objects: times as text with seven digits, timespans as ticks under
/// the column's name with `Ticks`.
pub(crate) fn table(batches: &[Batch], name: &str) -> Vec<Map<String, Value>> {
    let Some(batch) = batches.iter().find(|batch| batch.table.name == name) else {
        return Vec::new();
    };
    (0..batch.rows.num_rows())
        .map(|row| {
            let columns = batch.table.columns.iter().zip(batch.rows.columns());
            columns
                .map(|(column, values)| match column.ty {
                    Type::TimeSpan => {
                        (format!("{}Ticks", column.name), cell(values, row, column.ty))
                    }
                    ty => (column.name.to_owned(), cell(values, row, ty)),
                })
                .collect()
        })
        .collect()
}

fn cell(values: &ArrayRef, row: usize, ty: Type) -> Value {
    if values.is_null(row) {
        assert_ne!(ty, Type::String, "a string is never null");
        return Value::Null;
    }
    match ty {
        Type::Bool => json!(values.as_boolean().value(row)),
        Type::Long => json!(values.as_primitive::<Int64Type>().value(row)),
        Type::Real => json!(values.as_primitive::<Float64Type>().value(row)),
        Type::DateTime => {
            let at = values.as_primitive::<TimestampNanosecondType>().value(row);
            json!(format_datetime(at, Fraction::Seven))
        }
        Type::TimeSpan => {
            json!(values.as_primitive::<DurationNanosecondType>().value(row) / 100)
        }
        _ => json!(values.as_string_view().value(row)),
    }
}

/// How many rows have each value of a column.
pub(super) fn counts(rows: &[Map<String, Value>], column: &str) -> Value {
    let mut counts: Map<String, Value> = Map::new();
    for row in rows {
        let name = match &row[column] {
            Value::String(text) if text.is_empty() => "None".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let count = counts.get(&name).and_then(Value::as_u64).unwrap_or(0) + 1;
        counts.insert(name, json!(count));
    }
    Value::Object(counts)
}
