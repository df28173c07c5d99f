//! `[[source]]` of the settings file: the organisations and collections that are collected
//! (spec azure-devops.md §4.2).
//!
//! Invariants: every mistake of every source is reported at once, unknown keys among them; no
//! secret stands in the file, only the name of a variable or of a file that holds it.

use std::path::PathBuf;

use azdo::client::Hosts;
use azdo::collect::{Globs, Images, Logs};
use azdo::rows::Tests;

use super::value::{parse_duration_ms, parse_size};
use super::{DEFINITIONS, categories};

/// One key of a source as the reference page lists it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    /// As a user would write it; empty: not set.
    pub default: &'static str,
    /// One sentence.
    pub about: &'static str,
}

const fn key(name: &'static str, default: &'static str, about: &'static str) -> Key {
    Key { name, default, about }
}

/// Every key, in the order of the reference page.
pub static KEYS: [Key; 27] = [
    key("name", "", "Value of the column Organization."),
    key("base", "", "Address of the organisation or collection."),
    key("release_base", "", "Address of the releases, where it is not the usual one."),
    key("ca_file", "", "PEM file of the certificates to trust instead of the public authorities'."),
    key("projects", "[\"*\"]", "Names, ids or patterns of projects; `!x` excludes."),
    key("token_env", "", "Variable that holds a personal access token."),
    key("token_file", "", "File that holds a personal access token, read again at each request."),
    key("bearer_env", "", "Variable that holds a ready token, such as `SYSTEM_ACCESSTOKEN`."),
    key(
        "entra",
        "",
        "Service principal: `{ tenant, client_id, client_secret_env or client_secret_file }`.",
    ),
    key("anonymous", "false", "Sends no token: public projects, without tests."),
    key("application", "default", "Application the rows belong to."),
    key("interval", "5m", "Time from the start of a pass to the start of the next one."),
    key("overlap", "2h", "How far before the newest finished build each list begins."),
    key("backfill", "30d", "How far back the first pass looks."),
    key(
        "reconcile",
        "{ every = \"24h\", window = \"14d\" }",
        "How often and how far back everything is compared again.",
    ),
    key("page_size", "1000", "Builds asked for at once."),
    key("concurrency", "4", "Most requests at once."),
    key("definitions", "[\"*\"]", "Patterns of names or `\\folder\\name` of definitions."),
    key("official", "[]", "Patterns of definitions whose builds are of the kind `official`."),
    key("tests", "failed", "`off`, `summary`, `failed` or `all`."),
    key("logs", "failed", "Logs of tasks that are read for their errors: `off`, `failed`, `all`."),
    key("log_bytes_max", "2MiB", "Most bytes read of one log."),
    key(
        "images",
        "failed",
        "Jobs whose image is read, a request each: `off`, `failed` (10 of a build), `all`.",
    ),
    key("releases", "true", "Whether deployments of classic releases are collected."),
    key("identities", "hash", "What is stored of people: `drop`, `hash` or `keep`."),
    key("api_version", "5.0", "Version of the REST API."),
    key("body_bytes_max", "64MiB", "Largest answer, decompressed."),
];

/// The keys every source has.
pub const NEEDED: [&str; 2] = ["name", "base"];

/// What a key is when it is not given.
pub fn default_of(name: &str) -> &'static str {
    KEYS.iter().find(|key| key.name == name).map_or("", |key| key.default)
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    Variable(String),
    File(PathBuf),
}

/// How a source is signed in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Anonymous,
    Pat(SecretPlace),
    Bearer(SecretPlace),
    Entra { authority: String, tenant: String, client_id: String, secret: SecretPlace },
}

/// What is stored of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identities {
    Drop,
    Hash,
    Keep,
}

/// One source, checked. Times are nanoseconds.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub hosts: Hosts,
    /// Certificates to trust instead of those of public authorities.
    pub ca_file: Option<PathBuf>,
    pub projects: Globs,
    pub definitions: Globs,
    /// Definitions whose builds are of the kind `official`; none: no build is.
    pub official: Option<Globs>,
    pub token: Token,
    pub application: String,
    pub interval_ns: i64,
    pub overlap_ns: i64,
    pub backfill_ns: i64,
    pub reconcile_every_ns: i64,
    pub reconcile_window_ns: i64,
    pub page_size: usize,
    pub concurrency: usize,
    pub tests: Option<Tests>,
    pub logs: Logs,
    pub log_bytes_max: u64,
    pub images: Images,
    pub releases: bool,
    pub identities: Identities,
    pub api_version: String,
    pub body_bytes_max: u64,
}

