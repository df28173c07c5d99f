//! Texts of settings to values: where each was given, what is wrong with it.
//!
//! Invariant: a wrong value is reported and replaced by its default, so that reading goes on and
//! the user sees every mistake at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use rustls::pki_types::ServerName;

use super::badges::{self, BadgeSettings};
use super::categories;
use super::sources::{self, Source};
use super::{DEFINITIONS, flag, variable};

/// Reads settings by name and gathers what is wrong.
#[derive(Debug)]
pub struct Reader {
    /// Name → text and the place it came from.
    given: BTreeMap<String, (String, String)>,
    /// What the file says about categories.
    pub categories: categories::Given,
    /// What the file says about badges.
    pub badges: BadgeSettings,
    /// The sources of the file.
    pub sources: Vec<Source>,
    pub problems: Vec<String>,
}

impl Reader {
    pub fn new(
        flags: &BTreeMap<String, String>,
        environment: &[(String, String)],
        file: Option<&Path>,
    ) -> Reader {
        let mut reader = Reader {
            given: BTreeMap::new(),
            categories: categories::Given::default(),
            badges: BadgeSettings::default(),
            sources: Vec::new(),
            problems: Vec::new(),
        };
        if let Some(path) = file {
            reader.read_file(path);
        }
        for (key, value) in environment {
            let Some(name) = key.strip_prefix("TELLTALE_") else { continue };
            let name = name.to_ascii_lowercase();
            // The command line reads these: the file's own name, and what clients and steps of
            // pipelines are given.
            let others = ["config", "ca", "key", "connection", "hash_ids", "optout", "marker"];
            if !others.contains(&name.as_str()) && variable(&name) == *key {
                reader.take(&name, value.clone(), format!("variable `{key}`"));
            }
        }
        for (name, value) in flags {
            reader.take(name, value.clone(), format!("flag `--{}`", flag(name)));
        }
        reader
    }

    fn read_file(&mut self, path: &Path) {
        let place = format!("file `{}`", path.display());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.problems.push(format!("{place} cannot be read: {error}")),
        };
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or_else(String::new, |span| at(&text, span.start));
                let reason = error.message();
                return self.problems.push(format!("{place} is not TOML{at}: {reason}"));
            }
        };
        for (name, value) in table {
            if categories::Given::is_key(&name) {
                self.categories.take(&name, value, &place, &mut self.problems);
                continue;
            }
            if name == "badges" {
                self.badges = badges::read(value, &place, &mut self.problems);
                continue;
            }
            if name == "source" {
                self.sources = sources::read(value, &place, &mut self.problems);
                continue;
            }
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                toml::Value::Array(items) => {
                    let texts = items.iter().map(|i| i.as_str().unwrap_or_default().to_owned());
                    texts.collect::<Vec<_>>().join(",")
                }
                _ => {
                    self.problems.push(format!("`{name}` in {place} has the wrong type"));
                    continue;
                }
            };
            self.take(&name, value, place.clone());
        }
    }

    fn take(&mut self, name: &str, value: String, place: String) {
        if DEFINITIONS.iter().any(|d| d.name == name) {
            self.given.insert(name.to_owned(), (value, place));
        } else {
            self.problems.push(format!("there is no setting `{name}` ({place})"));
        }
    }

    /// The setting's text: as given, else its default.
    pub fn text(&self, name: &str) -> String {
        self.given.get(name).map_or_else(|| default(name).to_owned(), |(text, _)| text.clone())
    }

    fn wrong(&mut self, name: &str, wanted: &str) {
        if let Some((text, place)) = self.given.get(name) {
            self.problems.push(format!("`{name}` is `{text}` ({place}), but must be {wanted}"));
        }
    }

    /// The value by `parse`; when that fails, the default's.
    pub fn value<T: Default>(
        &mut self,
        name: &str,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> T {
        if let Some(value) = parse(self.text(name).trim()) {
            return value;
        }
        self.wrong(name, wanted);
        parse(default(name)).unwrap_or_default()
    }

    pub fn one_of<T: Copy>(&mut self, name: &str, text: &str, values: &[(&str, T)]) -> T {
        if let Some((_, value)) = values.iter().find(|(name, _)| *name == text) {
            return *value;
        }
        let names: Vec<String> = values.iter().map(|(name, _)| format!("`{name}`")).collect();
        self.wrong(name, &format!("one of {}", names.join(", ")));
        values[0].1
    }

    pub fn bool(&mut self, name: &str) -> bool {
        self.value(name, "`true` or `false`", |text| match text {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        })
    }

    /// A whole number between the bounds.
    pub fn number<T: TryFrom<u64> + Default>(&mut self, name: &str, min: u64, max: u64) -> T {
        self.value(name, &format!("a whole number from {min} to {max}"), |text| {
            let number = text.parse().ok().filter(|n| (min..=max).contains(n))?;
            T::try_from(number).ok()
        })
    }

    /// A number of bytes between the bounds.
    pub fn size<T: TryFrom<u64> + Default>(&mut self, name: &str, min: u64, max: u64) -> T {
        let wanted = format!("a size such as `64MiB`, from {min} to {max} bytes");
        self.value(name, &wanted, |text| {
            T::try_from(parse_size(text).filter(|n| (min..=max).contains(n))?).ok()
        })
    }

    /// A size of `min` bytes or more.
    pub fn size_or_off(&mut self, name: &str, min: u64) -> Option<u64> {
        let wanted = format!("a size such as `20GiB`, at least {} MiB, or `off`", min >> 20);
        self.value(name, &wanted, |text| match text {
            "off" => Some(None),
            text => parse_size(text).filter(|size| *size >= min).map(Some),
        })
    }

    pub fn duration_ms(&mut self, name: &str, min: u64, max: u64) -> u64 {
        let wanted = format!("a time such as `30s` or `5m`, from {min} to {max} ms");
        self.value(name, &wanted, |text| {
            parse_duration_ms(text).filter(|ms| (min..=max).contains(ms))
        })
    }

    pub fn duration_ms_or_off(&mut self, name: &str) -> Option<u64> {
        self.value(name, "a time such as `48h`, or `off`", |text| match text {
            "off" => Some(None),
            text => parse_duration_ms(text).map(Some),
        })
    }

    /// Days for all tables and by table: `90d,traces=7d`.
    pub fn retention(&mut self, name: &str) -> (Option<u32>, Vec<(String, u32)>) {
        let wanted = "`off` or days such as `90d`, then any `table=days` of stored or own tables";
        self.value(name, wanted, |text| {
            let mut all = None;
            let mut tables = Vec::new();
            for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                match part.split_once('=') {
                    Some((table, days)) => {
                        let table = Some(table.trim()).filter(|table| is_kept_by(table))?;
                        tables.push((table.to_owned(), parse_days(days.trim())?));
                    }
                    None if part == "off" => all = None,
                    None => all = Some(parse_days(part)?),
                }
            }
            Some((all, tables))
        })
    }

    pub fn address_or_off(&mut self, name: &str) -> Option<SocketAddr> {
        let wanted = "an address and a port such as `127.0.0.1:8321`, or `off`";
        self.value(name, wanted, |text| match text {
            "off" => Some(None),
            text => text.replace("localhost:", "127.0.0.1:").parse().ok().map(Some),
        })
    }

    /// The address of a server; empty: none.
    pub fn base_url(&mut self, name: &str) -> Option<String> {
        let wanted = "the address of a server such as `https://telltale.example.com`";
        self.value(name, wanted, |text| match text {
            "" => Some(None),
            text => parse_base_url(text).map(Some),
        })
    }

    /// Names and addresses a certificate can be for, in lower case.
    pub fn hosts(&mut self, name: &str) -> Vec<String> {
        let wanted = "names or addresses such as `ci.example.com,10.0.0.5`, without ports or `*`";
        self.value(name, wanted, |text| {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            let hosts = parts.map(|part| {
                let name = ServerName::try_from(part).ok()?.to_str().to_ascii_lowercase();
                (!name.ends_with('.')).then_some(name)
            });
            hosts.collect()
        })
    }

    /// A GUID in lower case.
    pub fn guid(&mut self, name: &str) -> Option<String> {
        self.value(name, "a GUID", |text| match text {
            "" => Some(None),
            text => uuid::Uuid::try_parse(text).ok().map(|guid| Some(guid.to_string())),
        })
    }

    pub fn list(&mut self, name: &str) -> Vec<String> {
        let text = self.text(name);
        let parts = text.split(',').map(|part| part.trim().trim_end_matches('/').to_owned());
        parts.filter(|part| !part.is_empty()).collect()
    }
}

