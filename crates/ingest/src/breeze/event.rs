//! `EventData` → `customEvents` (spec ingestion.md §7, §11).

use model::TableDef;
use model::tables::CUSTOM_EVENTS;

use super::fault::Refusal;
use super::fields::{self, Field, text, value};
use super::sink::{Item, Measured, Sink};

static FIELDS: [Field; 3] =
    [text("name", 512).always(), value("properties"), value("measurements")];

/// Writes the event's row.
pub(super) fn decode(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<&'static TableDef, Refusal> {
    let [name, properties, measurements] = fields::read("EventData", &FIELDS, item.data);
    let name = sink.check.text(name)?;
    sink.read_bags(properties, measurements, &[])?;
    sink.write(item, &CUSTOM_EVENTS, Measured::Yes, |row| row.text(&name));
    Ok(&CUSTOM_EVENTS)
}
