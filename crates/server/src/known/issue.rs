//! What a person says of a known issue, in our words or those of .NET's JSON blocks.
//!
//! Invariant: an issue that passed [`Wish::check`] says in exactly one way which errors it means.

use model::time::{Fraction, format_datetime, parse_datetime};
use regex::RegexBuilder;
use serde::{Deserialize, Deserializer, Serialize};

/// Longest title and address, in characters.
const TITLE_CHARS_MAX: usize = 200;
const URL_CHARS_MAX: usize = 1000;
/// Longest text or pattern, in bytes, and most texts.
const TEXT_BYTES_MAX: usize = 2000;
const TEXTS_MAX: usize = 20;
/// Most names in a list of the scope.
const NAMES_MAX: usize = 100;
/// Shorter texts are within everything.
const TEXT_CHARS_MIN: usize = 3;
/// Largest compiled pattern, in bytes; less than a query may have.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// An issue as it is asked for. `ErrorMessage`, `ErrorPattern`, `BuildRetry` and
/// `ExcludeConsoleLog` are the names of .NET's blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Wish {
    pub title: String,
    /// Where it is discussed; may be empty.
    pub url: String,
    /// Texts that an error holds in any letter case, each within a line of its own, in this order.
    #[serde(alias = "ErrorMessage", deserialize_with = "one_or_many")]
    pub contains: Vec<String>,
    /// A regular expression that a line of the error matches, in any letter case.
    #[serde(alias = "ErrorPattern", deserialize_with = "text_or_nothing")]
    pub pattern: String,
    /// Whether the error lines of logs are left out.
    #[serde(alias = "ExcludeConsoleLog")]
    pub exclude_log: bool,
    pub scope: Scope,
    /// `code`, `infrastructure`, `unknown`, or empty.
    pub domain: String,
    /// Whether a build may be tried again for it. It is kept and shown; nothing is started.
    #[serde(alias = "BuildRetry")]
    pub retry: bool,
    /// ISO 8601; builds that were queued later are not explained. `None`: it does not end.
    pub expires: Option<String>,
    pub enabled: Option<bool>,
}

/// Of which builds; an empty list admits all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Scope {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<String>,
    /// With their folder; the first `\` may be left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub definitions: Vec<String>,
}

/// A known issue as it is stored. Times are nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    pub id: String,
    pub what: Wish,
    pub created: i64,
    /// Who said so.
    pub by: String,
    /// Rises when it means other errors than before.
    pub revision: i64,
}

impl Issue {
    pub fn is_enabled(&self) -> bool {
        self.what.enabled != Some(false)
    }
}

impl Wish {
    /// The wish in its plain form.
    ///
    /// # Errors
    /// What is wrong with it, for whoever said it.
    pub fn check(mut self) -> Result<Wish, String> {
        self.title = self.title.trim().to_owned();
        self.url = self.url.trim().to_owned();
        self.contains.retain(|text| !text.trim().is_empty());
        if self.title.is_empty() || self.title.chars().count() > TITLE_CHARS_MAX {
            return Err(format!("`title` must have 1 to {TITLE_CHARS_MAX} characters"));
        }
        let is_web = self.url.starts_with("https://") || self.url.starts_with("http://");
        if !self.url.is_empty() && !is_web || self.url.chars().count() > URL_CHARS_MAX {
            let wanted = "must begin with `https://` or `http://`";
            return Err(format!("`url` {wanted} and have at most {URL_CHARS_MAX} characters"));
        }
        if !["", "code", "infrastructure", "unknown"].contains(&self.domain.as_str()) {
            return Err("`domain` is `code`, `infrastructure`, `unknown` or empty".to_owned());
        }
        if self.enabled.is_none() {
            self.enabled = Some(true);
        }
        self.check_texts()?;
        self.check_scope()?;
        self.plain_end()?;
        Ok(self)
    }

