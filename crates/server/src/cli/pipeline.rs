//! The commands that steps of pipelines call: `exec`, `category`, `issue`, `complete`,
//! `shell-init`.

use std::ffi::OsString;
use std::time::Duration;

use azdo::command::Dialect;
use azdo::errors::Severity;
use azdo::errors::message::DEFAULT_MARKER;
use azdo::matcher;
use azdo::variables::Identities;
use clap::builder::{FalseyValueParser, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use regex::Regex;

use super::{ca_flag, key_flag, text, trust};
use crate::commands::telemetry::{BUDGET, Options};

/// Errors one can ask for; the services keep ten, and the last is the summary.
const MAX_ISSUES: &str = "9";
const RETRIES_MAX: i64 = 100;

/// Where issues are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Annotate {
    /// As the environment says.
    Auto,
    To(Dialect),
    Nowhere,
}

/// The arguments of `telltale exec`.
#[derive(Debug)]
pub struct ExecCall {
    /// Program and arguments.
    pub command: Vec<OsString>,
    pub category: Option<String>,
    pub name: Option<String>,
    /// Names of matchers, and files of problem matchers.
    pub matchers: Vec<String>,
    pub has_matchers: bool,
    pub is_strict: bool,
    pub issues_max: usize,
    /// Tries after the first.
    pub retries: u32,
    pub retry_on: Option<Regex>,
    pub timeout: Option<Duration>,
    pub annotate: Annotate,
    pub fails_on_match: bool,
    /// `none` leaves categories out of texts.
    pub marker: String,
    pub telemetry: Options,
    pub has_child_telemetry: bool,
}

/// The arguments of `telltale issue`.
#[derive(Debug)]
pub struct IssueCall {
    pub severity: Severity,
    pub category: Option<String>,
    pub file: Option<String>,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub code: Option<String>,
    pub annotate: Annotate,
    pub marker: String,
    pub text: String,
}

/// The arguments of `telltale complete`.
#[derive(Debug)]
pub struct CompleteCall {
    pub result: String,
    pub is_done: bool,
    pub annotate: Annotate,
    pub text: String,
}

/// The shells with functions of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Pwsh,
}

/// Results a task can have, as Azure Pipelines spells them.
const RESULTS: [&str; 5] = ["Succeeded", "SucceededWithIssues", "Failed", "Canceled", "Skipped"];

fn value(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value_name).help(help).allow_hyphen_values(true)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn marker_flag() -> Arg {
    value("marker", "NAME", "Word in front of the category in texts; `none` leaves it out")
        .env("TELLTALE_MARKER")
        .default_value(DEFAULT_MARKER)
}

fn annotate_flag() -> Arg {
    value("annotate", "WHERE", "Service to report issues to; auto looks at the environment")
        .default_value("auto")
        .value_parser(PossibleValuesParser::new(["azure", "github", "none", "auto"]))
}

fn command_args() -> Arg {
    Arg::new("command")
        .required(true)
        .num_args(1..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true)
        .value_name("CMD")
        .value_parser(value_parser!(OsString))
        .help("Program and its arguments, started without a shell")
}

pub(super) fn exec_command() -> Command {
    let exec = Command::new("exec")
        .about("Run a command of a pipeline's step and report its errors to the service")
        .long_about(
            "Run a command of a pipeline's step and report its errors to the service. What it \
             prints is passed on byte for byte, and its exit code is kept: 128 + n for signal n, \
             124 after --timeout, 127 or 126 when it cannot be started. Mistakes of this program \
             are warnings and change nothing.",
        )
        .arg(value("category", "C", "Category of the errors, such as Build or Test"))
        .arg(value("name", "N", "Name of the step [default: the program's]"));
    exec_flags(exec).arg(command_args())
}

