//! `telltale hooks` and its subcommands on the command line.

use std::path::PathBuf;

use azdo::client::hooks::Topic;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Place, place, place_flags, text};
use crate::keys::Wish;

/// What `telltale hooks` is to do.
#[derive(Debug)]
pub enum HooksCall {
    Create {
        place: Place,
        key: Option<String>,
        wish: Wish,
        /// Where senders reach the server; none: as the command does.
        public_url: Option<String>,
        is_json: bool,
    },
    List {
        place: Place,
        key: Option<String>,
        is_json: bool,
    },
    Revoke {
        place: Place,
        key: Option<String>,
        name: String,
        is_json: bool,
    },
    /// The name of a key, or a whole address of a hook.
    Test {
        place: Place,
        key: Option<String>,
        target: String,
    },
    Subscribe(SubscribeCall),
    Status {
        config: Option<PathBuf>,
        source: String,
        is_json: bool,
    },
}

/// The arguments of `telltale hooks subscribe`.
#[derive(Debug)]
pub struct SubscribeCall {
    pub config: Option<PathBuf>,
    pub source: String,
    pub public_url: String,
    /// The text of the key that deliveries are to carry.
    pub hook_key: String,
    /// None: those the source collects.
    pub projects: Vec<String>,
    pub topics: Vec<Topic>,
    pub is_dry_run: bool,
    /// Subscriptions the system has disabled are deleted and made again.
    pub repairs: bool,
}

