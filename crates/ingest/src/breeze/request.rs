//! `RequestData` → `requests` (spec ingestion.md §7, §11).

use model::TableDef;
use model::tables::REQUESTS;

use super::fault::Refusal;
use super::fields::{self, Field, text, value};
use super::sink::{Item, Measured, Sink};
use crate::time::performance_bucket;

static FIELDS: [Field; 9] = [
    text("id", 512).strict(),
    text("source", 1024),
    text("name", 1024),
    text("url", 2048),
    value("success"),
    text("responseCode", 1024).stored_as("resultCode").strict(),
    value("duration").strict(),
    value("properties"),
    value("measurements"),
];

/// Writes the request's row.
pub(super) fn decode(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<&'static TableDef, Refusal> {
    let [id, source, name, url, success, code, duration, properties, measurements] =
        fields::read("RequestData", &FIELDS, item.data);
    let check = &mut sink.check;
    let id = check.text(id)?;
    let source = check.text(source)?;
    let name = check.text(name)?;
    let url = check.text(url)?;
    let success = check.boolean(success, true)?;
    let code = check.text(code)?;
    let duration_ms = check.duration_ms(duration)?;
    sink.read_bags(properties, measurements, &[])?;
    sink.write(item, &REQUESTS, Measured::Yes, |row| {
        row.text(&id);
        row.text(&source);
        row.text(&name);
        row.text(&url);
        row.text(if success { "True" } else { "False" });
        row.text(&code);
        row.real(duration_ms);
        row.text(performance_bucket(duration_ms));
    });
    Ok(&REQUESTS)
}
