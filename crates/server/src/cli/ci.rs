//! The arguments of `telltale ci`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Call, Place, place, place_flags, text};
use crate::settings::parse_duration_ms;

/// The arguments of `telltale ci categorize`.
#[derive(Debug)]
pub struct CategorizeCall {
    pub place: Place,
    pub key: Option<String>,
    pub app: Option<String>,
    /// How far back, in nanoseconds.
    pub since_ns: i64,
    pub is_dry_run: bool,
    pub rules: PathBuf,
}

/// The commands and their arguments.
pub fn command() -> Command {
    let categorize = Command::new("categorize")
        .about("Give stored issues the categories a file of rules means")
        .long_about(
            "Give stored issues the categories a file of rules means, and show what changes. \
             Categories that people gave stay; a second run changes nothing.",
        )
        .after_help("Where a server asks for keys, --key needs the scope admin.")
        .arg(
            Arg::new("rules")
                .required(true)
                .value_name("RULES.toml")
                .value_parser(clap::value_parser!(PathBuf))
                .help("File of `[[category]]` rules; the settings file will do"),
        )
        .arg(Arg::new("app").long("app").value_name("NAME").help("Application to work on"))
        .arg(
            Arg::new("since")
                .long("since")
                .default_value("30d")
                .value_name("TIME")
                .value_parser(|text: &str| {
                    let ms = parse_duration_ms(text).ok_or("write it as `30d` or `12h`")?;
                    let ns = i64::try_from(ms).ok().and_then(|ms| ms.checked_mul(1_000_000));
                    ns.ok_or("that is too long ago")
                })
                .help("How long ago the oldest builds finished"),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Show what would change and store nothing"),
        );
    Command::new("ci")
        .about("Work on what was collected of pipelines")
        .subcommand_required(true)
        .subcommand(place_flags(categorize))
}

/// What was asked for.
pub fn call(matches: &ArgMatches) -> Call {
    let m = matches.subcommand_matches("categorize").unwrap_or(matches);
    Call::Categorize(CategorizeCall {
        place: place(m),
        key: text(m, "key"),
        app: text(m, "app"),
        since_ns: m.get_one::<i64>("since").copied().unwrap_or_default(),
        is_dry_run: m.get_flag("dry-run"),
        rules: m.get_one::<PathBuf>("rules").cloned().unwrap_or_default(),
    })
}