pub fn command() -> Command {
    let revoke = Command::new("revoke")
        .about("End a key: its subscriptions are told to stop, all others go on")
        .arg(Arg::new("name").required(true).help("Name or id"))
        .arg(format_flag());
    let test = Command::new("test")
        .about("Send a sample of a completed deployment and say what came of it")
        .arg(
            Arg::new("target")
                .required(true)
                .value_name("NAME|URL")
                .help("A key by its name (needs an administrator's --key), or a hook's whole URL"),
        );
    Command::new("hooks")
        .about(
            "Receive service hooks of Azure DevOps: releases become badges, builds are collected",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(place_flags(create_command()))
        .subcommand(place_flags(
            Command::new("list")
                .about("List the keys of hooks: what came with them, which are silent")
                .arg(format_flag()),
        ))
        .subcommand(place_flags(revoke))
        .subcommand(place_flags(test))
        .subcommand(subscribe_command())
        .subcommand(
            source_flags(Command::new("status"))
                .about("Show the subscriptions of an organisation that post to a Telltale server")
                .after_help("Exits with 1 when one of them is not enabled.")
                .arg(format_flag()),
        )
}

fn create_command() -> Command {
    Command::new("create")
        .about("Make a key for a team's hooks and say what to enter in Azure DevOps")
        .long_about(
            "Make a key for a team's hooks and say what to enter in Azure DevOps. The URL alone \
             goes to standard output, the steps to standard error. The key is shown this once.",
        )
        .arg(Arg::new("name").required(true).help("Whose hooks, such as `team-a`"))
        .arg(
            Arg::new("project")
                .long("project")
                .action(ArgAction::Append)
                .value_name("ID|NAME")
                .help("Project it is for, may be repeated; only ids stand in all events")
                .long_help(
                    "Project it is for, may be repeated [default: all]. Ids stand in all events, \
                     names only in those of builds and releases. Ids are a boundary; names are \
                     what the sender of an event writes.",
                ),
        )
        .arg(
            Arg::new("definition")
                .long("definition")
                .action(ArgAction::Append)
                .value_name("ID|NAME")
                .help("Release definition or pipeline it is for, may be repeated [default: all]"),
        )
        .arg(
            Arg::new("event")
                .long("event")
                .action(ArgAction::Append)
                .value_name("EVENT")
                .help("Events it is for: a type or `releases`, `builds`, …; may be repeated")
                .long_help(
                    "Events it is for, may be repeated [default: all]: `releases`, `builds`, \
                     `stages`, `runs`, `jobs`, or the type of an event such as \
                     `ms.vss-release.deployment-started-event`.",
                ),
        )
        .arg(
            Arg::new("per-day")
                .long("per-day")
                .value_name("N")
                .value_parser(clap::value_parser!(u64))
                .help("Most events a day (UTC) [default: 1000000]"),
        )
        .arg(public_url_flag())
        .arg(
            Arg::new("app")
                .long("app")
                .value_name("NAME")
                .help("Application its rows go to [default: that of the source, or `default`]"),
        )
        .arg(Arg::new("expires").long("expires").value_name("TIME").help("`90d` or a date"))
        .arg(
            Arg::new("rate")
                .long("rate")
                .value_name("N")
                .value_parser(clap::value_parser!(u64))
                .help("Most deliveries a minute"),
        )
        .arg(format_flag())
}

fn subscribe_command() -> Command {
    source_flags(Command::new("subscribe"))
        .about("Make the subscriptions in Azure DevOps through its API")
        .long_about(
            "Make the subscriptions in Azure DevOps through its API, with the token of a \
             `[[source]]` of the settings file; it needs the right to edit subscriptions. Those \
             that are there already are left alone; with `--repair` those that the system has \
             disabled, which nothing revives, are deleted and made again.",
        )
        .arg(public_url_flag().required(true))
        .arg(
            Arg::new("hook-key")
                .long("hook-key")
                .env("TELLTALE_HOOK_KEY")
                .hide_env_values(true)
                .required(true)
                .value_name("KEY")
                .help("Key of `telltale hooks create`, the last part of its URL"),
        )
        .arg(
            Arg::new("project")
                .long("project")
                .action(ArgAction::Append)
                .value_name("NAME|ID")
                .help("Project, may be repeated [default: those the source collects]"),
        )
        .arg(
            Arg::new("events")
                .long("events")
                .value_delimiter(',')
                .value_name("EVENTS")
                .default_value("releases,builds,stages")
                .value_parser(PossibleValuesParser::new(Topic::ALL.map(Topic::name)))
                .help("What to subscribe to"),
        )
        .arg(
            Arg::new("repair")
                .long("repair")
                .action(ArgAction::SetTrue)
                .help("Delete those the system has disabled, and make them again"),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Say what would be made and make nothing"),
        )
}

fn source_flags(command: Command) -> Command {
    command
        .arg(
            Arg::new("config")
                .long("config")
                .env("TELLTALE_CONFIG")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("TOML file of settings with the `[[source]]`"),
        )
        .arg(
            Arg::new("source")
                .long("source")
                .required(true)
                .value_name("NAME")
                .help("The source whose organisation and token are used"),
        )
}

fn public_url_flag() -> Arg {
    Arg::new("public-url")
        .long("public-url")
        .env("TELLTALE_PUBLIC_URL")
        .value_name("URL")
        .help("Where Azure DevOps reaches the server, such as https://telltale.example.com")
}

fn format_flag() -> Arg {
    Arg::new("format")
        .long("format")
        .default_value("text")
        .value_parser(PossibleValuesParser::new(["text", "json"]))
}

pub fn call(matches: &ArgMatches) -> HooksCall {
    let is_json = |m: &ArgMatches| text(m, "format").as_deref() == Some("json");
    let config = |m: &ArgMatches| m.get_one::<PathBuf>("config").cloned();
    match matches.subcommand() {
        Some(("create", m)) => HooksCall::Create {
            place: place(m),
            key: text(m, "key"),
            wish: Wish {
                name: text(m, "name").unwrap_or_default(),
                scopes: vec!["hook".to_owned()],
                applications: text(m, "app").map(|name| vec![name]),
                expires: text(m, "expires"),
                rate_per_minute: m.get_one::<u64>("rate").copied(),
                projects: listed(m, "project"),
                definitions: listed(m, "definition"),
                event_types: listed(m, "event"),
                events_per_day: m.get_one::<u64>("per-day").copied(),
            },
            public_url: text(m, "public-url"),
            is_json: is_json(m),
        },
        Some(("revoke", m)) => HooksCall::Revoke {
            place: place(m),
            key: text(m, "key"),
            name: text(m, "name").unwrap_or_default(),
            is_json: is_json(m),
        },
        Some(("test", m)) => HooksCall::Test {
            place: place(m),
            key: text(m, "key"),
            target: text(m, "target").unwrap_or_default(),
        },
        Some(("subscribe", m)) => HooksCall::Subscribe(SubscribeCall {
            config: config(m),
            source: text(m, "source").unwrap_or_default(),
            public_url: text(m, "public-url").unwrap_or_default(),
            hook_key: text(m, "hook-key").unwrap_or_default(),
            projects: texts(m, "project"),
            topics: texts(m, "events").iter().filter_map(|name| Topic::from_name(name)).collect(),
            is_dry_run: m.get_flag("dry-run"),
            repairs: m.get_flag("repair"),
        }),
        Some(("status", m)) => HooksCall::Status {
            config: config(m),
            source: text(m, "source").unwrap_or_default(),
            is_json: is_json(m),
        },
        Some((_, m)) => {
            HooksCall::List { place: place(m), key: text(m, "key"), is_json: is_json(m) }
        }
        None => HooksCall::List { place: place(matches), key: None, is_json: false },
    }
}

/// What a flag lists; none: not given.
fn listed(matches: &ArgMatches, name: &str) -> Option<Vec<String>> {
    Some(texts(matches, name)).filter(|texts| !texts.is_empty())
}

fn texts(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).unwrap_or_default().cloned().collect()
}
