//! `[badges]` of the settings file: what holds for badges that nothing else was chosen for
//! (spec badges.md §4).

use serde_json::{Map, Value};

use super::sources::Key;
use super::value::parse_duration_ms;
use crate::badges::choice::{CACHE_SECONDS_MAX, Choice};

const fn key(name: &'static str, default: &'static str, about: &'static str) -> Key {
    Key { name, default, about }
}

/// Every key, in the order of the reference page.
pub static KEYS: [Key; 13] = [
    key("visibility", "token", "Who sees a badge: `public`, `token` or `signed-in`."),
    key("shows", "succeeded", "Deployments that are shown: `succeeded`, `all` or `running`."),
    key("style", "flat", "One of the styles of shields."),
    key("palette", "current", "Colours of shields `current`, or `classic`: before 2025."),
    key("label", "{definition}", "Template of the left text."),
    key("message", "{release}", "Template of the right text."),
    key("label_color", "", "Background of the left text."),
    key("logo", "", "Picture as a data URL."),
    key("show_started", "false", "Whether a deployment under way is shown."),
    key("show_status", "false", "Whether `failed` or `canceled` stands behind the release."),
    key("seed_colors", "false", "Canceled deployments in red instead of grey."),
    key("cache", "60s", "How long answers may be kept by others."),
    key("unknown_status", "404", "Status of a badge that is not there: `404` or `200`."),
];

/// What holds for all badges.
#[derive(Debug, Clone)]
pub struct BadgeSettings {
    pub defaults: Choice,
    /// 404 or 200.
    pub unknown_status: u16,
}

impl Default for BadgeSettings {
    fn default() -> BadgeSettings {
        BadgeSettings { defaults: Choice::initial(), unknown_status: 404 }
    }
}

/// Reads the table; mistakes go to `problems`, and what is wrong is as if not given.
pub fn read(value: toml::Value, place: &str, problems: &mut Vec<String>) -> BadgeSettings {
    let mut settings = BadgeSettings::default();
    let toml::Value::Table(table) = value else {
        problems.push(format!("`badges` in {place} must be written as `[badges]`"));
        return settings;
    };
    let mut chosen = Map::new();
    for (name, value) in table {
        if !KEYS.iter().any(|key| key.name == name) {
            problems.push(format!("there is no key `{name}` in `[badges]` ({place})"));
            continue;
        }
        let wrong = |wanted: &str| format!("`{name}` of `[badges]` must be {wanted} ({place})");
        match name.as_str() {
            "cache" => match value.as_str().and_then(parse_duration_ms).map(|ms| ms / 1000) {
                Some(seconds) if seconds <= u64::from(CACHE_SECONDS_MAX) => {
                    chosen.insert("cacheSeconds".to_owned(), seconds.into());
                }
                _ => problems.push(wrong("a time such as `60s`, a year at most")),
            },
            "unknown_status" => match value.as_integer() {
                Some(404) => {}
                Some(200) => settings.unknown_status = 200,
                _ => problems.push(wrong("404 or 200")),
            },
            name => {
                let json = match value {
                    toml::Value::String(text) => Value::from(text),
                    toml::Value::Boolean(flag) => Value::from(flag),
                    _ => Value::Null,
                };
                chosen.insert(camel(name), json);
            }
        }
    }
    settings.defaults = choice(chosen, place, problems);
    settings
}

fn choice(chosen: Map<String, Value>, place: &str, problems: &mut Vec<String>) -> Choice {
    let read = |name: &str, value: &Value| {
        let one = Map::from_iter([(name.to_owned(), value.clone())]);
        let choice: Choice =
            serde_json::from_value(Value::Object(one)).map_err(|error| error.to_string())?;
        choice.check().map_err(|error| error.to_string())
    };
    let mut good = Map::new();
    for (name, value) in chosen {
        match read(&name, &value) {
            Ok(()) => drop(good.insert(name, value)),
            Err(reason) => problems.push(format!("`[badges]` in {place}: `{name}`: {reason}")),
        }
    }
    let initial = Choice::initial();
    let choice: Choice = serde_json::from_value(Value::Object(good)).unwrap_or_default();
    Choice { cache_seconds: choice.cache_seconds.or(initial.cache_seconds), ..choice }
}

/// `label_color` as `labelColor`.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut out, part| {
        let mut letters = part.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(letters.as_str());
        out
    })
}
