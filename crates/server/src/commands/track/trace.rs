//! `telltale track trace`: a line of a log.

use clap::Arg;

use super::Kind;
use super::given::{Given, needed_main_args, severity_flag};
use crate::commands::Failure;
use crate::commands::telemetry::item::Data;

pub const KIND: Kind = Kind { name: "trace", about: "A line of a log", flags, read };

fn flags() -> Vec<Arg> {
    let message = needed_main_args("message", "TEXT", "The line");
    message.into_iter().chain([severity_flag()]).collect()
}

fn read(given: &Given<'_>) -> Result<Data, Failure> {
    let severity = given.severity()?;
    Ok(Data::Trace { message: given.main("message").unwrap_or_default(), severity })
}