fn exec_flags(command: Command) -> Command {
    let matcher = value("matcher", "M", "Matcher by name, or FILE.json of problem matchers")
        .long_help(format!(
            "Matcher by name, or FILE.json of problem matchers, which are asked first; may be \
             repeated. Without a name all are asked: {}",
            matcher::NAMES.join(", ")
        ))
        .action(ArgAction::Append);
    let strict = value("strict", "on|off", "off: any `error:` counts, without a place or a code")
        .default_value("on")
        .value_parser(PossibleValuesParser::new(["on", "off"]));
    let issues = value("max-issues", "N", "Errors, and warnings, reported one by one")
        .value_parser(value_parser!(u16))
        .default_value(MAX_ISSUES);
    let retry = value("retry", "N", "Run it up to N times more when it fails")
        .value_parser(value_parser!(u32).range(0..=RETRIES_MAX))
        .default_value("0");
    let retry_on = value("retry-on", "REGEX", "Only when it matches a line of output or the code")
        .value_parser(|text: &str| Regex::new(text));
    let timeout = value("timeout", "TIME", "End it after a time such as `90s` or `1h`")
        .value_parser(read_timeout);
    let telemetry = value("telemetry", "CONNECTION", "Connection string to send telemetry to")
        .long_help(
            "Connection string to send telemetry to [default: TELLTALE_CONNECTION, then \
             APPLICATIONINSIGHTS_CONNECTION_STRING]",
        );
    let opt_out = Arg::new("opt-out")
        .long("opt-out")
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_name("BOOL")
        .help("Send nothing; so do TELLTALE_OPTOUT and DO_NOT_TRACK");
    let hash = flag("hash-ids", "Hash what says whose pipeline and machine it is")
        .env("TELLTALE_HASH_IDS")
        .value_parser(FalseyValueParser::new());
    command
        .args([matcher, strict, issues, retry, retry_on, timeout, telemetry, hash, opt_out])
        .arg(flag("no-matchers", "Look for no errors, except with the files of --matcher"))
        .arg(flag("no-child-telemetry", "Leave the command's connection string as it is"))
        .arg(flag("fail-on-match", "Exit with 1 when an error was found and the command has 0"))
        .args([annotate_flag(), marker_flag(), ca_flag(), key_flag()])
}

pub(super) fn category_command() -> Command {
    let category = Command::new("category")
        .about("Run a command whose errors belong to a category; short for `exec --category C`")
        .arg(Arg::new("category").required(true).value_name("C"));
    exec_flags(category).arg(value("name", "N", "Name of the step")).arg(command_args())
}

pub(super) fn issue_command() -> Command {
    let number = |name: &'static str, help: &'static str| {
        value(name, "N", help).value_parser(value_parser!(u32))
    };
    Command::new("issue")
        .about("Report one error or warning to the service that runs the pipeline")
        .long_about(
            "Report one error or warning to the service that runs the pipeline. Outside of one \
             the text goes to standard error.",
        )
        .arg(
            value("type", "TYPE", "How bad it is")
                .default_value("error")
                .ignore_case(true)
                .value_parser(PossibleValuesParser::new(["error", "warning"])),
        )
        .arg(value("category", "C", "Category, such as Build or Test"))
        .arg(value("file", "FILE", "Where it is"))
        .arg(number("line", "Line of the file, from 1"))
        .arg(number("column", "Column of the line, from 1"))
        .arg(value("code", "CODE", "Code of the tool that found it"))
        .args([annotate_flag(), marker_flag()])
        .arg(
            Arg::new("text")
                .required(true)
                .num_args(1..)
                .trailing_var_arg(true)
                .allow_hyphen_values(true)
                .value_name("TEXT")
                .value_parser(value_parser!(OsString))
                .help("What went wrong and what to do; several are joined by blanks"),
        )
}

pub(super) fn complete_command() -> Command {
    Command::new("complete")
        .about("Set the result of the running task (Azure Pipelines)")
        .arg(
            value("result", "RESULT", "The worst that is said counts")
                .required(true)
                .ignore_case(true)
                .value_parser(PossibleValuesParser::new(RESULTS)),
        )
        .arg(flag("done", "The task is over; what it prints from now on does not count"))
        .arg(annotate_flag())
        .arg(
            Arg::new("text").num_args(0..).value_name("TEXT").value_parser(value_parser!(OsString)),
        )
}

