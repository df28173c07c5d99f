//! Categories of issues: their names, domains and the rules that give them
//! (spec azure-devops.md §5.1).
//!
//! Patterns run in time linear in the message and are compiled once, within a limit of size; a rule
//! that cannot be used is named by its number.

mod defaults;
mod rule;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

pub use defaults::{default_rules, domain_of_defaults, names as default_names};
use rule::Filters;
pub use rule::{CategoryError, Domain, Rule};

use crate::pattern;

/// What a bucket is called that no rule gave another name.
pub const UNKNOWN: &str = "Unknown";

/// The category of what the service says about a definition.
pub const VALIDATION_RESULT: &str = "ValidationResult";

/// Names a marker may have besides the configured one: `(NETCORE_ENGINEERING_TELEMETRY=Build)`.
pub const MARKERS: [&str; 2] = ["NETCORE_ENGINEERING_TELEMETRY", "PIPELINE_CATEGORY"];

/// Matches no text.
const NOTHING: &str = r"[^\s\S]";

/// The most rules; each costs memory and time at every message.
pub const MAX_RULES: usize = 1000;

/// Bytes a compiled pattern may take: of one rule, and of all together.
const PATTERN_LIMIT: usize = 1 << 20;
const SET_LIMIT: usize = 64 << 20;

/// The longest name of a category that a message can give, in bytes.
const LONGEST_NAME: usize = 100;

/// Which rule gave a bucket its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BucketSource {
    Marker,
    Bare,
    Rule,
    Service,
    Validation,
    None,
}

impl BucketSource {
    /// The text in the column BucketSource.
    pub fn name(self) -> &'static str {
        match self {
            BucketSource::Marker => "marker",
            BucketSource::Bare => "bare",
            BucketSource::Rule => "rule",
            BucketSource::Service => "service",
            BucketSource::Validation => "validation",
            BucketSource::None => "none",
        }
    }
}

/// A bucket and what gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket<'a> {
    pub name: Cow<'a, str>,
    pub source: BucketSource,
    /// The number of the rule, from 0, when a rule gave it.
    pub rule: Option<usize>,
}

/// What a category is found for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    pub message: &'a str,
    /// The service's own category: `General`, `Code` or `''`.
    pub service_category: &'a str,
    /// Folder and name of the definition: `\team\web-ci`.
    pub definition: &'a str,
    /// The name of the task, or of the record when it is none.
    pub task: &'a str,
    /// `error` or `warning`.
    pub kind: &'a str,
    /// Whether this is the only error of its record.
    pub alone: bool,
}

/// Names, markers and rules, compiled once.
#[derive(Debug)]
pub struct Categories {
    marker: Regex,
    bare: Regex,
    rules: Vec<(Rule, Filters)>,
    /// One pattern per rule; rules without a pattern never match.
    patterns: RegexSet,
    domains: BTreeMap<String, Domain>,
}

impl Default for Categories {
    /// The default names and rules.
    fn default() -> Categories {
        Categories::new(default_rules(), None).unwrap_or_else(|_| Categories::empty())
    }
}

impl Categories {
    /// `rules` in order; `marker` is the name of one more marker. A rule without a pattern only
    /// makes its category's name and domain known.
    ///
    /// # Errors
    ///
    /// The caller's: the first rule that cannot be used, by its number from 1.
    pub fn new(rules: Vec<Rule>, marker: Option<&str>) -> Result<Categories, CategoryError> {
        if rules.len() > MAX_RULES {
            return Err(CategoryError::TooMany { rules: rules.len() });
        }
        let marker = match marker {
            None => DEFAULT_MARKER.clone(),
            Some(name) => marker_pattern(Some(name))
                .ok_or_else(|| CategoryError::Marker { name: name.to_owned() })?,
        };
        let mut domains = defaults::domains();
        let mut patterns = Vec::with_capacity(rules.len());
        let mut compiled = Vec::with_capacity(rules.len());
        for (number, rule) in (1..).zip(rules) {
            patterns.push(rule.compiled(number)?);
            if let Some(domain) = rule.domain {
                domains.insert(rule.category.clone(), domain);
            } else {
                domains.entry(rule.category.clone()).or_insert(Domain::Unknown);
            }
            let filters = rule.filters(number)?;
            compiled.push((rule, filters));
        }
        let patterns = RegexSetBuilder::new(&patterns)
            .size_limit(SET_LIMIT)
            .build()
            .map_err(|_| CategoryError::TooLarge)?;
        let names = domains.keys().filter(|name| !defaults::SERVICE.contains(&name.as_str()));
        let bare = bare_pattern(names).ok_or(CategoryError::TooLarge)?;
        Ok(Categories { marker, bare, rules: compiled, patterns, domains })
    }

