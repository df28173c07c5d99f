//! `RemoteDependencyData` → `dependencies` (spec ingestion.md §7, §11).

use model::TableDef;
use model::tables::DEPENDENCIES;

use super::fault::Refusal;
use super::fields::{self, Field, text, value};
use super::sink::{Item, Measured, Sink};
use crate::time::performance_bucket;

static FIELDS: [Field; 10] = [
    text("id", 512),
    text("target", 1024),
    text("type", 1024),
    text("name", 1024).strict(),
    text("data", 8192),
    value("success"),
    text("resultCode", 1024),
    value("duration").strict(),
    value("properties"),
    value("measurements"),
];

/// Writes the dependency's row.
pub(super) fn decode(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<&'static TableDef, Refusal> {
    let [id, target, ty, name, data, success, code, duration, properties, measurements] =
        fields::read("RemoteDependencyData", &FIELDS, item.data);
    let check = &mut sink.check;
    let id = check.text(id)?;
    let target = check.text(target)?;
    let ty = check.text(ty)?;
    let name = check.text(name)?;
    let data = check.text(data)?;
    let success = check.boolean(success, true)?;
    let code = check.text(code)?;
    let duration_ms = check.duration_ms(duration)?;
    sink.read_bags(properties, measurements, &[])?;
    sink.write(item, &DEPENDENCIES, Measured::Yes, |row| {
        row.text(&id);
        row.text(&target);
        row.text(&ty);
        row.text(&name);
        row.text(&data);
        row.text(if success { "True" } else { "False" });
        row.text(&code);
        row.real(duration_ms);
        row.text(performance_bucket(duration_ms));
    });
    Ok(&DEPENDENCIES)
}
