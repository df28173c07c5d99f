//! `telltale demo` on the command line.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Call, data_flag};

/// The folder of a demonstration unless another is named.
pub const FOLDER: &str = "telltale-demo";
/// Most days: what is made grows with them.
const DAYS_MAX: i64 = 92;

/// The arguments of `telltale demo`.
#[derive(Debug)]
pub struct DemoCall {
    pub data: PathBuf,
    pub days: u32,
    pub seed: u64,
    /// The end, nanoseconds since 1970; `None`: now.
    pub until: Option<i64>,
}

/// The flag of `serve` that has it serve a demonstration.
pub fn flag() -> Arg {
    Arg::new("demo").long("demo").action(ArgAction::SetTrue).help(
        "Serve a demonstration, made first when there is none [default folder: telltale-demo]",
    )
}

pub fn command() -> Command {
    let time = |text: &str| {
        let read = model::time::parse_datetime(text);
        read.ok_or_else(|| "a time such as `2026-11-29T12:00:00Z` is needed".to_owned())
    };
    Command::new("demo")
        .about("Fill a new folder with invented telemetry, builds, releases and badges")
        .arg(data_flag().default_value(FOLDER).help("Folder to fill, which must be empty"))
        .arg(
            Arg::new("days")
                .long("days")
                .value_name("N")
                .default_value("30")
                .value_parser(clap::value_parser!(u32).range(1..=DAYS_MAX))
                .help("How many days it goes back"),
        )
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("N")
                .default_value("1")
                .value_parser(clap::value_parser!(u64))
                .help("Another one gives another story"),
        )
        .arg(
            Arg::new("until")
                .long("until")
                .value_name("TIME")
                .value_parser(time)
                .help("When it ends, such as `2026-11-29T12:00:00Z` [default: now]"),
        )
}

pub fn call(matches: &ArgMatches) -> Call {
    Call::Demo(DemoCall {
        data: matches.get_one::<PathBuf>("data").cloned().unwrap_or_else(|| FOLDER.into()),
        days: matches.get_one::<u32>("days").copied().unwrap_or(30),
        seed: matches.get_one::<u64>("seed").copied().unwrap_or(1),
        until: matches.get_one::<i64>("until").copied(),
    })
}
