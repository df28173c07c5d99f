//! Logging commands of Azure Pipelines: `##vso[area.event name=value;name=value]data`
//! (spec azure-devops.md §6.1, vectors in `tests/azdo/synthetic/logging-commands-azure.json`).

use std::borrow::Cow;

use crate::errors::Severity;

/// What a command begins with, anywhere in its line.
pub const PREFIX: &str = "##vso[";

/// Characters with a meaning, and what they are written as. The percent sign comes first when
/// writing and last when reading, so that no escape is made from parts of others.
const ESCAPES: [(&str, &str); 5] =
    [("%", "%AZP25"), (";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D")];

/// A command as the service's runner reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// In the letter case it was written in; compare without it.
    pub area: String,
    /// In the letter case it was written in; compare without it.
    pub event: String,
    /// Lower-case names with values that are not empty; of equal names the last counts.
    pub properties: Vec<(String, String)>,
    pub data: String,
}

impl Command {
    /// A property's value, by its lower-case name.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether this is that command, `is("task", "complete")`.
    pub fn is(&self, area: &str, event: &str) -> bool {
        self.area.eq_ignore_ascii_case(area) && self.event.eq_ignore_ascii_case(event)
    }

    /// The severity of the issue it reports, if it reports one.
    pub fn issue_severity(&self) -> Option<Severity> {
        if !self.is("task", "logissue") && !self.is("task", "issue") {
            return None;
        }
        Severity::from_word(self.property("type")?)
    }

    /// The value it tells the service to mask, if it tells one.
    pub fn secret(&self) -> Option<&str> {
        let is_true = |value: &str| {
            let words = ["true", "$true", "1"];
            words.into_iter().any(|word| word.eq_ignore_ascii_case(value.trim()))
        };
        let is_secret = self.is("task", "setsecret")
            || (self.is("task", "setvariable") && self.property("issecret").is_some_and(is_true));
        is_secret.then_some(self.data.as_str())
    }
}

/// Reads the command a line holds; text before it is dropped, as the service does.
pub fn parse(line: &str) -> Option<Command> {
    let (_, rest) = line.split_once(PREFIX)?;
    let (head, data) = rest.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let (area, event) = name.split_once('.')?;
    if area.is_empty() || event.is_empty() || event.contains('.') {
        return None;
    }
    let mut command = Command {
        area: area.to_owned(),
        event: event.to_owned(),
        properties: Vec::new(),
        data: unescape(data).into_owned(),
    };
    for property in properties.split(';') {
        let Some((name, value)) = property.split_once('=').filter(|(_, v)| !v.is_empty()) else {
            continue;
        };
        let name = name.to_ascii_lowercase();
        command.properties.retain(|(known, _)| *known != name);
        command.properties.push((name, unescape(value).into_owned()));
    }
    Some(command)
}

/// A text as it must stand in a property or in the data.
pub fn escape(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (raw, escaped) in ESCAPES {
        if text.contains(raw) {
            text = Cow::Owned(text.replace(raw, escaped));
        }
    }
    text
}

/// The text that was escaped. `%25` is not an escape here and stays.
pub fn unescape(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (raw, escaped) in ESCAPES.iter().rev() {
        if text.contains(escaped) {
            text = Cow::Owned(text.replace(escaped, raw));
        }
    }
    text
}

/// A command's line, without its end. Properties with an empty value are left out, for the
/// service ignores them.
pub fn write(name: &str, properties: &[(&str, &str)], data: &str) -> String {
    let mut line = format!("{PREFIX}{name}");
    let mut separator = ' ';
    for (name, value) in properties.iter().filter(|(_, value)| !value.is_empty()) {
        line.push(separator);
        line.push_str(name);
        line.push('=');
        line.push_str(&escape(value));
        separator = ';';
    }
    line.push(']');
    line.push_str(&escape(data));
    line
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::command::tests::seeded_texts;

    fn fixture() -> Value {
        let text = include_str!("../../../../tests/azdo/synthetic/logging-commands-azure.json");
        serde_json::from_str(text).unwrap()
    }

    fn check(line: &str, want: &Value) {
        let command = parse(line);
        let Some(command) = command else {
            assert!(want.is_null(), "{line}");
            return;
        };
        assert_eq!(command.area, want["area"], "{line}");
        assert_eq!(command.event, want["event"], "{line}");
        assert_eq!(command.data, want["data"], "{line}");
        let properties = want["properties"].as_object().unwrap();
        assert_eq!(command.properties.len(), properties.len(), "{line}");
        for (name, value) in properties {
            assert_eq!(command.property(name), value.as_str(), "{line}");
        }
    }

    #[test]
    fn every_vector_is_read_as_the_service_reads_it() {
        let fixture = fixture();
        let cases = fixture["parse"].as_array().unwrap();
        assert!(cases.len() > 20);
        for case in cases {
            check(case["line"].as_str().unwrap(), &case["parsed"]);
        }
    }

    #[test]
    fn every_vector_is_escaped_to_the_byte() {
        let fixture = fixture();
        let cases = fixture["escape"].as_array().unwrap();
        assert!(cases.len() > 10);
        for case in cases {
            let raw = case["raw"].as_str().unwrap();
            assert_eq!(escape(raw), case["escaped"].as_str().unwrap());
            assert_eq!(unescape(&escape(raw)), raw);
        }
    }

    #[test]
    fn what_is_written_is_read_back_whatever_the_texts_hold() {
        for pair in seeded_texts(7, 40_000).chunks(2) {
            let [value, data] = pair else { unreachable!() };
            let line = write("task.logissue", &[("type", "error"), ("code", value)], data);
            assert!(!line.contains(['\n', '\r']), "{line:?}");
            let command = parse(&line).unwrap();
            assert_eq!(command.property("code").unwrap_or(""), value, "{line:?}");
            assert_eq!(command.data, *data, "{line:?}");
        }
    }

    #[test]
    fn secrets_are_known() {
        for (line, want) in [
            ("##vso[task.setvariable variable=t;issecret=true]a%3Bb", Some("a;b")),
            ("x ##vso[TASK.SetVariable isSecret=TRUE;variable=t]v", Some("v")),
            ("##vso[task.setsecret]v", Some("v")),
            ("##vso[task.setvariable variable=t;issecret=false]v", None),
            ("##vso[task.setvariable variable=t]v", None),
            ("##vso[task.debug issecret=true]v", None),
        ] {
            assert_eq!(parse(line).unwrap().secret(), want, "{line}");
        }
    }

    #[test]
    fn of_equal_names_the_last_counts() {
        let command = parse("##vso[task.logissue type=error;TYPE=warning]x").unwrap();
        assert_eq!(command.properties, [("type".to_owned(), "warning".to_owned())]);
    }
}
