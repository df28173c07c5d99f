//! Logs: their list and their lines (spec azure-devops.md §2.3).

use serde::Deserialize;

use super::field;

/// An entry of `GET build/builds/{id}/logs`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BuildLog {
    #[serde(deserialize_with = "field::id")]
    pub id: i64,
    #[serde(deserialize_with = "field::text")]
    pub url: String,
    #[serde(deserialize_with = "field::time")]
    pub created_on: Option<i64>,
    #[serde(deserialize_with = "field::time")]
    pub last_changed_on: Option<i64>,
    #[serde(deserialize_with = "field::number")]
    pub line_count: Option<i64>,
}

/// A line of a log without its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// Nanoseconds since 1970; none on the later lines of a message of several lines.
    pub time: Option<i64>,
    pub text: &'a str,
}

/// Bytes of the time a line begins with, as in `2026-11-20T09:59:52.1234567Z`.
const TIME: usize = 28;

impl<'a> LogLine<'a> {
    /// Reads a line; a line that begins with no time is all text.
    pub fn read(line: &'a str) -> LogLine<'a> {
        let line = line.strip_suffix('\r').unwrap_or(line);
        // The first line of a log may begin with a byte order mark.
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let split = line.get(..TIME).filter(|time| time.ends_with('Z'));
        match split.and_then(model::time::parse_datetime) {
            Some(time) => {
                let rest = &line[TIME..];
                LogLine { time: Some(time), text: rest.strip_prefix(' ').unwrap_or(rest) }
            }
            None => LogLine { time: None, text: line },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_time_and_a_text() {
        let line = LogLine::read("2026-11-20T09:59:52.1234567Z ##[error]no\r");
        assert_eq!(line.text, "##[error]no");
        assert_eq!(line.time, model::time::parse_datetime("2026-11-20T09:59:52.1234567Z"));
        for text in ["", "a line of a message", "2026-11-20", "ünïcödé in the first characters"]
        {
            assert_eq!(LogLine::read(text), LogLine { time: None, text });
        }
        assert_eq!(LogLine::read("2026-11-20T09:59:52.1234567Z").text, "");
    }
}
