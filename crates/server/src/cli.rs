//! The command line: commands, their flags, and the settings as flags of `serve`.
//!
//! Invariant: the flags of settings are generated from `settings::DEFINITIONS`; none is spelt here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::settings::{DEFINITIONS, Definition, flag};

/// Where a client command finds its data.
#[derive(Debug, Clone)]
pub enum Place {
    /// A running server.
    Url { url: String, trust: Trust },
    /// A data folder no server holds.
    Data(PathBuf),
}

/// Which certificates a server may show: those of public authorities, or of a PEM file's.
pub type Trust = Option<PathBuf>;

/// How `telltale query` prints rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Table,
    Json,
    Csv,
    Ndjson,
}

/// What the user asked for.
#[derive(Debug)]
pub enum Call {
    Serve {
        flags: BTreeMap<String, String>,
        config: Option<PathBuf>,
    },
    ListApps {
        place: Place,
        key: Option<String>,
    },
    CreateApp {
        place: Place,
        key: Option<String>,
        name: String,
        guid: Option<String>,
    },
    Query(QueryCall),
    Import {
        place: Place,
        files: Vec<PathBuf>,
    },
    /// The certificate that clients of a server are to trust.
    ShowCertificate {
        place: Place,
        out: Option<PathBuf>,
    },
    /// One generated section of the reference, or all.
    Reference {
        section: Option<String>,
    },
}

/// The arguments of `telltale query`.
#[derive(Debug)]
pub struct QueryCall {
    pub place: Place,
    pub key: Option<String>,
    pub text: String,
    pub app: Option<String>,
    pub timespan: Option<String>,
    pub format: Format,
    /// Print the plan instead of the rows.
    pub explain: bool,
}

/// Reads the command line; on a mistake or `--help` prints and leaves the process.
pub fn read() -> Call {
    call(&command().get_matches())
}

/// The whole command line.
pub fn command() -> Command {
    Command::new("telltale")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Application Insights telemetry of CI/CD, stored and queried on your own machine")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(serve_command())
        .subcommand(apps_command())
        .subcommand(query_command())
        .subcommand(import_command())
        .subcommand(tls_command())
        .subcommand(
            Command::new("reference")
                .about("Print the generated pages of the reference")
                .hide(true)
                .arg(Arg::new("section").value_parser(PossibleValuesParser::new([
                    "settings", "routes", "tables", "errors", "kql",
                ])))
                .arg(Arg::new("format").long("format").default_value("markdown")),
        )
}

fn setting_flag(definition: &Definition) -> Arg {
    let mut help = definition.about.to_owned();
    if !definition.default.is_empty() {
        help.push_str(" [default: ");
        help.push_str(definition.default);
        help.push(']');
    }
    // The parser wants names that live as long as the process, which this does.
    let long: &'static str = flag(definition.name).leak();
    let arg = Arg::new(definition.name).long(long).help(help);
    if matches!(definition.default, "true" | "false") {
        arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_name("BOOL")
    } else {
        arg.value_name("VALUE").allow_hyphen_values(true)
    }
}

fn serve_command() -> Command {
    Command::new("serve")
        .about("Start the server on a data folder")
        .arg(
            Arg::new("config")
                .long("config")
                .env("TELLTALE_CONFIG")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("TOML file of settings"),
        )
        .args(DEFINITIONS.iter().map(setting_flag))
}

fn data_flag() -> Arg {
    Arg::new("data")
        .long("data")
        .value_name("DIR")
        .value_parser(clap::value_parser!(PathBuf))
        .help("Data folder to use without a server")
}

fn place_flags(command: Command) -> Command {
    command
        .arg(
            Arg::new("url")
                .long("url")
                .conflicts_with("data")
                .help("Server to call [default: http://127.0.0.1:8321]"),
        )
        .arg(data_flag())
        .arg(
            Arg::new("ca")
                .long("ca")
                .env("TELLTALE_CA")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("PEM file of the certificates to trust instead of the public authorities'"),
        )
        .arg(
            Arg::new("query-key")
                .long("query-key")
                .env("TELLTALE_QUERY_KEY")
                .hide_env_values(true)
                .help("Key the server asks for"),
        )
}

fn apps_command() -> Command {
    let create = Command::new("create")
        .about("Create an application")
        .arg(Arg::new("name").required(true))
        .arg(Arg::new("instrumentation-key").long("instrumentation-key").value_name("GUID"));
    Command::new("apps")
        .about("List or create applications")
        .subcommand_required(true)
        .subcommand(place_flags(Command::new("list").about("List the applications")))
        .subcommand(place_flags(create))
}

