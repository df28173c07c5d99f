//! `telltale track metric`: a value, or the sum of several.

use clap::Arg;

use super::Kind;
use super::given::{Given, flag, needed_main_args};
use crate::commands::Failure;
use crate::commands::telemetry::item::Data;

pub const KIND: Kind =
    Kind { name: "metric", about: "A value, or the sum of several", flags, read };

fn flags() -> Vec<Arg> {
    let own = [
        flag("value", "NUMBER", "The value, or the sum of --count values").required(true),
        flag("count", "N", "How many values"),
        flag("min", "NUMBER", "The least of them"),
        flag("max", "NUMBER", "The greatest of them"),
        flag("std-dev", "NUMBER", "Their standard deviation"),
    ];
    let name = needed_main_args("name", "NAME", "What was measured");
    name.into_iter().chain(own).collect()
}

fn read(given: &Given<'_>) -> Result<Data, Failure> {
    let value = given.number("value")?;
    // There is no column for them, and nothing is dropped in silence.
    if !given.measurements()?.is_empty() {
        return Err(Failure::new(
            "a metric has no measurements: send several metrics, or use `--property`",
        ));
    }
    Ok(Data::Metric {
        name: given.main("name").unwrap_or_default(),
        value: value.ok_or_else(|| Failure::new("`--value` wants a number"))?,
        count: given.count("count")?,
        min: given.number("min")?,
        max: given.number("max")?,
        std_dev: given.number("std-dev")?,
    })
}
