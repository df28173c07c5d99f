//! `telltale track trace`: a line of a log.

use clap::Arg;

use super::Kind;
use super::given::{Given, flag, severity_flag};
use crate::commands::Failure;
use crate::commands::telemetry::item::Data;

pub const KIND: Kind = Kind { name: "trace", about: "A line of a log", flags, read };

fn flags() -> Vec<Arg> {
    vec![flag("message", "TEXT", "The line").required(true), severity_flag()]
}

fn read(given: &Given<'_>) -> Result<Data, Failure> {
    let severity = given.severity()?;
    Ok(Data::Trace { message: given.text_or_empty("message"), severity })
}
