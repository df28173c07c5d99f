//! Workflow commands of GitHub Actions: `::name property=value,property=value::message`
//! (spec azure-devops.md §6.2, vectors in `tests/azdo/synthetic/logging-commands-github.json`).

use std::borrow::Cow;

use crate::errors::Severity;

/// What a command begins with, at the start of its line.
pub const PREFIX: &str = "::";

/// The names the service acts on; other lines of this form are text.
const NAMES: [&str; 15] = [
    "error",
    "warning",
    "notice",
    "debug",
    "group",
    "endgroup",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "add-path",
    "echo",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
];

/// Percent first when writing, last when reading; the last two mean something in properties only.
const ESCAPES: [(&str, &str); 5] =
    [("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")];
const ESCAPES_OF_DATA: usize = 3;

/// A command as the service's runner reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Lower-case.
    pub name: String,
    /// In the order they were written.
    pub properties: Vec<(String, String)>,
    pub message: String,
}

impl Command {
    /// A property's value.
    pub fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The severity of the annotation it makes; a notice is neither error nor warning.
    pub fn issue_severity(&self) -> Option<Severity> {
        Severity::from_word(&self.name)
    }

    /// The value it tells the service to mask, if it tells one.
    pub fn secret(&self) -> Option<&str> {
        (self.name == "add-mask").then_some(self.message.as_str())
    }
}

/// Reads the command a line is; only white space may stand before it.
pub fn parse(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix(PREFIX)?;
    let (head, data) = rest.split_once(PREFIX)?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let name = name.to_ascii_lowercase();
    if !NAMES.contains(&name.as_str()) {
        return None;
    }
    let properties = properties
        .trim()
        .split(',')
        .filter_map(|property| property.split_once('='))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), unescape(value, ESCAPES.len())))
        .collect();
    Some(Command { name, properties, message: unescape(data, ESCAPES_OF_DATA) })
}

/// A message as it must stand behind the second `::`.
pub fn escape_data(text: &str) -> Cow<'_, str> {
    escape(text, ESCAPES_OF_DATA)
}

/// A value as it must stand in a property.
pub fn escape_property(text: &str) -> Cow<'_, str> {
    escape(text, ESCAPES.len())
}

fn escape(text: &str, count: usize) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (raw, escaped) in ESCAPES.iter().take(count) {
        if text.contains(raw) {
            text = Cow::Owned(text.replace(raw, escaped));
        }
    }
    text
}

fn unescape(text: &str, count: usize) -> String {
    let mut text = text.to_owned();
    for (raw, escaped) in ESCAPES.iter().take(count).rev() {
        if text.contains(escaped) {
            text = text.replace(escaped, raw);
        }
    }
    text
}

/// A command's line, without its end. Properties with an empty value are left out.
pub fn write(name: &str, properties: &[(&str, &str)], message: &str) -> String {
    let mut line = format!("{PREFIX}{name}");
    let mut separator = ' ';
    for (name, value) in properties.iter().filter(|(_, value)| !value.is_empty()) {
        line.push(separator);
        line.push_str(name);
        line.push('=');
        line.push_str(&escape_property(value));
        separator = ',';
    }
    line.push_str(PREFIX);
    line.push_str(&escape_data(message));
    line
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::command::tests::seeded_texts;

    #[test]
    fn every_vector_is_written_and_read_to_the_byte() {
        let text = include_str!("../../../../tests/azdo/synthetic/logging-commands-github.json");
        let fixture: Value = serde_json::from_str(text).unwrap();
        let cases = fixture["cases"].as_array().unwrap();
        assert!(cases.len() >= 8);
        for case in cases {
            let name = case["command"].as_str().unwrap();
            let message = case["message"].as_str().unwrap();
            let line = case["line"].as_str().unwrap();
            let texts: Vec<(&str, String)> = case["properties"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str().map_or(v.to_string(), str::to_owned)))
                .collect();
            let properties: Vec<(&str, &str)> = texts.iter().map(|(k, v)| (*k, &**v)).collect();
            assert_eq!(write(name, &properties, message), line);
            let read = parse(line).unwrap();
            assert_eq!((read.name.as_str(), read.message.as_str()), (name, message));
            assert_eq!(read.properties.len(), properties.len());
            for (name, value) in properties {
                assert_eq!(read.property(name), Some(value), "{line}");
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back_whatever_the_texts_hold() {
        for pair in seeded_texts(11, 40_000).chunks(2) {
            let [value, message] = pair else { unreachable!() };
            let line = write("error", &[("title", "t"), ("file", value)], message);
            assert!(!line.contains(['\n', '\r']), "{line:?}");
            let command = parse(&line).unwrap();
            // The service trims the properties as a whole; line ends are escaped by then.
            let blank = |c: char| c.is_whitespace() && !['\r', '\n'].contains(&c);
            let value = value.trim_end_matches(blank);
            assert_eq!(command.property("file").unwrap_or(""), value, "{line:?}");
            assert_eq!(command.message, *message, "{line:?}");
        }
    }

    #[test]
    fn secrets_are_known() {
        assert_eq!(parse("::add-mask::a%0Ab").unwrap().secret(), Some("a\nb"));
        assert_eq!(parse("::debug::a").unwrap().secret(), None);
    }

    #[test]
    fn a_command_begins_its_line() {
        assert!(parse("  ::error::x").is_some());
        for line in [".::error::x", "::error", "::unknown::x", "a::b::c", "::::", ""] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
