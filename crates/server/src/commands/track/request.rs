//! `telltale track request`: one execution of a task.

use clap::Arg;

use super::Kind;
use super::given::{Given, end_flags, flag, needed_main_args};
use crate::commands::Failure;
use crate::commands::telemetry::item::Data;

pub const KIND: Kind =
    Kind { name: "request", about: "An execution, such as one of a task", flags, read };

fn flags() -> Vec<Arg> {
    let own = [
        flag("url", "TEXT", "Where, such as `Build Task`"),
        flag("source", "TEXT", "Who asked for it"),
    ];
    let name = needed_main_args("name", "NAME", "What ran");
    name.into_iter().chain(own).chain(end_flags()).collect()
}

fn read(given: &Given<'_>) -> Result<Data, Failure> {
    let end = given.end()?;
    Ok(Data::Request {
        id: end.id,
        name: given.main("name").unwrap_or_default(),
        url: given.text_or_empty("url"),
        source: given.text_or_empty("source"),
        duration: end.duration,
        success: end.success,
        result_code: end.result_code,
    })
}
