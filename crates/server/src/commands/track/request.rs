//! `telltale track request`: one execution of a task.

use clap::Arg;

use super::Kind;
use super::given::{Given, end_flags, flag};
use crate::commands::Failure;
use crate::commands::telemetry::item::Data;

pub const KIND: Kind =
    Kind { name: "request", about: "An execution, such as one of a task", flags, read };

fn flags() -> Vec<Arg> {
    let own = [
        flag("name", "NAME", "What ran").required(true),
        flag("url", "TEXT", "Where, such as `Build Task`"),
        flag("source", "TEXT", "Who asked for it"),
    ];
    own.into_iter().chain(end_flags()).collect()
}

fn read(given: &Given<'_>) -> Result<Data, Failure> {
    let end = given.end()?;
    Ok(Data::Request {
        id: end.id,
        name: given.text_or_empty("name"),
        url: given.text_or_empty("url"),
        source: given.text_or_empty("source"),
        duration: end.duration,
        success: end.success,
        result_code: end.result_code,
    })
}
