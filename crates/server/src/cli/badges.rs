//! The command line of `telltale badge list | set | token | query`.

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value, json};

use super::{Place, place, place_flags, text};
use crate::settings::parse_duration_ms;

/// A call about the badges of a server.
#[derive(Debug)]
pub struct BadgesCall {
    pub place: Place,
    pub key: Option<String>,
    pub change: BadgeChange,
    pub is_json: bool,
}

/// What is asked for.
#[derive(Debug)]
pub enum BadgeChange {
    List,
    /// Fields of `PUT /api/badges/{id}`; those not named stay as they are.
    Set {
        id: String,
        fields: Map<String, Value>,
        unset: Vec<String>,
    },
    NewToken(String),
    Delete(String),
    /// Badges whose definition or environment has been gone for so many milliseconds.
    Clean {
        older_than_ms: u64,
        is_dry_run: bool,
    },
    /// The body of `PUT /api/badges/q/{name}`.
    SetQuery {
        name: String,
        body: Value,
    },
    DeleteQuery(String),
}

/// Flags and the fields they set.
const FIELDS: [(&str, &str, &str); 9] = [
    ("alias", "alias", "Short address below /badges/"),
    ("visibility", "visibility", "public, token or signed-in"),
    ("shows", "shows", "Deployments that are shown: succeeded, all or running"),
    ("style", "style", "How it looks"),
    ("palette", "palette", "current or classic"),
    ("label", "label", "Template of the left text, such as {definition} {environment}"),
    ("message", "message", "Template of the right text, such as {release} on {branch}"),
    ("label-color", "labelColor", "Background of the left text"),
    ("logo", "logo", "Picture as a data URL"),
];
const FLAGS: [(&str, &str, &str); 3] = [
    ("show-started", "showStarted", "Show a deployment under way: true or false"),
    ("show-status", "showStatus", "Write failed or canceled behind the release: true or false"),
    ("seed-colors", "seedColors", "Canceled deployments in red: true or false"),
];

fn value(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("VALUE").help(help)
}

fn positional(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).required(true).value_name(name).help(help)
}

fn json_flag() -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print one line of JSON")
}

fn cache_flag() -> Arg {
    value("cache-seconds", "How long answers may be kept by others")
        .value_parser(clap::value_parser!(u32))
}

/// Adds the subcommands to `telltale badge`.
pub fn commands(badge: Command) -> Command {
    let id = || positional("id", "Id of the badge, from `telltale badge list`");
    let list = Command::new("list")
        .about("Print badges, what they show and where they are, and why there is none")
        .arg(json_flag());
    let mut set = Command::new("set")
        .about("Choose how a badge looks and who sees it")
        .arg(id())
        .arg(cache_flag())
        .arg(json_flag())
        .arg(
            value("unset", "Field to leave to the settings again, as the API names it")
                .action(ArgAction::Append),
        );
    for (flag, _, help) in FIELDS {
        set = set.arg(value(flag, help));
    }
    for (flag, _, help) in FLAGS {
        set = set.arg(value(flag, help).value_parser(clap::value_parser!(bool)));
    }
    let token = Command::new("token")
        .about("Give a badge another token; addresses with the one it has end")
        .arg(id())
        .arg(json_flag());
    let delete = Command::new("delete")
        .about("Remove a badge; the next deployment brings it back")
        .arg(id())
        .arg(json_flag());
    let clean = Command::new("clean")
        .about("Remove badges whose definition or environment is gone")
        .long_about(
            "Remove badges whose definition or environment is gone, as a source of the server saw \
             (`telltale badge list` shows which). Nothing else removes them; a deployment brings \
             a badge back, without what was chosen for it.",
        )
        .arg(
            value("older-than", "Keep those that are gone for less than this")
                .default_value("7d")
                .value_parser(|text: &str| {
                    parse_duration_ms(text).ok_or("a time such as `7d` is needed; `0s` for all")
                }),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Say what would be removed and remove nothing"),
        )
        .arg(json_flag());
    badge
        .subcommand(place_flags(clean))
        .subcommand(place_flags(list))
        .subcommand(place_flags(set))
        .subcommand(place_flags(token))
        .subcommand(place_flags(delete))
        .subcommand(query_command())
}

