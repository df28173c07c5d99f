//! `telltale track event`: something that happened.

use clap::Arg;

use super::Kind;
use super::given::{Given, needed_main_args};
use crate::commands::Failure;
use crate::commands::telemetry::item::Data;

pub const KIND: Kind = Kind { name: "event", about: "Something that happened", flags, read };

fn flags() -> Vec<Arg> {
    needed_main_args("name", "NAME", "What happened, such as `Task Execution`").into()
}

fn read(given: &Given<'_>) -> Result<Data, Failure> {
    Ok(Data::Event { name: given.main("name").unwrap_or_default() })
}
