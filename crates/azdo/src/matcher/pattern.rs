//! A regular expression of a built-in matcher, compiled when it is first needed: a wrapper that
//! is called hundreds of times a build must not pay for those of tools that do not run.

use std::sync::OnceLock;

use regex::{Captures, Regex};

pub struct Pattern {
    text: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub const fn new(text: &'static str) -> Pattern {
        Pattern { text, compiled: OnceLock::new() }
    }

    /// The groups of a match. (A pattern with a mistake never matches; every one has its vector.)
    pub fn captures<'t>(&self, line: &'t str) -> Option<Captures<'t>> {
        self.compiled.get_or_init(|| Regex::new(self.text).ok()).as_ref()?.captures(line)
    }

    pub fn is_match(&self, line: &str) -> bool {
        self.captures(line).is_some()
    }
}

/// A group's text; none when it is absent or empty.
pub fn text(captures: &Captures<'_>, group: usize) -> Option<String> {
    captures.get(group).map(|found| found.as_str().trim()).filter(|t| !t.is_empty()).map(Into::into)
}

/// A group's number.
pub fn number(captures: &Captures<'_>, group: usize) -> Option<u32> {
    captures.get(group)?.as_str().parse().ok()
}