/// ` at line 3, column 7`, of a byte of a text.
fn at(text: &str, byte: usize) -> String {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!(" at line {line}, column {column}")
}

/// Whether rows are retained by this name: that of a stored table, or one an own table may have,
/// which no built-in table has in any letter case.
fn is_kept_by(table: &str) -> bool {
    let is_built_in = |view: &model::ViewDef| view.name.eq_ignore_ascii_case(table);
    model::tables::table(table).is_some()
        || !table.is_empty() && !model::tables::views().iter().any(is_built_in)
}

fn default(name: &str) -> &'static str {
    DEFINITIONS.iter().find(|d| d.name == name).map_or("", |d| d.default)
}

/// A path with a slash at both ends, the last one as given or added.
pub fn base_path(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.strip_prefix('/')?.split('/').collect();
    let (last, inner) = parts.split_last()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    let is_part =
        |part: &&str| !part.is_empty() && !part.starts_with('.') && part.chars().all(is_plain);
    let is_path = inner.iter().all(is_part) && (last.is_empty() || is_part(last));
    let end = if last.is_empty() { "" } else { "/" };
    is_path.then(|| format!("{text}{end}"))
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, text[end..].trim()))
}

/// `1024`, `64MiB`, `20 GB` in bytes.
pub fn parse_size(text: &str) -> Option<u64> {
    let (count, unit) = split_unit(text)?;
    let size = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return None,
    };
    count.checked_mul(size)
}

/// The address of a server without slashes at its end; none when it is none.
pub fn parse_base_url(text: &str) -> Option<String> {
    let url = text.trim().trim_end_matches('/');
    match url.split_once("://") {
        Some(("http" | "https", host)) if !host.is_empty() && !url.contains(['?', '#', ' ']) => {
            Some(url.to_owned())
        }
        _ => None,
    }
}

/// The host of an address, without its port and brackets.
pub fn host_of_url(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let has_port = !host.ends_with(']');
    let name = host.rsplit_once(':').filter(|_| has_port).map_or(host, |(name, _)| name);
    name.trim_matches(['[', ']'])
}

/// Whether only this machine reaches the address of a server.
pub fn is_loopback_url(url: &str) -> bool {
    let name = host_of_url(url);
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(super::is_loopback)
}

/// `500ms`, `30s`, `5m`, `48h`, `7d` in milliseconds.
pub fn parse_duration_ms(text: &str) -> Option<u64> {
    let (count, unit) = split_unit(text)?;
    let size = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    count.checked_mul(size)
}

fn parse_days(text: &str) -> Option<u32> {
    let days = parse_duration_ms(text)? / 86_400_000;
    u32::try_from(days).ok().filter(|days| *days > 0)
}
