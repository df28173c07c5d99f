//! The settings: one table of names, defaults and sentences, read from flags, environment and file.
//!
//! One spelling everywhere: the setting `ingest_mode` is the flag `--ingest-mode`, the variable
//! `TELLTALE_INGEST_MODE` and the key `ingest_mode` of the TOML file; flags win over variables,
//! variables over the file. Invariant: [`Settings::read`] reports every mistake at once.

pub mod badges;
pub mod categories;
pub mod sources;
mod value;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::value::Reader;
pub use self::value::{host_of_url, is_loopback_url, parse_base_url, parse_duration_ms};
use crate::portal::pages;

/// One setting as the reference page lists it.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The key in the file; flag and variable are spelt from it.
    pub name: &'static str,
    /// As a user would write it; empty: not set.
    pub default: &'static str,
    /// One sentence.
    pub about: &'static str,
}

const fn setting(name: &'static str, default: &'static str, about: &'static str) -> Definition {
    Definition { name, default, about }
}

/// Every setting, in the order of the reference page.
pub static DEFINITIONS: [Definition; 31] = [
    setting("data", "./telltale-data", "Folder that holds everything the server stores."),
    setting(
        "listen",
        "127.0.0.1:8321",
        "Address and port of plain HTTP; port 0 picks a free port, `off` leaves HTTPS alone.",
    ),
    setting("tls_listen", "off", "Address and port of HTTPS."),
    setting(
        "public_url",
        "",
        "Where others reach the server, such as `https://telltale.example.com`: addresses of \
         badges and hooks, connection strings and links to the portal begin so.",
    ),
    setting(
        "tls_certificate",
        "",
        "PEM file of the certificate and its chain, read again when it changes.",
    ),
    setting("tls_key", "", "PEM file of the certificate's private key."),
    setting(
        "tls_generate",
        "",
        "Names and addresses of this server, separated by commas, for a generated certificate.",
    ),
    setting(
        "admin_key",
        "",
        "Key that may do everything, for the first start and for containers; give it as variable.",
    ),
    setting(
        "allow_anonymous_queries",
        "false",
        "Answer queries that carry no key, also when keys are needed for the rest.",
    ),
    setting("ingest_needs_key", "false", "Take telemetry only with a key of scope `ingest`."),
    setting(
        "instrumentation_key",
        "",
        "Instrumentation key of the application `default`, used when it is created.",
    ),
    setting(
        "ingest_time_window",
        "48h",
        "How old an item may be (two hours ahead at most); `off` accepts every time.",
    ),
    setting(
        "ingest_mode",
        "default",
        "`default` cuts over-long values, `strict` rejects the item as the vendor's service does.",
    ),
    setting("ingest_body_bytes_max", "32MiB", "Largest request body, before and after decoding."),
    setting("ingest_bytes_in_flight_max", "256MiB", "Bodies held at once before 429 is answered."),
    setting("store_client_addresses", "false", "Store the sender's address as `client_IP`."),
    setting("retention", "off", "How long rows are kept: `90d`, or per table `90d,traces=7d`."),
    setting(
        "storage_bytes_max",
        "off",
        "Size of the folder above which the oldest rows go; 1GiB at least.",
    ),
    setting("free_bytes_min", "256MiB", "Free disk space below which new data is refused."),
    setting("seal_age", "5m", "Age at which rows in memory become an extent."),
    setting("query_time", "180s", "Longest time one query may take."),
    setting("query_rows_max", "500000", "Most rows of one answer."),
    setting("query_bytes_max", "64MiB", "Largest answer."),
    setting("query_memory_bytes", "512MiB", "Memory all running queries share."),
    setting("queries_max", "8", "Queries that run at the same time."),
    setting(
        "portal",
        "/",
        "Path a reverse proxy shows the portal at, such as `/telltale/`, or `off`; \
         `files=FOLDER` after a comma serves built files of a folder.",
    ),
    setting(
        "portal_rows_max",
        "30000",
        "Rows of an answer that the Logs page shows; exports have all.",
    ),
    setting("query_origins", "", "Web origins that may call the query APIs, separated by commas."),
    setting(
        "hooks_revoked",
        "410",
        "Answer to a revoked hook key: `410` ends its subscription, `200` drops what it sends.",
    ),
    setting("connections_max", "1024", "Connections open at the same time."),
    setting(
        "log",
        "auto:info",
        "Form and level of the log: `auto`, `text` or `json`, then a level.",
    ),
];

