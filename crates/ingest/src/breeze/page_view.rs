//! `PageViewData` → `pageViews` (spec ingestion.md §7, §11).

use model::TableDef;
use model::tables::PAGE_VIEWS;

use super::fault::Refusal;
use super::fields::{self, Field, text, value};
use super::sink::{Item, Measured, Sink};
use crate::time::performance_bucket;

static FIELDS: [Field; 6] = [
    text("id", 512),
    text("name", 1024).strict(),
    text("url", 2048),
    value("duration"),
    value("properties"),
    value("measurements"),
];

/// Writes the page view's row.
pub(super) fn decode(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<&'static TableDef, Refusal> {
    let [id, name, url, duration, properties, measurements] =
        fields::read("PageViewData", &FIELDS, item.data);
    let check = &mut sink.check;
    let id = check.text(id)?;
    let name = check.text(name)?;
    let url = check.text(url)?;
    let duration_ms = check.duration_ms(duration)?;
    sink.read_bags(properties, measurements, &[])?;
    sink.write(item, &PAGE_VIEWS, Measured::Yes, |row| {
        row.text(&id);
        row.text(&name);
        row.text(&url);
        row.real(duration_ms);
        row.text(performance_bucket(duration_ms));
    });
    Ok(&PAGE_VIEWS)
}
