//! `telltale track dependency`: a step, or a call to something else.

use clap::Arg;

use super::Kind;
use super::given::{Given, end_flags, flag, needed_main_args};
use crate::commands::Failure;
use crate::commands::telemetry::item::Data;

pub const KIND: Kind =
    Kind { name: "dependency", about: "A step, or a call to something else", flags, read };

fn flags() -> Vec<Arg> {
    let own = [
        flag("target", "TEXT", "What answered, such as a host"),
        flag("type", "TEXT", "Its kind, such as `HTTP`"),
        flag("data", "TEXT", "The call itself, such as a command line"),
    ];
    let name = needed_main_args("name", "NAME", "What was called");
    name.into_iter().chain(own).chain(end_flags()).collect()
}

fn read(given: &Given<'_>) -> Result<Data, Failure> {
    let end = given.end()?;
    Ok(Data::Dependency {
        id: end.id,
        name: given.main("name").unwrap_or_default(),
        ty: given.text_or_empty("type"),
        target: given.text_or_empty("target"),
        data: given.text_or_empty("data"),
        duration: end.duration,
        success: end.success,
        result_code: end.result_code,
    })
}
