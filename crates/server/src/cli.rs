//! The command line: commands, their flags, and the settings as flags of `serve`.
//!
//! Invariant: the flags of settings are generated from `settings::DEFINITIONS`; none is spelt here.

mod badge;
mod badges;
mod ci;
mod collect;
mod demo;
mod hooks;
pub mod pipeline;
pub mod telemetry;
pub mod track;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use ingest::bulk::Misfit;

pub use badge::{BadgeCall, BadgeFormat, BadgeTexts, BadgeWhat};
pub use badges::{BadgeChange, BadgesCall};
pub use ci::CategorizeCall;
pub use collect::CollectCall;
pub use demo::DemoCall;
pub use hooks::{HooksCall, SubscribeCall};

use crate::commands::ingest::source::FileFormat;
use crate::keys::Wish;
use crate::settings::{DEFINITIONS, Definition, flag, variable};

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
        /// Whether it serves a demonstration, made first when there is none.
        is_demo: bool,
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
    ListKeys {
        place: Place,
        key: Option<String>,
    },
    CreateKey {
        place: Place,
        key: Option<String>,
        wish: Wish,
        is_json: bool,
    },
    RevokeKey {
        place: Place,
        key: Option<String>,
        /// Name or id.
        name: String,
        is_json: bool,
    },
    Query(QueryCall),
    Import {
        place: Place,
        key: Option<String>,
        files: Vec<PathBuf>,
    },
    Ingest(IngestCall),
    Collect(CollectCall),
    CollectStatus {
        place: Place,
        key: Option<String>,
        is_json: bool,
    },
    CollectRetry {
        place: Place,
        key: Option<String>,
        source: Option<String>,
    },
    Demo(DemoCall),
    Track(track::TrackCall),
    Trace(track::TraceCall),
    Exec(Box<pipeline::ExecCall>),
    Issue(pipeline::IssueCall),
    Complete(pipeline::CompleteCall),
    ShellInit(pipeline::Shell),
    /// The certificate that clients of a server are to trust.
    ShowCertificate {
        place: Place,
        out: Option<PathBuf>,
    },
    Badge(BadgeCall),
    /// Badges of a server: `telltale badge list`, `set`, `token`, `query`.
    Badges(BadgesCall),
    Hooks(HooksCall),
    Categorize(CategorizeCall),
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

