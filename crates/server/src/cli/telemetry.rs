//! Flags of all commands that send telemetry: where to, how long it may take, whose names it may
//! say.

use std::time::Duration;

use azdo::variables::Identities;
use clap::builder::FalseyValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{ca_flag, key_flag, text, trust};
use crate::commands::telemetry::{BUDGET, Options};

/// Longest time sending may take.
const BUDGET_MAX: Duration = Duration::from_secs(600);

/// Adds the flags.
pub fn flags(command: Command) -> Command {
    command
        .arg(Arg::new("connection").long("connection").value_name("STRING").help(
            "Connection string [default: TELLTALE_CONNECTION, then \
                     APPLICATIONINSIGHTS_CONNECTION_STRING]",
        ))
        .arg(
            Arg::new("timeout")
                .long("timeout")
                .value_name("TIME")
                .default_value("2s")
                .allow_hyphen_values(true)
                .value_parser(read_budget)
                .help("How long sending may take"),
        )
        .arg(
            Arg::new("hash-ids")
                .long("hash-ids")
                .env("TELLTALE_HASH_IDS")
                .action(ArgAction::SetTrue)
                .value_parser(FalseyValueParser::new())
                .help("Hash what says whose pipeline and machine it is"),
        )
        .arg(
            Arg::new("opt-out")
                .long("opt-out")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_name("BOOL")
                .help("Send nothing; so do TELLTALE_OPTOUT and DO_NOT_TRACK"),
        )
        .arg(ca_flag())
        .arg(key_flag())
}

/// The options those flags mean.
pub fn options(matches: &ArgMatches) -> Options {
    Options {
        connection: text(matches, "connection"),
        trust: trust(matches),
        key: text(matches, "key"),
        budget: matches.get_one::<Duration>("timeout").copied().unwrap_or(BUDGET),
        identities: match matches.get_flag("hash-ids") {
            true => Identities::Hashed,
            false => Identities::Plain,
        },
        opt_out: text(matches, "opt-out"),
    }
}

fn read_budget(text: &str) -> Result<Duration, String> {
    let nanos = model::time::parse_timespan(text).filter(|nanos| *nanos > 0);
    let budget = nanos.map(|nanos| Duration::from_nanos(nanos.unsigned_abs()));
    budget.filter(|budget| *budget <= BUDGET_MAX).ok_or_else(|| {
        format!("a time such as `2s` or `500ms`, {} s at most, is needed", BUDGET_MAX.as_secs())
    })
}
