//! What would be stored of items that are only judged: for "why is my item not here?".
//!
//! Invariant: an application is told by its id alone, which everybody learns who has its key.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int32Type, TimestampNanosecondType};
use ingest::breeze::Accepted;
use model::Batch;
use model::time::{Fraction, format_datetime};
use serde_json::{Value, json};

use crate::app::App;

/// Items told of one body, the first by their places in it.
const ITEMS_MAX: usize = 100;

/// The first [`ITEMS_MAX`] items that would be stored: `index` in the body, `appId`, `table`,
/// `timestamp`, `itemCount`, and `cut` with places and lengths, or null.
pub fn items(app: &App, accepted: &Accepted) -> Vec<Value> {
    let mut rows: Vec<(String, Value)> = Vec::with_capacity(accepted.accepted);
    for (id, batch) in &accepted.batches {
        let app_id = app.apps.by_number(*id).map(|found| found.id.clone());
        rows.extend((0..batch.rows.num_rows()).map(|row| {
            let mut told = told(batch, row);
            told["appId"] = json!(app_id);
            (text(batch, "itemId", row).unwrap_or_default().to_owned(), told)
        }));
    }
    // Ids rise with the places of the items.
    rows.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut refused = accepted.faults.iter().map(|fault| fault.index).peekable();
    let places = (0..accepted.received).filter(|index| refused.next_if_eq(index).is_none());
    let rows = rows.into_iter().take(ITEMS_MAX).map(|(_, told)| told);
    let place = |(index, mut told): (usize, Value)| {
        told["index"] = json!(index);
        told
    };
    places.zip(rows).map(place).collect()
}

fn told(batch: &Batch, row: usize) -> Value {
    let time = column(batch, "timestamp").and_then(|column| {
        let times = column.as_primitive_opt::<TimestampNanosecondType>()?;
        times.is_valid(row).then(|| format_datetime(times.value(row), Fraction::Seven))
    });
    let count = column(batch, "itemCount").and_then(|column| {
        let counts = column.as_primitive_opt::<Int32Type>()?;
        counts.is_valid(row).then(|| counts.value(row))
    });
    let cut = text(batch, "_cut", row).and_then(|json| serde_json::from_str::<Value>(json).ok());
    json!({ "table": batch.table.name, "timestamp": time, "itemCount": count, "cut": cut })
}

fn column<'b>(batch: &'b Batch, name: &str) -> Option<&'b dyn Array> {
    Some(batch.rows.columns().get(batch.table.index_of(name)?)?.as_ref())
}

fn text<'b>(batch: &'b Batch, name: &str, row: usize) -> Option<&'b str> {
    let texts = column(batch, name)?.as_string_view_opt()?;
    texts.is_valid(row).then(|| texts.value(row))
}