/// Reads all sources of a file; mistakes go to `problems`, and a source with one is left out.
pub fn read(value: toml::Value, place: &str, problems: &mut Vec<String>) -> Vec<Source> {
    let toml::Value::Array(items) = value else {
        problems.push(format!("`source` in {place} must be written as `[[source]]`"));
        return Vec::new();
    };
    let mut sources: Vec<Source> = Vec::new();
    for (i, item) in items.into_iter().enumerate() {
        let toml::Value::Table(table) = item else {
            problems.push(format!("`source` in {place} must be written as `[[source]]`"));
            continue;
        };
        let name = table.get("name").and_then(toml::Value::as_str).unwrap_or_default();
        let of = match name {
            "" => format!("source {} in {place}", i + 1),
            name => format!("source `{name}` in {place}"),
        };
        let mut fields = Fields { of, table, problems: Vec::new() };
        let source = read_one(&mut fields);
        fields.end();
        let is_twice =
            sources.iter().any(|known| Some(&known.name) == source.as_ref().map(|s| &s.name));
        if is_twice {
            fields.wrong("`name` is another source's too");
        }
        if fields.problems.is_empty() {
            sources.extend(source);
        }
        problems.append(&mut fields.problems);
    }
    sources
}

fn read_one(fields: &mut Fields) -> Option<Source> {
    let name = fields.text("name");
    let is_name = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    if name.is_empty() || name.len() > 100 || !name.chars().all(is_name) {
        fields.wrong("`name` is needed: letters, digits, `-`, `_`, `.` and blanks, 100 at most");
    }
    let (base, release) = (fields.text("base"), fields.text("release_base"));
    let release = Some(release.as_str()).filter(|release| !release.is_empty());
    let hosts = match Hosts::of(&base, release) {
        Ok(hosts) => Some(hosts),
        Err(reason) => {
            let key = if Hosts::of(&base, None).is_ok() { "release_base" } else { "base" };
            fields.wrong(&format!("`{key}` {reason}"));
            None
        }
    };
    let token = read_token(fields);
    let tests = fields.one_of(
        "tests",
        &[
            ("off", None),
            ("summary", Some(Tests::Summary)),
            ("failed", Some(Tests::Failed)),
            ("all", Some(Tests::All)),
        ],
    );
    if token == Some(Token::Anonymous) && tests.is_some() {
        fields.wrong("`tests` must be `off` for an anonymous source: tests are never public");
    }
    let (every, window) = read_reconcile(fields);
    // All is read whatever is wrong, so that every mistake is told.
    let source = Source {
        name,
        hosts: hosts.clone().unwrap_or(Hosts { core: String::new(), release: String::new() }),
        ca_file: Some(fields.text("ca_file")).filter(|t| !t.is_empty()).map(PathBuf::from),
        projects: fields.globs("projects"),
        definitions: fields.globs("definitions"),
        official: fields.maybe_globs("official"),
        token: token.clone().unwrap_or(Token::Anonymous),
        application: fields.text("application"),
        interval_ns: fields.duration_ns("interval", "1s", "7d"),
        overlap_ns: fields.duration_ns("overlap", "0s", "30d"),
        backfill_ns: fields.duration_ns("backfill", "0s", "36500d"),
        reconcile_every_ns: every,
        reconcile_window_ns: window,
        page_size: usize::try_from(fields.number("page_size", 1, 5000)).unwrap_or(1000),
        concurrency: usize::try_from(fields.number("concurrency", 1, 64)).unwrap_or(4),
        tests,
        logs: fields
            .one_of("logs", &[("off", Logs::Off), ("failed", Logs::Failed), ("all", Logs::All)]),
        log_bytes_max: fields.size("log_bytes_max", 1 << 10, 16 << 20),
        images: fields.one_of(
            "images",
            &[("off", Images::Off), ("failed", Images::Failed), ("all", Images::All)],
        ),
        releases: fields.bool("releases"),
        identities: read_identities(fields),
        api_version: fields.text("api_version"),
        body_bytes_max: fields.size("body_bytes_max", 1 << 20, 1 << 30),
    };
    hosts.and(token).map(|_| source)
}

