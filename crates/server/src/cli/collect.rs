//! `telltale collect` and its subcommands on the command line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Call, data_flag, place, place_flags, text};
use crate::settings::parse_duration_ms;

/// The arguments of `telltale collect`.
#[derive(Debug)]
pub struct CollectCall {
    /// Settings given as flags, by name.
    pub flags: BTreeMap<String, String>,
    pub config: Option<PathBuf>,
    /// One source instead of all.
    pub source: Option<String>,
    /// How far back to list instead of from the cursor.
    pub since_ms: Option<u64>,
    pub once: bool,
}

pub fn command() -> Command {
    let source = || Arg::new("source").long("source").value_name("NAME");
    let since = |text: &str| {
        parse_duration_ms(text).ok_or_else(|| "a time such as `12h` or `30d` is needed".to_owned())
    };
    let status = Command::new("status")
        .about("Print how the collector fares: cursors, lag, pending builds, the last passes")
        .arg(
            Arg::new("format")
                .long("format")
                .default_value("text")
                .value_parser(PossibleValuesParser::new(["text", "json"])),
        );
    let retry = Command::new("retry")
        .about("Have builds tried again that failed or were given up")
        .arg(source().help("Only builds of this source"));
    Command::new("collect")
        .about("Collect builds of Azure DevOps into a folder that no server holds")
        .long_about(
            "Collect builds of Azure DevOps into a folder that no server holds, from the sources \
             of the settings file. A running server collects by itself what its own settings name.",
        )
        .args_conflicts_with_subcommands(true)
        .subcommand(place_flags(status))
        .subcommand(place_flags(retry))
        .arg(
            Arg::new("config")
                .long("config")
                .env("TELLTALE_CONFIG")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("TOML file of settings, with a `[[source]]` for each organisation"),
        )
        .arg(data_flag().help("Data folder [default: that of the settings]"))
        .arg(
            Arg::new("once")
                .long("once")
                .action(ArgAction::SetTrue)
                .help("One pass; without it passes go on at the intervals of the sources"),
        )
        .arg(source().help("Only this source"))
        .arg(
            Arg::new("since")
                .long("since")
                .value_name("TIME")
                .value_parser(since)
                .help("List builds finished within this time, such as `30d`, in the first pass"),
        )
}

pub fn call(matches: &ArgMatches) -> Call {
    match matches.subcommand() {
        Some(("status", m)) => Call::CollectStatus {
            place: place(m),
            key: text(m, "key"),
            is_json: text(m, "format").as_deref() == Some("json"),
        },
        Some((_, m)) => {
            Call::CollectRetry { place: place(m), key: text(m, "key"), source: text(m, "source") }
        }
        None => {
            let data = matches.get_one::<PathBuf>("data");
            let data = data.map(|data| ("data".to_owned(), data.display().to_string()));
            Call::Collect(CollectCall {
                flags: data.into_iter().collect(),
                config: matches.get_one::<PathBuf>("config").cloned(),
                source: text(matches, "source"),
                since_ms: matches.get_one::<u64>("since").copied(),
                once: matches.get_flag("once"),
            })
        }
    }
}