fn query_command() -> Command {
    let query = Command::new("query")
        .about("Run a KQL query and print its rows")
        .arg(Arg::new("text").required(true).value_name("KQL").help("`-` reads standard input"))
        .arg(Arg::new("app").long("app").value_name("NAME").help("Application to ask"))
        .arg(Arg::new("timespan").long("timespan").help("ISO 8601 time range such as P1D"))
        .arg(Arg::new("explain").long("explain").action(ArgAction::SetTrue).help("Print the plan"))
        .arg(
            Arg::new("format")
                .long("format")
                .default_value("table")
                .value_parser(PossibleValuesParser::new(["table", "json", "csv", "ndjson"])),
        );
    place_flags(query)
}

fn import_command() -> Command {
    let files = Arg::new("files")
        .required(true)
        .num_args(1..)
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf));
    let import = Command::new("import")
        .about("Import files of telemetry envelopes (JSON lines, arrays, gzip)")
        .long_about(
            "Import files of telemetry envelopes (JSON lines, arrays, gzip). With --data items of \
             any time are accepted; with --url the server's own rules apply, its time window \
             among them.",
        )
        .arg(files);
    place_flags(import)
}

fn tls_command() -> Command {
    let show = Command::new("show")
        .about("Print the certificate that clients are to trust, as PEM")
        .long_about(
            "Print the certificate that clients are to trust, as PEM. With --data that of the \
             generated certificate; with --url the last of those the server shows, which is \
             taken as it comes: compare the fingerprint with the one in the server's log.",
        )
        .arg(
            Arg::new("url")
                .long("url")
                .conflicts_with("data")
                .required_unless_present("data")
                .help("Server to ask, such as https://localhost:8322"),
        )
        .arg(data_flag())
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("File to write instead of standard output"),
        );
    Command::new("tls")
        .about("What clients need to trust a server")
        .subcommand_required(true)
        .subcommand(show)
}

fn place(matches: &ArgMatches) -> Place {
    if let Some(data) = matches.get_one::<PathBuf>("data") {
        return Place::Data(data.clone());
    }
    let url = matches.get_one::<String>("url").map_or("http://127.0.0.1:8321", String::as_str);
    // Not every command that asks a server can be told whom to trust.
    let trust = matches.try_get_one::<PathBuf>("ca").ok().flatten().cloned();
    Place::Url { url: url.trim_end_matches('/').to_owned(), trust }
}

fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn call(matches: &ArgMatches) -> Call {
    match matches.subcommand() {
        Some(("apps", apps)) => apps_call(apps),
        Some(("query", m)) => Call::Query(QueryCall {
            place: place(m),
            key: text(m, "query-key"),
            text: text(m, "text").unwrap_or_default(),
            app: text(m, "app"),
            timespan: text(m, "timespan"),
            explain: m.get_flag("explain"),
            format: match text(m, "format").as_deref() {
                Some("json") => Format::Json,
                Some("csv") => Format::Csv,
                Some("ndjson") => Format::Ndjson,
                _ => Format::Table,
            },
        }),
        Some(("import", m)) => Call::Import {
            place: place(m),
            files: m.get_many::<PathBuf>("files").unwrap_or_default().cloned().collect(),
        },
        Some(("tls", m)) => {
            let m = m.subcommand_matches("show").unwrap_or(m);
            Call::ShowCertificate { place: place(m), out: m.get_one::<PathBuf>("out").cloned() }
        }
        Some(("reference", m)) => Call::Reference { section: text(m, "section") },
        Some((_, m)) => serve_call(m),
        None => Call::Serve { flags: BTreeMap::new(), config: None },
    }
}

fn serve_call(matches: &ArgMatches) -> Call {
    let given =
        DEFINITIONS.iter().filter_map(|d| Some((d.name.to_owned(), text(matches, d.name)?)));
    Call::Serve { flags: given.collect(), config: matches.get_one::<PathBuf>("config").cloned() }
}

fn apps_call(matches: &ArgMatches) -> Call {
    match matches.subcommand() {
        Some(("create", m)) => Call::CreateApp {
            place: place(m),
            key: text(m, "query-key"),
            name: text(m, "name").unwrap_or_default(),
            guid: text(m, "instrumentation-key"),
        },
        Some((_, m)) => Call::ListApps { place: place(m), key: text(m, "query-key") },
        None => Call::ListApps { place: place(matches), key: None },
    }
}
