//! `PageViewPerfData` → `browserTimings` (spec ingestion.md §7, §11).

use model::TableDef;
use model::tables::BROWSER_TIMINGS;

use super::fault::Refusal;
use super::fields::{self, Field, text, value};
use super::sink::{Item, Measured, Sink};
use crate::time::performance_bucket;

static FIELDS: [Field; 9] = [
    text("name", 1024),
    text("url", 2048),
    value("networkConnect"),
    value("sentRequest"),
    value("receivedResponse"),
    value("domProcessing"),
    value("perfTotal"),
    value("properties"),
    value("measurements"),
];

/// Writes the row of one page's timings.
pub(super) fn decode(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<&'static TableDef, Refusal> {
    let [name, url, network, sent, received, processing, total, properties, measurements] =
        fields::read("PageViewPerfData", &FIELDS, item.data);
    let check = &mut sink.check;
    let name = check.text(name)?;
    let url = check.text(url)?;
    let network_ms = check.duration_ms(network)?;
    let sent_ms = check.duration_ms(sent)?;
    let received_ms = check.duration_ms(received)?;
    let processing_ms = check.duration_ms(processing)?;
    let total_ms = check.duration_ms(total)?;
    sink.read_bags(properties, measurements, &[])?;
    sink.write(item, &BROWSER_TIMINGS, Measured::Yes, |row| {
        row.text(&name);
        row.text(&url);
        for ms in [network_ms, sent_ms, received_ms, processing_ms, total_ms] {
            row.real(ms);
        }
        row.text(performance_bucket(total_ms));
    });
    Ok(&BROWSER_TIMINGS)
}