    fn check_texts(&self) -> Result<(), String> {
        match (self.contains.is_empty(), self.pattern.is_empty()) {
            (true, true) => {
                let message = "say which errors are meant: `contains` (`ErrorMessage`) or \
                               `pattern` (`ErrorPattern`)";
                return Err(message.to_owned());
            }
            (false, false) => {
                let message = "give `contains` (`ErrorMessage`) or `pattern` (`ErrorPattern`), \
                               not both";
                return Err(message.to_owned());
            }
            (true, false) => return check_pattern(&self.pattern),
            (false, true) => {}
        }
        if self.contains.len() > TEXTS_MAX {
            return Err(format!("`contains` has more than {TEXTS_MAX} texts"));
        }
        for (number, text) in self.contains.iter().enumerate() {
            let number = number + 1;
            if text.contains(['\n', '\r']) {
                return Err(format!(
                    "text {number} of `contains` has several lines: give each line as a text of \
                     its own, in their order"
                ));
            }
            if text.len() > TEXT_BYTES_MAX || text.trim().chars().count() < TEXT_CHARS_MIN {
                return Err(format!(
                    "text {number} of `contains` must have {TEXT_CHARS_MIN} characters at least \
                     and {TEXT_BYTES_MAX} bytes at most"
                ));
            }
        }
        Ok(())
    }

    fn check_scope(&self) -> Result<(), String> {
        let Scope { projects, repositories, definitions } = &self.scope;
        for (name, list) in
            [("projects", projects), ("repositories", repositories), ("definitions", definitions)]
        {
            let is_bad = |text: &String| text.trim().is_empty() || text.len() > TEXT_BYTES_MAX;
            if list.len() > NAMES_MAX || list.iter().any(is_bad) {
                return Err(format!("`scope.{name}` has {NAMES_MAX} names at most, none empty"));
            }
        }
        Ok(())
    }

    /// Writes the end in the form that every reader takes.
    fn plain_end(&mut self) -> Result<(), String> {
        let given = self.expires.take().filter(|text| !text.trim().is_empty());
        let Some(text) = given else { return Ok(()) };
        let end = parse_datetime(text.trim());
        let end = end.ok_or_else(|| "`expires` must be a time such as `2026-12-31`".to_owned())?;
        self.expires = Some(format_datetime(end, Fraction::Trimmed));
        Ok(())
    }

    /// Nanoseconds since 1970.
    pub fn expires_ns(&self) -> Option<i64> {
        self.expires.as_deref().and_then(parse_datetime)
    }

    /// Whether both mean the same errors.
    pub fn means_as(&self, other: &Wish) -> bool {
        let of = |wish: &Wish| {
            let texts = (wish.contains.clone(), wish.pattern.clone());
            (texts, wish.exclude_log, wish.scope.clone(), wish.expires_ns())
        };
        of(self) == of(other)
    }
}

/// Passes a pattern that can be looked for in one line.
fn check_pattern(pattern: &str) -> Result<(), String> {
    if pattern.contains(['\n', '\r']) || pattern.len() > TEXT_BYTES_MAX {
        return Err(format!(
            "`pattern` must be one line of at most {TEXT_BYTES_MAX} bytes: it is looked for in \
             each line of an error"
        ));
    }
    let built =
        RegexBuilder::new(pattern).case_insensitive(true).size_limit(PATTERN_BYTES_MAX).build();
    match built {
        Ok(regex) if regex.is_match("") => {
            Err("`pattern` matches an empty line, and so every error: say more".to_owned())
        }
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => {
            Err("`pattern` takes too much memory: count less in it".to_owned())
        }
        Err(error) => Err(where_broken(&error.to_string())),
    }
}

