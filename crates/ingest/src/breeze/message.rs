//! `MessageData` → `traces` (spec ingestion.md §7, §11).

use model::TableDef;
use model::tables::TRACES;

use super::fault::Refusal;
use super::fields::{self, Field, text, value};
use super::sink::{Item, Measured, Sink};

static FIELDS: [Field; 4] = [
    text("message", 32_768).always(),
    value("severityLevel"),
    value("properties"),
    value("measurements"),
];

/// Writes the message's row.
pub(super) fn decode(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<&'static TableDef, Refusal> {
    let [message, severity, properties, measurements] =
        fields::read("MessageData", &FIELDS, item.data);
    let message = sink.check.text(message)?;
    let severity = sink.check.severity(severity);
    sink.read_bags(properties, measurements, &[])?;
    sink.write(item, &TRACES, Measured::Yes, |row| {
        row.text(&message);
        row.long_or_null(severity.map(i64::from));
    });
    Ok(&TRACES)
}
