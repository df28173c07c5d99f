//! The commands `track` and `trace`: the kinds bring their own flags, here are those all share.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::telemetry::{flags, options};
use super::text;
use crate::commands::telemetry::Options;
use crate::commands::trace::Form;
use crate::commands::track::KINDS;

/// The arguments of `telltale track KIND`.
#[derive(Debug)]
pub struct TrackCall {
    pub options: Options,
    /// One of [`KINDS`].
    pub kind: String,
    pub is_quiet: bool,
    pub is_strict: bool,
    pub is_json: bool,
    /// What describes the item.
    pub matches: ArgMatches,
}

/// The arguments of `telltale trace`.
#[derive(Debug)]
pub struct TraceCall {
    pub connection: Option<String>,
    pub opt_out: Option<String>,
    pub is_strict: bool,
    pub form: Form,
}

pub(super) fn track_command() -> Command {
    let kinds = KINDS.iter().map(|kind| {
        let command = Command::new(kind.name).about(kind.about).args((kind.flags)());
        flags(item_flags(command))
    });
    Command::new("track")
        .about("Send one item of telemetry, with the pipeline's properties and in its trace")
        .long_about(
            "Send one item of telemetry, with the pipeline's properties and in its trace. \
             Telemetry breaks no build: whatever happens, a warning is all there is, and the exit \
             code is 0, unless --strict is given.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(kinds)
}

fn item_flags(command: Command) -> Command {
    let value = |name: &'static str, value_name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value_name).help(help).allow_hyphen_values(true)
    };
    let many = |arg: Arg| arg.action(ArgAction::Append);
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    command
        .arg(many(value("property", "KEY=VALUE", "Key of customDimensions, may be repeated")))
        .arg(many(value("measurement", "KEY=NUMBER", "Key of customMeasurements, likewise")))
        .arg(value("parent", "ID", "Id of the item this one is a part of [default: the task's]"))
        .arg(value("operation", "ID", "Operation it belongs to [default: the build's]"))
        .arg(value("time", "TIME", "When it happened or began [default: now, less the duration]"))
        .arg(value("role", "NAME", "Name of the program, cloud_RoleName"))
        .arg(flag("quiet", "Print neither ids nor warnings"))
        .arg(flag("strict", "Exit with 1 unless the item was accepted"))
        .arg(
            Arg::new("format")
                .long("format")
                .default_value("text")
                .value_parser(PossibleValuesParser::new(["text", "json"]))
                .help("How to print the ids; text is lines of `name=value`"),
        )
}

pub(super) fn track_call(matches: &ArgMatches) -> TrackCall {
    let (kind, matches) = matches.subcommand().unwrap_or(("", matches));
    TrackCall {
        options: options(matches),
        kind: kind.to_owned(),
        is_quiet: matches.get_flag("quiet"),
        is_strict: matches.get_flag("strict"),
        is_json: text(matches, "format").as_deref() == Some("json"),
        matches: matches.clone(),
    }
}

pub(super) fn trace_command() -> Command {
    Command::new("trace")
        .about("Print a connection string with which SDKs send into the trace of this build")
        .long_about(
            "Print a connection string with which SDKs send into the trace of this build, with \
             no code of theirs. `azure` sets it for the later tasks of the job, whose items then \
             stand below the job; the others are for this task.",
        )
        .arg(Arg::new("connection").long("connection").value_name("STRING").help(
            "Connection string [default: TELLTALE_CONNECTION, then \
                 APPLICATIONINSIGHTS_CONNECTION_STRING]",
        ))
        .arg(
            Arg::new("opt-out")
                .long("opt-out")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_name("BOOL")
                .help("Print nothing; so do TELLTALE_OPTOUT and DO_NOT_TRACK"),
        )
        .arg(
            Arg::new("strict")
                .long("strict")
                .action(ArgAction::SetTrue)
                .help("Exit with 1 when there is no connection string or no trace"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .default_value("string")
                .value_parser(PossibleValuesParser::new(Form::NAMES.map(|(name, _)| name)))
                .help(
                    "The string alone, shell or PowerShell lines, a logging command, TRACEPARENT",
                ),
        )
}

pub(super) fn trace_call(matches: &ArgMatches) -> TraceCall {
    let name = text(matches, "format").unwrap_or_default();
    let found = Form::NAMES.iter().find(|(known, _)| *known == name);
    TraceCall {
        connection: text(matches, "connection"),
        opt_out: text(matches, "opt-out"),
        is_strict: matches.get_flag("strict"),
        form: found.map_or(Form::String, |(_, form)| *form),
    }
}