pub(super) fn shell_init_command() -> Command {
    Command::new("shell-init")
        .about("Print shell functions with the names that .NET's build scripts call")
        .long_about(
            "Print shell functions with the names that .NET's build scripts call. bash: \
             `eval \"$(telltale shell-init bash)\"`; PowerShell: `telltale shell-init pwsh | \
             Out-String | Invoke-Expression`.",
        )
        .arg(
            Arg::new("shell")
                .required(true)
                .value_parser(PossibleValuesParser::new(["bash", "pwsh"])),
        )
}

pub(super) fn exec_call(m: &ArgMatches) -> ExecCall {
    let all = |name: &str| m.get_many::<String>(name).unwrap_or_default().cloned().collect();
    ExecCall {
        command: m.get_many::<OsString>("command").unwrap_or_default().cloned().collect(),
        category: text(m, "category"),
        name: text(m, "name"),
        matchers: all("matcher"),
        has_matchers: !m.get_flag("no-matchers"),
        is_strict: text(m, "strict").as_deref() != Some("off"),
        issues_max: m.get_one::<u16>("max-issues").map_or(0, |max| usize::from(*max)),
        retries: m.get_one::<u32>("retry").copied().unwrap_or(0),
        retry_on: m.get_one::<Regex>("retry-on").cloned(),
        timeout: m.get_one::<Duration>("timeout").copied(),
        annotate: annotate(m),
        fails_on_match: m.get_flag("fail-on-match"),
        marker: text(m, "marker").unwrap_or_default(),
        telemetry: Options {
            connection: text(m, "telemetry"),
            trust: trust(m),
            key: text(m, "key"),
            budget: BUDGET,
            identities: match m.get_flag("hash-ids") {
                true => Identities::Hashed,
                false => Identities::Plain,
            },
            opt_out: text(m, "opt-out"),
        },
        has_child_telemetry: !m.get_flag("no-child-telemetry"),
    }
}

pub(super) fn issue_call(m: &ArgMatches) -> IssueCall {
    let word = text(m, "type").unwrap_or_default();
    IssueCall {
        severity: Severity::from_word(&word).unwrap_or_default(),
        category: text(m, "category"),
        file: text(m, "file"),
        line: m.get_one("line").copied(),
        column: m.get_one("column").copied(),
        code: text(m, "code"),
        annotate: annotate(m),
        marker: text(m, "marker").unwrap_or_default(),
        text: joined(m),
    }
}

pub(super) fn complete_call(m: &ArgMatches) -> CompleteCall {
    let given = text(m, "result").unwrap_or_default();
    let result = RESULTS.iter().find(|known| known.eq_ignore_ascii_case(&given));
    CompleteCall {
        result: result.map_or(given.clone(), |known| (*known).to_owned()),
        is_done: m.get_flag("done"),
        annotate: annotate(m),
        text: joined(m),
    }
}

pub(super) fn shell(m: &ArgMatches) -> Shell {
    match text(m, "shell").as_deref() {
        Some("pwsh") => Shell::Pwsh,
        _ => Shell::Bash,
    }
}

fn joined(m: &ArgMatches) -> String {
    let words = m.get_many::<OsString>("text").unwrap_or_default();
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn annotate(m: &ArgMatches) -> Annotate {
    match text(m, "annotate").as_deref() {
        Some("azure") => Annotate::To(Dialect::Azure),
        Some("github") => Annotate::To(Dialect::Github),
        Some("none") => Annotate::Nowhere,
        _ => Annotate::Auto,
    }
}

fn read_timeout(text: &str) -> Result<Duration, String> {
    let nanos = model::time::parse_timespan(text).filter(|nanos| *nanos > 0);
    let timeout = nanos.map(|nanos| Duration::from_nanos(nanos.unsigned_abs()));
    timeout.ok_or_else(|| "a time such as `90s`, `15m` or `1h` is needed".to_owned())
}