/// Rows go by whole extents, and the log counts: with less room than a few of these, a limit would
/// remove everything.
const STORAGE_BYTES_MIN: u64 = 1 << 30;

/// How strictly items are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IngestMode {
    Default,
    Strict,
}

/// Form of the log on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogForm {
    /// Text; coloured when standard error is a terminal.
    Auto,
    Text,
    Json,
}

/// What ingestion accepts.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// Oldest accepted time before now, nanoseconds; `None`: any time.
    pub window_ns: Option<i64>,
    pub mode: IngestMode,
    pub body_bytes_max: usize,
    pub in_flight_bytes_max: usize,
    pub store_addresses: bool,
}

/// What the store keeps and how.
#[derive(Debug, Clone)]
pub struct Storage {
    pub data: PathBuf,
    /// Key of the application `default` at its creation.
    pub instrumentation_key: Option<String>,
    /// Days rows are kept; `None`: for ever.
    pub retention_days: Option<u32>,
    /// Days by stored table, over `retention_days`.
    pub retention_days_by_table: Vec<(String, u32)>,
    pub bytes_max: Option<u64>,
    pub free_bytes_min: u64,
    pub seal_age_ms: u64,
}

/// What a query may cost.
#[derive(Debug, Clone)]
pub struct Query {
    pub time_ms: u64,
    pub rows_max: u64,
    pub bytes_max: u64,
    pub memory_bytes: u64,
    pub concurrent_max: usize,
}

/// A text that is never printed.
#[derive(Clone)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Where the certificate of HTTPS comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    /// Names and addresses beside those of this machine, as given.
    Generated {
        hosts: Vec<String>,
    },
}

/// The HTTPS listener.
#[derive(Debug, Clone)]
pub struct Tls {
    pub listen: SocketAddr,
    pub certificate: CertificateSource,
}

impl Access {
    /// An address of the server that others can reach.
    pub fn exposed(&self) -> Option<SocketAddr> {
        let tls = self.tls.as_ref().map(|tls| tls.listen);
        self.listen.into_iter().chain(tls).find(|address| !is_loopback(address.ip()))
    }
}

/// Where the server listens and whom it answers.
#[derive(Debug, Clone)]
pub struct Access {
    /// Plain HTTP; `None`: HTTPS only.
    pub listen: Option<SocketAddr>,
    pub tls: Option<Tls>,
    /// Where others reach the server, without a slash at the end; `None`: as it listens.
    pub public_url: Option<String>,
    pub admin_key: Option<Secret>,
    pub allow_anonymous_queries: bool,
    pub ingest_needs_key: bool,
    pub origins: Vec<String>,
    pub connections_max: usize,
    /// Deliveries with a revoked key are answered with success, and dropped.
    pub drops_revoked: bool,
}

/// Where the files of the portal are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortalFiles {
    /// There is no portal.
    Off,
    /// In the executable.
    BuiltIn,
    /// In a folder, read at each request: for those who work on the portal.
    Folder(PathBuf),
}

/// The portal.
#[derive(Debug, Clone)]
pub struct Portal {
    pub files: PortalFiles,
    /// Begins and ends with a slash; letters, digits, `-`, `_`, `.` and `~` between slashes.
    pub base_path: String,
    /// Rows of an answer that Logs shows.
    pub rows_max: u64,
}

