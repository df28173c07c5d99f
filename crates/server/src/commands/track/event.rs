//! `telltale track event`: something that happened.

use clap::Arg;

use super::Kind;
use super::given::{Given, flag};
use crate::commands::Failure;
use crate::commands::telemetry::item::Data;

pub const KIND: Kind = Kind { name: "event", about: "Something that happened", flags, read };

fn flags() -> Vec<Arg> {
    vec![flag("name", "NAME", "What happened, such as `Task Execution`").required(true)]
}

fn read(given: &Given<'_>) -> Result<Data, Failure> {
    Ok(Data::Event { name: given.text_or_empty("name") })
}