    fn empty() -> Categories {
        Categories {
            marker: DEFAULT_MARKER.clone(),
            bare: pattern::fixed(NOTHING),
            rules: Vec::new(),
            patterns: RegexSet::empty(),
            domains: defaults::domains(),
        }
    }

    /// The bucket of an issue or of an error line: the first of marker, bare name, rules and the
    /// service's category that gives one.
    pub fn bucket<'a>(&'a self, subject: &Subject<'a>) -> Bucket<'a> {
        let named =
            |name: &'a str, source| Bucket { name: Cow::Borrowed(name), source, rule: None };
        let marked = self.marker.captures_iter(subject.message).filter_map(|c| c.get(1));
        let usable = |name: &&str| !name.is_empty() && name.len() <= LONGEST_NAME;
        if let Some(name) = marked.map(|name| name.as_str().trim()).find(usable) {
            return named(name, BucketSource::Marker);
        }
        if let Some(name) = self.bare.captures(subject.message).and_then(|c| c.get(1)) {
            return named(name.as_str(), BucketSource::Bare);
        }
        for at in self.patterns.matches(subject.message) {
            if let Some((rule, filters)) = self.rules.get(at)
                && filters.admit(subject)
            {
                let name = Cow::Borrowed(rule.category.as_str());
                return Bucket { name, source: BucketSource::Rule, rule: Some(at) };
            }
        }
        match subject.service_category {
            "" | "General" => named(UNKNOWN, BucketSource::None),
            category => named(category, BucketSource::Service),
        }
    }

    /// Whose trouble a category is; [`Domain::Unknown`] for names nobody configured.
    pub fn domain(&self, category: &str) -> Domain {
        self.domains.get(category).copied().unwrap_or(Domain::Unknown)
    }

    /// All known categories with their domains, by name.
    pub fn domains(&self) -> impl Iterator<Item = (&str, Domain)> {
        self.domains.iter().map(|(name, domain)| (name.as_str(), *domain))
    }

    /// The rules in their order.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.iter().map(|(rule, _)| rule)
    }

    /// As [`crate::fingerprint::of`], also without the configured marker.
    pub fn fingerprint(&self, message: &str) -> String {
        crate::fingerprint::of_normalised(&crate::fingerprint::normalised(message, &self.marker))
    }
}

/// The markers every installation knows.
pub(crate) static DEFAULT_MARKER: LazyLock<Regex> =
    LazyLock::new(|| marker_pattern(None).unwrap_or_else(|| pattern::fixed(NOTHING)));

fn marker_pattern(name: Option<&str>) -> Option<Regex> {
    let name = name.map(regex::escape);
    let names: Vec<&str> = MARKERS.into_iter().chain(name.as_deref()).collect();
    if names.iter().any(|name| name.trim().is_empty()) {
        return None;
    }
    Regex::new(&format!(r"\((?:{})=([^)]*)\)", names.join("|"))).ok()
}

/// `(Category) ` at the start of a message or right after `: `.
fn bare_pattern<'a>(names: impl Iterator<Item = &'a String>) -> Option<Regex> {
    let names: Vec<String> = names.map(|name| regex::escape(name)).collect();
    let pattern = format!(r"(?:\A|: )\(({})\) ", names.join("|"));
    RegexBuilder::new(&pattern).size_limit(PATTERN_LIMIT * 8).build().ok()
}

#[cfg(test)]
mod tests;