/// Every setting, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub ingest: Ingest,
    pub storage: Storage,
    pub query: Query,
    pub access: Access,
    pub portal: Portal,
    /// Which messages get which category.
    pub categories: Arc<azdo::category::Categories>,
    /// What holds for badges.
    pub badges: badges::BadgeSettings,
    /// What is collected.
    pub sources: Vec<sources::Source>,
    pub log_form: LogForm,
    pub log_level: String,
}

/// A setting's flag without the dashes.
pub fn flag(name: &str) -> String {
    name.replace('_', "-")
}

/// A setting's environment variable.
pub fn variable(name: &str) -> String {
    format!("TELLTALE_{}", name.to_ascii_uppercase())
}

impl Settings {
    /// Reads and checks all settings.
    ///
    /// `flags` holds the settings given on the command line by name, `environment` all variables.
    ///
    /// # Errors
    /// Every mistake found, each a sentence that names the setting and where it was given.
    pub fn read(
        flags: &BTreeMap<String, String>,
        environment: &[(String, String)],
        file: Option<&Path>,
    ) -> Result<Settings, Vec<String>> {
        let mut reader = Reader::new(flags, environment, file);
        let settings = Settings {
            ingest: read_ingest(&mut reader),
            storage: read_storage(&mut reader),
            query: read_query(&mut reader),
            access: read_access(&mut reader),
            portal: read_portal(&mut reader),
            categories: std::mem::take(&mut reader.categories).categories(&mut reader.problems),
            badges: std::mem::take(&mut reader.badges),
            sources: std::mem::take(&mut reader.sources),
            log_form: match reader.text("log").split_once(':').map(|(form, _)| form.to_owned()) {
                Some(form) => reader.one_of(
                    "log",
                    &form,
                    &[("auto", LogForm::Auto), ("text", LogForm::Text), ("json", LogForm::Json)],
                ),
                None => LogForm::Auto,
            },
            log_level: read_level(&mut reader),
        };
        if reader.problems.is_empty() { Ok(settings) } else { Err(reader.problems) }
    }
}

fn read_ingest(reader: &mut Reader) -> Ingest {
    let mode = reader.text("ingest_mode");
    Ingest {
        window_ns: reader
            .duration_ms_or_off("ingest_time_window")
            .and_then(|ms| i64::try_from(ms).ok().and_then(|ms| ms.checked_mul(1_000_000))),
        mode: reader.one_of(
            "ingest_mode",
            &mode,
            &[("default", IngestMode::Default), ("strict", IngestMode::Strict)],
        ),
        body_bytes_max: reader.size("ingest_body_bytes_max", 1024, 1 << 31),
        in_flight_bytes_max: reader.size("ingest_bytes_in_flight_max", 1024, 1 << 40),
        store_addresses: reader.bool("store_client_addresses"),
    }
}

fn read_storage(reader: &mut Reader) -> Storage {
    let (retention_days, retention_days_by_table) = reader.retention("retention");
    Storage {
        data: PathBuf::from(reader.text("data")),
        instrumentation_key: reader.guid("instrumentation_key"),
        retention_days,
        retention_days_by_table,
        bytes_max: reader.size_or_off("storage_bytes_max", STORAGE_BYTES_MIN),
        free_bytes_min: reader.size::<u64>("free_bytes_min", 0, 1 << 50),
        seal_age_ms: reader.duration_ms("seal_age", 100, 86_400_000),
    }
}

fn read_query(reader: &mut Reader) -> Query {
    Query {
        time_ms: reader.duration_ms("query_time", 10, 3_600_000),
        rows_max: reader.number("query_rows_max", 1, 1 << 40),
        bytes_max: reader.size("query_bytes_max", 1024, 1 << 40),
        memory_bytes: reader.size("query_memory_bytes", 1 << 20, 1 << 50),
        concurrent_max: reader.number("queries_max", 1, 10_000),
    }
}