fn read_identities(fields: &mut Fields) -> Identities {
    let values =
        [("drop", Identities::Drop), ("hash", Identities::Hash), ("keep", Identities::Keep)];
    fields.one_of("identities", &values)
}

fn read_reconcile(fields: &mut Fields) -> (i64, i64) {
    let mut inner = fields.table("reconcile");
    let every = inner.duration_of("every", "24h", "1s", "365d");
    let window = inner.duration_of("window", "14d", "1h", "36500d");
    inner.end();
    fields.problems.append(&mut inner.problems);
    (every, window)
}

fn read_token(fields: &mut Fields) -> Option<Token> {
    let secret = |fields: &mut Fields, variable: &str, file: &str| {
        let variable = Some(fields.text(variable)).filter(|text| !text.is_empty());
        let file = Some(fields.text(file)).filter(|text| !text.is_empty());
        let variable = variable.map(SecretPlace::Variable);
        (variable, file.map(|file| SecretPlace::File(PathBuf::from(file))))
    };
    let mut found: Vec<Token> = Vec::new();
    let (variable, file) = secret(fields, "token_env", "token_file");
    found.extend(variable.into_iter().chain(file).map(Token::Pat));
    let bearer = fields.text("bearer_env");
    if !bearer.is_empty() {
        found.push(Token::Bearer(SecretPlace::Variable(bearer)));
    }
    if fields.bool("anonymous") {
        found.push(Token::Anonymous);
    }
    if fields.table.contains_key("entra") {
        let mut inner = fields.table("entra");
        let (tenant, client_id) = (inner.text("tenant"), inner.text("client_id"));
        let authority = match inner.text("authority") {
            text if text.is_empty() => "https://login.microsoftonline.com".to_owned(),
            text => text.trim_end_matches('/').to_owned(),
        };
        let (variable, file) = secret(&mut inner, "client_secret_env", "client_secret_file");
        inner.end();
        match variable.xor(file) {
            Some(secret) if !tenant.is_empty() && !client_id.is_empty() => {
                found.push(Token::Entra { authority, tenant, client_id, secret });
            }
            _ => inner.wrong(
                "needs `tenant`, `client_id` and one of `client_secret_env`, `client_secret_file`",
            ),
        }
        let is_wrong = !inner.problems.is_empty();
        fields.problems.append(&mut inner.problems);
        if is_wrong {
            return None;
        }
    }
    match found.len() {
        1 => found.pop(),
        0 => {
            fields.wrong(
                "no token: give `token_env`, `token_file`, `bearer_env` or `entra`, or \
                 `anonymous = true` for public projects",
            );
            None
        }
        _ => {
            fields.wrong("there are several tokens: leave all but one out");
            None
        }
    }
}

/// The keys of one table, taken out as they are read: what is left at the end is unknown.
struct Fields {
    /// What the problems are about, for people.
    of: String,
    table: toml::Table,
    problems: Vec<String>,
}

impl Fields {
    fn wrong(&mut self, problem: &str) {
        self.problems.push(format!("{}: {problem}", self.of));
    }

    fn end(&mut self) {
        for name in std::mem::take(&mut self.table).into_iter().map(|(name, _)| name) {
            // In TOML what stands below `[[source]]` belongs to it.
            let is_setting = DEFINITIONS.iter().any(|known| known.name == name)
                || categories::Given::is_key(&name);
            let help = match is_setting {
                true => ": it is a setting of the server, write it above the first `[[source]]`",
                false => "",
            };
            self.wrong(&format!("there is no key `{name}`{help}"));
        }
    }

    /// A table within this one; an empty one when it is missing or none.
    fn table(&mut self, name: &str) -> Fields {
        let of = format!("{}: `{name}`", self.of);
        let table = match self.table.remove(name) {
            Some(toml::Value::Table(table)) => table,
            Some(_) => {
                self.wrong(&format!("`{name}` must be a table in braces"));
                toml::Table::new()
            }
            None => toml::Table::new(),
        };
        Fields { of, table, problems: Vec::new() }
    }