fn query_command() -> Command {
    let name = || positional("name", "Name in the address: /badges/q/NAME.svg");
    let mut set = Command::new("set")
        .about("Make or replace a badge that shows the first row of a query")
        .arg(name())
        .arg(value("kql", "The query; columns label, message, color and value").required(true))
        .arg(value("app", "Application it asks [default: default]"))
        .arg(value("every", "Time between two answers [default: 5m]"))
        .arg(value("label", "Left text [default: the name]"))
        .arg(value("color", "Colour below all thresholds [default: blue]"))
        .arg(
            Arg::new("threshold")
                .long("threshold")
                .value_name("NUMBER=COLOR")
                .action(ArgAction::Append)
                .allow_hyphen_values(true)
                .value_parser(threshold)
                .help("Colour of values from a number on, such as 90=green"),
        )
        .arg(cache_flag())
        .arg(json_flag());
    for (flag, _, help) in FIELDS {
        if matches!(flag, "alias" | "visibility" | "style" | "palette" | "label-color" | "logo") {
            set = set.arg(value(flag, help));
        }
    }
    let delete = Command::new("delete").about("Remove a query badge").arg(name()).arg(json_flag());
    Command::new("query")
        .about("Badges that show what a query answers")
        .subcommand_required(true)
        .subcommand(place_flags(set))
        .subcommand(place_flags(delete))
}

fn threshold(text: &str) -> Result<(f64, String), String> {
    let found = text.split_once('=').and_then(|(from, color)| Some((from.parse().ok()?, color)));
    match found {
        Some((from, color)) if !color.is_empty() => Ok((from, color.to_owned())),
        _ => Err("a number and a colour such as `90=green` are needed".to_owned()),
    }
}

/// The call, unless it is `telltale badge render`.
pub fn call(matches: &ArgMatches) -> Option<BadgesCall> {
    let (name, m) = matches.subcommand()?;
    let id = |m: &ArgMatches| text(m, "id").unwrap_or_default();
    let (m, change) = match name {
        "list" => (m, BadgeChange::List),
        "set" => {
            let unset = m.get_many::<String>("unset").unwrap_or_default().cloned().collect();
            (m, BadgeChange::Set { id: id(m), fields: fields(m), unset })
        }
        "token" => (m, BadgeChange::NewToken(id(m))),
        "delete" => (m, BadgeChange::Delete(id(m))),
        "clean" => {
            let older_than_ms = m.get_one::<u64>("older-than").copied().unwrap_or_default();
            (m, BadgeChange::Clean { older_than_ms, is_dry_run: m.get_flag("dry-run") })
        }
        "query" => {
            let (name, m) = m.subcommand()?;
            let badge = text(m, "name").unwrap_or_default();
            match name {
                "set" => (m, BadgeChange::SetQuery { name: badge, body: query_body(m) }),
                _ => (m, BadgeChange::DeleteQuery(badge)),
            }
        }
        _ => return None,
    };
    Some(BadgesCall { place: place(m), key: text(m, "key"), change, is_json: m.get_flag("json") })
}

fn fields(m: &ArgMatches) -> Map<String, Value> {
    let given = |flag: &str| m.try_get_one::<String>(flag).ok().flatten().cloned();
    let mut out = Map::new();
    for (flag, field, _) in FIELDS {
        out.extend(given(flag).map(|value| (field.to_owned(), json!(value))));
    }
    for (flag, field, _) in FLAGS {
        let given = m.try_get_one::<bool>(flag).ok().flatten();
        out.extend(given.map(|value| (field.to_owned(), json!(value))));
    }
    let seconds = m.get_one::<u32>("cache-seconds");
    out.extend(seconds.map(|seconds| ("cacheSeconds".to_owned(), json!(seconds))));
    out
}

fn query_body(m: &ArgMatches) -> Value {
    let mut out = fields(m);
    for (flag, field) in
        [("kql", "kql"), ("app", "application"), ("every", "every"), ("color", "color")]
    {
        out.extend(text(m, flag).map(|value| (field.to_owned(), json!(value))));
    }
    let thresholds = m.get_many::<(f64, String)>("threshold").unwrap_or_default();
    let thresholds: Vec<Value> =
        thresholds.map(|(from, color)| json!({ "from": from, "color": color })).collect();
    out.insert("thresholds".to_owned(), json!(thresholds));
    Value::Object(out)
}