/// The arguments of `telltale ingest`.
#[derive(Debug)]
pub struct IngestCall {
    pub place: Place,
    pub key: Option<String>,
    pub app: Option<String>,
    pub table: String,
    pub creates: bool,
    pub schema: Option<String>,
    pub mapping: Option<PathBuf>,
    pub format: Option<FileFormat>,
    pub has_header: bool,
    pub misfit: Misfit,
    pub ignores_rejected: bool,
    pub is_dry_run: bool,
    pub files: Vec<PathBuf>,
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
        .subcommand(keys_command())
        .subcommand(query_command())
        .subcommand(import_command())
        .subcommand(ingest_command())
        .subcommand(ci::command())
        .subcommand(collect::command())
        .subcommand(demo::command())
        .subcommand(track::track_command())
        .subcommand(track::trace_command())
        .subcommand(pipeline::exec_command())
        .subcommand(pipeline::category_command())
        .subcommand(pipeline::issue_command())
        .subcommand(pipeline::complete_command())
        .subcommand(pipeline::shell_init_command())
        .subcommand(tls_command())
        .subcommand(badge::command())
        .subcommand(hooks::command())
        .subcommand(
            Command::new("reference")
                .about("Print the generated pages of the reference")
                .hide(true)
                .arg(Arg::new("section").value_parser(PossibleValuesParser::new(
                    crate::commands::reference::SECTIONS.map(|(name, _)| name),
                )))
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
        .arg(demo::flag())
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
        .arg(ca_flag())
        .arg(key_flag())
}

fn ca_flag() -> Arg {
    Arg::new("ca")
        .long("ca")
        .env("TELLTALE_CA")
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help("PEM file of the certificates to trust instead of the public authorities'")
}

fn key_flag() -> Arg {
    Arg::new("key")
        .long("key")
        .env("TELLTALE_KEY")
        .hide_env_values(true)
        .help("Key the server asks for")
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

fn keys_command() -> Command {
    let format = Arg::new("format")
        .long("format")
        .default_value("text")
        .value_parser(PossibleValuesParser::new(["text", "json"]))
        .help("How to print it; json is one line with everything");
    let create = Command::new("create")
        .about("Make a key and print its text, which is shown this once")
        .long_about(
            "Make a key and print its text, which is shown this once. The text alone goes to \
             standard output, what the key is good for to standard error.",
        )
        .arg(Arg::new("name").required(true))
        .arg(
            Arg::new("scope")
                .long("scope")
                .required(true)
                .value_delimiter(',')
                .value_name("SCOPES")
                .help("Any of ingest, query, hook, admin; admin allows the others"),
        )
        .arg(
            Arg::new("app")
                .long("app")
                .action(ArgAction::Append)
                .value_name("NAME")
                .help("Application it is for, may be repeated [default: all]"),
        )
        .arg(Arg::new("expires").long("expires").value_name("TIME").help("`90d` or a date"))
        .arg(
            Arg::new("rate")
                .long("rate")
                .value_name("N")
                .value_parser(clap::value_parser!(u64))
                .help("Most requests a minute"),
        )
        .arg(format.clone());
    let revoke = Command::new("revoke")
        .about("End a key at once")
        .arg(Arg::new("name").required(true).help("Name or id"))
        .arg(format);
    Command::new("keys")
        .about("List, make or revoke keys of a server")
        .subcommand_required(true)
        .subcommand(place_flags(Command::new("list").about("List the keys")))
        .subcommand(place_flags(create))
        .subcommand(place_flags(revoke))
}

fn query_command() -> Command {
    let query = Command::new("query")
        .about("Run a KQL query, or a command such as `.show tables`, and print its rows")
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

fn ingest_command() -> Command {
    let value = |name: &'static str, value_name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value_name).help(help)
    };
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let files = Arg::new("files")
        .required(true)
        .num_args(1..)
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help("Files of rows, plain, gzip or zstd; `-` reads standard input");
    let format = value("format", "FORMAT", "Format of the files [default: by their names]")
        .value_parser(PossibleValuesParser::new(FileFormat::NAMES));
    let mapping = value("mapping", "FILE", "Ingestion mapping in Kusto's JSON")
        .value_parser(clap::value_parser!(PathBuf));
    let ingest = Command::new("ingest")
        .about("Store rows of files (CSV, TSV, JSON, Parquet) in a table")
        .after_help(
            "Where a server asks for keys, --key needs the scopes ingest and query, with --create \
             also admin.",
        )
        .arg(value("table", "NAME", "Table the rows go to").required(true))
        .arg(value("app", "NAME", "Application the table belongs to"))
        .arg(flag("create", "Create the table, or add its missing columns"))
        .arg(value("schema", "name:type,…", "Columns of the table [default: from the first rows]"))
        .arg(mapping)
        .arg(format)
        .arg(flag("header", "The first record of each file names its fields"))
        .arg(flag("null-misfits", "Store null for a cell not of its column's type, as Kusto does"))
        .arg(flag("ignore-rejected", "Exit with 0 although records were rejected"))
        .arg(flag("dry-run", "Read the files and store nothing"))
        .arg(files);
    place_flags(ingest)
}

fn ingest_call(matches: &ArgMatches) -> IngestCall {
    IngestCall {
        place: place(matches),
        key: text(matches, "key"),
        app: text(matches, "app"),
        table: text(matches, "table").unwrap_or_default(),
        creates: matches.get_flag("create"),
        schema: text(matches, "schema"),
        mapping: matches.get_one::<PathBuf>("mapping").cloned(),
        format: text(matches, "format").as_deref().and_then(FileFormat::from_name),
        has_header: matches.get_flag("header"),
        misfit: match matches.get_flag("null-misfits") {
            true => Misfit::Null,
            false => Misfit::Reject,
        },
        ignores_rejected: matches.get_flag("ignore-rejected"),
        is_dry_run: matches.get_flag("dry-run"),
        files: matches.get_many::<PathBuf>("files").unwrap_or_default().cloned().collect(),
    }
}

fn tls_command() -> Command {
    let show = Command::new("show")
        .about("Print the certificate that clients are to trust, as PEM")
        .long_about(
            "Print the certificate that clients are to trust, as PEM. With --data that of the \
             generated certificate; with --url the last of those the server shows, which is \
             taken as it comes: compare the fingerprint with the one in the server's log.",
        )
        .arg(Arg::new("url").long("url").help("Server to ask, such as https://localhost:8322"))
        .arg(data_flag())
        .group(ArgGroup::new("place").args(["url", "data"]).required(true))
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
    Place::Url { url: url.trim_end_matches('/').to_owned(), trust: trust(matches) }
}

/// Not every command that asks a server can be told whom to trust.
fn trust(matches: &ArgMatches) -> Trust {
    matches.try_get_one::<PathBuf>("ca").ok().flatten().cloned()
}

fn text(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn call(matches: &ArgMatches) -> Call {
    match matches.subcommand() {
        Some(("apps", apps)) => apps_call(apps),
        Some(("keys", keys)) => keys_call(keys),
        Some(("query", m)) => Call::Query(QueryCall {
            place: place(m),
            key: text(m, "key"),
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
            key: text(m, "key"),
            files: m.get_many::<PathBuf>("files").unwrap_or_default().cloned().collect(),
        },
        Some(("ingest", m)) => Call::Ingest(ingest_call(m)),
        Some(("ci", m)) => ci::call(m),
        Some(("collect", m)) => collect::call(m),
        Some(("demo", m)) => demo::call(m),
        Some(("track", m)) => Call::Track(track::track_call(m)),
        Some(("trace", m)) => Call::Trace(track::trace_call(m)),
        Some(("exec" | "category", m)) => Call::Exec(Box::new(pipeline::exec_call(m))),
        Some(("issue", m)) => Call::Issue(pipeline::issue_call(m)),
        Some(("complete", m)) => Call::Complete(pipeline::complete_call(m)),
        Some(("shell-init", m)) => Call::ShellInit(pipeline::shell(m)),
        Some(("tls", m)) => {
            let m = m.subcommand_matches("show").unwrap_or(m);
            Call::ShowCertificate { place: place(m), out: m.get_one::<PathBuf>("out").cloned() }
        }
        Some(("hooks", m)) => Call::Hooks(hooks::call(m)),
        Some(("badge", m)) => match badges::call(m) {
            Some(call) => Call::Badges(call),
            None => Call::Badge(badge::call(m)),
        },
        Some(("reference", m)) => Call::Reference { section: text(m, "section") },
        Some((_, m)) => serve_call(m),
        None => Call::Serve { flags: BTreeMap::new(), config: None, is_demo: false },
    }
}

fn serve_call(matches: &ArgMatches) -> Call {
    let given =
        DEFINITIONS.iter().filter_map(|d| Some((d.name.to_owned(), text(matches, d.name)?)));
    let mut flags: BTreeMap<String, String> = given.collect();
    let is_demo = matches.get_flag("demo");
    // Never where the data of somebody is kept, unless that is said.
    if is_demo && std::env::var_os(variable("data")).is_none() {
        flags.entry("data".to_owned()).or_insert_with(|| demo::FOLDER.to_owned());
    }
    Call::Serve { flags, config: matches.get_one::<PathBuf>("config").cloned(), is_demo }
}

fn apps_call(matches: &ArgMatches) -> Call {
    match matches.subcommand() {
        Some(("create", m)) => Call::CreateApp {
            place: place(m),
            key: text(m, "key"),
            name: text(m, "name").unwrap_or_default(),
            guid: text(m, "instrumentation-key"),
        },
        Some((_, m)) => Call::ListApps { place: place(m), key: text(m, "key") },
        None => Call::ListApps { place: place(matches), key: None },
    }
}

fn keys_call(matches: &ArgMatches) -> Call {
    let texts = |m: &ArgMatches, name: &str| -> Option<Vec<String>> {
        Some(m.get_many::<String>(name)?.cloned().collect())
    };
    let is_json = |m: &ArgMatches| text(m, "format").as_deref() == Some("json");
    match matches.subcommand() {
        Some(("create", m)) => Call::CreateKey {
            place: place(m),
            key: text(m, "key"),
            wish: Wish {
                name: text(m, "name").unwrap_or_default(),
                scopes: texts(m, "scope").unwrap_or_default(),
                applications: texts(m, "app"),
                expires: text(m, "expires"),
                rate_per_minute: m.get_one::<u64>("rate").copied(),
                ..Wish::default()
            },
            is_json: is_json(m),
        },
        Some(("revoke", m)) => Call::RevokeKey {
            place: place(m),
            key: text(m, "key"),
            name: text(m, "name").unwrap_or_default(),
            is_json: is_json(m),
        },
        Some((_, m)) => Call::ListKeys { place: place(m), key: text(m, "key") },
        None => Call::ListKeys { place: place(matches), key: None },
    }
}
