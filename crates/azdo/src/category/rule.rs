//! One rule: a pattern, the category it gives, and what it is limited to.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::{PATTERN_LIMIT, Subject};

/// The longest text of a pattern or filter, in bytes.
const LONGEST_TEXT: usize = 4096;

/// Whose trouble a category is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Domain {
    /// The change under test.
    Code,
    /// Machines, networks, feeds, services.
    Infrastructure,
    /// Nobody can tell yet.
    Unknown,
}

impl Domain {
    /// The text in settings and answers.
    pub fn name(self) -> &'static str {
        match self {
            Domain::Code => "code",
            Domain::Infrastructure => "infrastructure",
            Domain::Unknown => "unknown",
        }
    }
}

/// A rule as it stands in a settings file: `[[category]]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub category: String,
    /// A text the message holds, in any letter case.
    pub contains: Option<String>,
    /// A pattern of the crate `regex`; letter case counts unless it says `(?i)`.
    pub regex: Option<String>,
    pub domain: Option<Domain>,
    /// Only for definitions like this: folder and name, `*` for any characters.
    pub definition: Option<String>,
    /// Only for tasks of a name like this, `*` for any characters.
    pub task: Option<String>,
    /// Only for `error` or `warning`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Only for the only error of a record: beside others it would say less than they do.
    #[serde(default)]
    pub alone: bool,
}

/// Why rules cannot be used: the fault of who wrote them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryError {
    #[error("category rule {number}: {problem}")]
    Rule { number: usize, problem: String },
    #[error("{rules} category rules are more than {limit}", limit = super::MAX_RULES)]
    TooMany { rules: usize },
    #[error("the category rules take too much memory together; use fewer or simpler patterns")]
    TooLarge,
    #[error("'{name}' cannot be the name of a marker")]
    Marker { name: String },
}

impl CategoryError {
    pub(super) fn rule(number: usize, problem: impl Into<String>) -> CategoryError {
        CategoryError::Rule { number, problem: problem.into() }
    }

    pub(super) fn pattern(number: usize, error: &regex::Error) -> CategoryError {
        CategoryError::rule(
            number,
            match error {
                regex::Error::CompiledTooBig(_) => {
                    "the pattern takes too much memory; count less in it".to_owned()
                }
                // The last line says what is wrong, those before it draw where.
                other => {
                    let text = other.to_string();
                    let last = text.lines().last().unwrap_or("").trim_start_matches("error: ");
                    format!("the pattern is not a regular expression: {last}")
                }
            },
        )
    }
}

impl Rule {
    /// A rule that looks for a text.
    pub fn contains(text: &str, category: &str, domain: Domain) -> Rule {
        Rule {
            category: category.to_owned(),
            contains: Some(text.to_owned()),
            domain: Some(domain),
            ..Rule::default()
        }
    }

    /// Passes a rule that can be used; `number` names it in the error.
    ///
    /// # Errors
    ///
    /// The fault of who wrote it.
    pub fn check(&self, number: usize) -> Result<(), CategoryError> {
        self.compiled(number)?;
        self.filters(number).map(|_| ())
    }

    /// The pattern of the rule, which compiles.
    pub(super) fn compiled(&self, number: usize) -> Result<String, CategoryError> {
        let pattern = self.pattern(number)?;
        RegexBuilder::new(&pattern)
            .size_limit(PATTERN_LIMIT)
            .build()
            .map_err(|error| CategoryError::pattern(number, &error))?;
        Ok(pattern)
    }

    /// What the rule looks for, in words.
    pub fn looks_for(&self) -> &str {
        self.contains.as_deref().or(self.regex.as_deref()).unwrap_or("")
    }

    /// The pattern of the rule; one that matches nothing when the rule has none.
    fn pattern(&self, number: usize) -> Result<String, CategoryError> {
        let wrong = |problem: &str| Err(CategoryError::rule(number, problem));
        if self.category.trim().is_empty() || self.category.len() > super::LONGEST_NAME {
            return wrong("a category needs a name of 1 to 100 bytes");
        }
        let texts = [&self.contains, &self.regex, &self.definition, &self.task];
        if texts.into_iter().flatten().any(|text| text.len() > LONGEST_TEXT) {
            return wrong("a text is longer than 4096 bytes");
        }
        match (&self.contains, &self.regex) {
            (Some(_), Some(_)) => wrong("give 'contains' or 'regex', not both"),
            (Some(text), None) | (None, Some(text)) if text.is_empty() => {
                wrong("an empty text would match every message")
            }
            (Some(text), None) => Ok(format!("(?i){}", regex::escape(text))),
            (None, Some(pattern)) => Ok(pattern.clone()),
            (None, None) => Ok(super::NOTHING.to_owned()),
        }
    }

    pub(super) fn filters(&self, number: usize) -> Result<Filters, CategoryError> {
        let glob = |text: &Option<String>| {
            let compiled = text.as_deref().map(glob).transpose();
            compiled.map_err(|error| CategoryError::pattern(number, &error))
        };
        let kind = match self.kind.as_deref() {
            None | Some("error" | "warning") => self.kind.clone(),
            Some(other) => {
                let problem = format!("the type '{other}' is neither 'error' nor 'warning'");
                return Err(CategoryError::rule(number, problem));
            }
        };
        Ok(Filters {
            definition: glob(&self.definition)?,
            task: glob(&self.task)?,
            kind,
            alone: self.alone,
        })
    }
}

/// What a rule is limited to, compiled.
#[derive(Debug)]
pub(super) struct Filters {
    definition: Option<Regex>,
    task: Option<Regex>,
    kind: Option<String>,
    alone: bool,
}

impl Filters {
    pub(super) fn admit(&self, subject: &Subject) -> bool {
        let fits = |pattern: &Option<Regex>, text| {
            pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
        };
        (subject.alone || !self.alone)
            && fits(&self.definition, subject.definition)
            && fits(&self.task, subject.task)
            && self.kind.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case(subject.kind))
    }
}

/// A whole name in any letter case, `*` for any characters and `?` for one.
fn glob(text: &str) -> Result<Regex, regex::Error> {
    let mut pattern = String::from("(?is)\\A");
    for character in text.chars() {
        match character {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            other => pattern.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push_str("\\z");
    RegexBuilder::new(&pattern).size_limit(PATTERN_LIMIT).build()
}