fn read_access(reader: &mut Reader) -> Access {
    let listen = reader.address_or_off("listen");
    let tls = read_tls(reader);
    if listen.is_none() && tls.is_none() {
        reader.problems.push("`listen` is `off`: set `tls_listen`, or nobody is heard".to_owned());
    }
    let admin_key = reader.text("admin_key").trim().to_owned();
    Access {
        listen,
        tls,
        public_url: reader.base_url("public_url"),
        admin_key: Some(admin_key).filter(|key| !key.is_empty()).map(Secret),
        allow_anonymous_queries: reader.bool("allow_anonymous_queries"),
        ingest_needs_key: reader.bool("ingest_needs_key"),
        origins: reader.list("query_origins"),
        connections_max: reader.number("connections_max", 1, 1 << 20),
        drops_revoked: {
            let answer = reader.text("hooks_revoked");
            reader.one_of("hooks_revoked", &answer, &[("410", false), ("200", true)])
        },
    }
}

fn read_portal(reader: &mut Reader) -> Portal {
    let wanted = "`off`, a path such as `/telltale/` of letters, digits, `-`, `_`, `.` and `~` \
                  that does not begin like a page of the portal (`/a`, `/ci`, `/setup`, \
                  `/sign-in`, `/assets`), or `files=FOLDER` where `index.html` lies";
    let base_path = |text: &str| value::base_path(text).filter(|path| !is_like_portal(path));
    let (base_path, files) = reader.value("portal", wanted, |text| {
        let (path, folder) = match text.split_once("files=") {
            Some((path, folder)) => (path.trim_end_matches([',', ' ']), Some(folder)),
            None => (text, None),
        };
        match (path, folder.map(PathBuf::from)) {
            ("off", None) => Some(("/".to_owned(), Some(PortalFiles::Off))),
            (path, None) => Some((base_path(path)?, Some(PortalFiles::BuiltIn))),
            (path, Some(folder)) if folder.join("index.html").is_file() => {
                let path = if path.is_empty() { "/" } else { path };
                Some((base_path(path)?, Some(PortalFiles::Folder(folder))))
            }
            _ => None,
        }
    });
    let rows_max = reader.number("portal_rows_max", 1, 1_000_000);
    Portal { base_path, files: files.unwrap_or(PortalFiles::BuiltIn), rows_max }
}

/// Whether a base path begins as paths behind it do: one that a proxy has taken away already could
/// not be told from those.
fn is_like_portal(base_path: &str) -> bool {
    let parts = pages::parts(base_path);
    parts.first().is_some_and(|first| *first == "assets" || pages::begins_pages(first))
}

fn read_tls(reader: &mut Reader) -> Option<Tls> {
    let listen = reader.address_or_off("tls_listen");
    let [certificate, key] = ["tls_certificate", "tls_key"].map(|name| reader.text(name));
    let hosts = reader.hosts("tls_generate");
    let has_files = !certificate.is_empty() || !key.is_empty();
    if has_files && (certificate.is_empty() || key.is_empty()) {
        let problem = "`tls_certificate` and `tls_key` are needed together";
        reader.problems.push(problem.to_owned());
    }
    if has_files && !hosts.is_empty() {
        let problem = "`tls_generate` makes a certificate: leave it or `tls_certificate` out";
        reader.problems.push(problem.to_owned());
    }
    if listen.is_none() && (has_files || !hosts.is_empty()) {
        let problem = "there is a certificate but no HTTPS listener: set `tls_listen`";
        reader.problems.push(problem.to_owned());
    }
    let certificate = match has_files {
        true => CertificateSource::Files {
            certificate: PathBuf::from(certificate),
            key: PathBuf::from(key),
        },
        false => CertificateSource::Generated { hosts },
    };
    listen.map(|listen| Tls { listen, certificate })
}

fn read_level(reader: &mut Reader) -> String {
    let text = reader.text("log");
    let level = text.split_once(':').map_or(text.as_str(), |(_, level)| level).to_owned();
    let levels = ["error", "warn", "info", "debug", "trace"].map(|name| (name, name));
    reader.one_of("log", &level, &levels).to_owned()
}

/// Whether only this machine can reach the address.
pub fn is_loopback(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
        }
    }
}