/// The library draws the pattern with a mark below the place: a sentence says both.
fn where_broken(drawn: &str) -> String {
    const INDENT: usize = 4;
    let why = drawn.lines().last().unwrap_or_default().trim_start_matches("error: ").trim();
    let mark = drawn.lines().rfind(|line| line.trim_start().starts_with('^'));
    let place = mark.and_then(|line| line.find('^')).and_then(|at| at.checked_sub(INDENT));
    match place {
        Some(at) => {
            format!("`pattern` is not a regular expression, see character {}: {why}", at + 1)
        }
        None => format!("`pattern` is not a regular expression: {why}"),
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or a list of texts")]
    enum Texts {
        None(()),
        One(String),
        Many(Vec<String>),
    }
    Ok(match Texts::deserialize(from)? {
        Texts::None(()) => Vec::new(),
        Texts::One(text) => vec![text],
        Texts::Many(texts) => texts,
    })
}

fn text_or_nothing<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(json: &str) -> Result<Wish, String> {
        let wish: Wish = serde_json::from_str(json).map_err(|error| error.to_string())?;
        Wish { title: "a title".to_owned(), ..wish }.check()
    }

    #[test]
    fn blocks_of_dotnet_are_read_as_they_are() {
        let one = wish(
            r#"{ "ErrorMessage": "No space left", "ErrorPattern": "", "BuildRetry": true,
                 "ExcludeConsoleLog": true }"#,
        );
        let one = one.unwrap();
        assert_eq!(one.contains, ["No space left"]);
        assert!(one.retry && one.exclude_log && one.pattern.is_empty());
        let list = wish(r#"{ "ErrorMessage": ["first", "then"], "ErrorPattern": null }"#).unwrap();
        assert_eq!(list.contains, ["first", "then"]);
        let pattern = wish(r#"{ "ErrorMessage": "", "ErrorPattern": "error NU\\d+" }"#).unwrap();
        assert_eq!((pattern.contains.len(), pattern.pattern.as_str()), (0, r"error NU\d+"));
        assert_eq!(pattern.enabled, Some(true));
    }

    #[test]
    fn what_cannot_be_looked_for_is_refused_with_the_reason() {
        for (json, reason) in [
            (r#"{}"#, "say which errors"),
            (r#"{ "ErrorMessage": "abc", "ErrorPattern": "abc" }"#, "not both"),
            (r#"{ "ErrorMessage": "a\nb" }"#, "text 1 of `contains` has several lines"),
            (r#"{ "contains": ["abc", "ab"] }"#, "text 2 of `contains` must have 3"),
            (r#"{ "pattern": "ab(c" }"#, "see character 3: unclosed group"),
            (r#"{ "pattern": "^ab(c" }"#, "see character 4: unclosed group"),
            (r#"{ "pattern": "x{200}{200}{200}" }"#, "too much memory"),
            (r#"{ "pattern": "(a|b)*" }"#, "matches an empty line"),
            (r#"{ "pattern": "(?=a)b" }"#, "see character 1: look-around"),
            (r#"{ "contains": "abc", "expires": "soon" }"#, "`expires` must be a time"),
            (r#"{ "contains": "abc", "domain": "x" }"#, "`domain` is"),
            (r#"{ "contains": "abc", "url": "javascript:1" }"#, "`url` must begin"),
            (r#"{ "contains": "abc", "scope": { "projects": [""] } }"#, "`scope.projects`"),
            (r#"{ "ErrorPattern": ["a", "b"] }"#, "invalid type"),
            (r#"{ "Colour": 1 }"#, "unknown field `Colour`"),
        ] {
            let problem = wish(json).unwrap_err();
            assert!(problem.contains(reason), "{json}: {problem}");
        }
    }

    #[test]
    fn only_what_is_looked_for_makes_another_meaning() {
        let one = wish(r#"{ "contains": "abc" }"#).unwrap();
        let named = Wish { title: "other".to_owned(), retry: true, ..one.clone() };
        assert!(one.means_as(&named));
        assert!(!one.means_as(&Wish { exclude_log: true, ..one.clone() }));
        assert!(!one.means_as(&Wish { expires: Some("2026-01-01".to_owned()), ..one.clone() }));
    }
}