    /// The text of a key as given, else its default.
    fn text(&mut self, name: &str) -> String {
        self.text_or(name, default_of(name))
    }

    fn text_or(&mut self, name: &str, default: &str) -> String {
        match self.table.remove(name) {
            Some(toml::Value::String(text)) => text.trim().to_owned(),
            Some(toml::Value::Integer(number)) => number.to_string(),
            Some(toml::Value::Float(number)) => format!("{number:?}"),
            Some(toml::Value::Boolean(flag)) => flag.to_string(),
            Some(_) => {
                self.wrong(&format!("`{name}` has the wrong type"));
                default.to_owned()
            }
            None => default.to_owned(),
        }
    }

    fn parsed<V>(&mut self, name: &str, text: &str, wanted: &str, value: Option<V>) -> Option<V> {
        if value.is_none() {
            self.wrong(&format!("`{name}` is `{text}`, but must be {wanted}"));
        }
        value
    }

    fn bool(&mut self, name: &str) -> bool {
        let text = self.text(name);
        let value = match text.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        self.parsed(name, &text, "`true` or `false`", value).unwrap_or(false)
    }

    fn one_of<V: Copy>(&mut self, name: &str, values: &[(&str, V)]) -> V {
        let text = self.text(name);
        let found = values.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        let names: Vec<String> = values.iter().map(|(name, _)| format!("`{name}`")).collect();
        let wanted = format!("one of {}", names.join(", "));
        self.parsed(name, &text, &wanted, found).unwrap_or(values[0].1)
    }

    fn number(&mut self, name: &str, min: u64, max: u64) -> u64 {
        let text = self.text(name);
        let value = text.parse().ok().filter(|number| (min..=max).contains(number));
        let wanted = format!("a whole number from {min} to {max}");
        self.parsed(name, &text, &wanted, value).unwrap_or(min)
    }

    fn size(&mut self, name: &str, min: u64, max: u64) -> u64 {
        let text = self.text(name);
        let value = parse_size(&text).filter(|size| (min..=max).contains(size));
        let wanted = format!("a size such as `2MiB`, from {min} to {max} bytes");
        self.parsed(name, &text, &wanted, value).unwrap_or(min)
    }

    fn duration_ns(&mut self, name: &str, min: &str, max: &str) -> i64 {
        self.duration_of(name, default_of(name), min, max)
    }

    fn duration_of(&mut self, name: &str, default: &str, min: &str, max: &str) -> i64 {
        let text = self.text_or(name, default);
        let bounds = (parse_duration_ms(min).unwrap_or(0))..=(parse_duration_ms(max).unwrap_or(0));
        let value = parse_duration_ms(&text).filter(|ms| bounds.contains(ms));
        let wanted = format!("a time such as `5m`, from {min} to {max}");
        let ms = self.parsed(name, &text, &wanted, value).unwrap_or(0);
        i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000_000)
    }

    /// A pattern or a list of them; `*` when there is none.
    /// Patterns of which there may be none.
    fn maybe_globs(&mut self, name: &str) -> Option<Globs> {
        let is_empty = match self.table.get(name) {
            None => true,
            Some(value) => value.as_array().is_some_and(Vec::is_empty),
        };
        if is_empty {
            self.table.remove(name);
            return None;
        }
        Some(self.globs(name))
    }

    fn globs(&mut self, name: &str) -> Globs {
        let patterns = match self.table.remove(name) {
            None => vec!["*".to_owned()],
            Some(toml::Value::String(text)) => vec![text],
            Some(toml::Value::Array(items)) => {
                let texts: Vec<String> =
                    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
                if texts.len() < items.len() {
                    self.wrong(&format!("`{name}` must be a list of texts"));
                }
                texts
            }
            Some(_) => {
                self.wrong(&format!("`{name}` must be a list of texts"));
                Vec::new()
            }
        };
        Globs::new(&patterns).unwrap_or_else(|reason| {
            self.wrong(&format!("`{name}` {reason}"));
            Globs::default()
        })
    }
}
