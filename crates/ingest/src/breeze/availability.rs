//! `AvailabilityData` → `availabilityResults` (spec ingestion.md §7, §11).

use model::TableDef;
use model::tables::AVAILABILITY_RESULTS;

use super::fault::Refusal;
use super::fields::{self, Field, text, value};
use super::sink::{Item, Measured, Sink};
use crate::time::performance_bucket;

static FIELDS: [Field; 8] = [
    text("id", 512).strict(),
    text("name", 1024).strict(),
    text("runLocation", 1024).stored_as("location"),
    value("success"),
    text("message", 8192),
    value("duration").strict(),
    value("properties"),
    value("measurements"),
];

/// Writes the row of one availability test.
pub(super) fn decode(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<&'static TableDef, Refusal> {
    let [id, name, location, success, message, duration, properties, measurements] =
        fields::read("AvailabilityData", &FIELDS, item.data);
    let check = &mut sink.check;
    let id = check.text(id)?;
    let name = check.text(name)?;
    let location = check.text(location)?;
    // The schema has no default: a test that does not say so did not succeed.
    let success = check.boolean(success, false)?;
    let message = check.text(message)?;
    let duration_ms = check.duration_ms(duration)?;
    sink.read_bags(properties, measurements, &[])?;
    sink.write(item, &AVAILABILITY_RESULTS, Measured::Yes, |row| {
        row.text(&id);
        row.text(&name);
        row.text(&location);
        row.text(if success { "1" } else { "0" });
        row.text(&message);
        // `size` has no source.
        row.text("");
        row.real(duration_ms);
        row.text(performance_bucket(duration_ms));
    });
    Ok(&AVAILABILITY_RESULTS)
}
