//! Problem matchers as GitHub Actions and editors know them: a JSON file of patterns
//! (`actions/toolkit`, "Problem Matchers"; spec azure-devops.md §6.2).
//!
//! A pattern of several lines wants them one after the other; the last may `loop`.

use regex::Regex;
use serde::Deserialize;

use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

/// Owners of one file, and lines of one pattern.
const MATCHERS_MAX: usize = 40;
const LINES_MAX: usize = 20;

/// Why a file of problem matchers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("it is no file of problem matchers: {0}")]
    Shape(#[from] serde_json::Error),
    #[error("it has {0} matchers, at most {MATCHERS_MAX} are taken")]
    TooMany(usize),
    #[error("`{owner}` has {lines} patterns, wanted are 1 to {LINES_MAX}")]
    Lines { owner: String, lines: usize },
    #[error("`{owner}` has the severity `{severity}`, known are error, warning and notice")]
    Severity { owner: String, severity: String },
    #[error("`{owner}`: only the last pattern may loop")]
    Loop { owner: String },
    #[error("`{owner}`: no pattern says which group is the message")]
    NoMessage { owner: String },
    #[error(
        "`{owner}`: `{pattern}` cannot be used: {reason}; look-around and back-references are \
         not known here, for they may take time without limit"
    )]
    Pattern { owner: String, pattern: String, reason: String },
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "problemMatcher")]
    matchers: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    owner: String,
    severity: Option<String>,
    pattern: Vec<WrittenPattern>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenPattern {
    regexp: String,
    #[serde(flatten)]
    groups: Groups,
    #[serde(default, rename = "loop")]
    is_loop: bool,
}

/// One owner's matcher.
#[derive(Debug, Clone)]
pub struct ProblemMatcher {
    pub owner: String,
    /// `None` is a notice, which is neither error nor warning.
    severity: Option<Severity>,
    patterns: Vec<LinePattern>,
    /// The pattern that is to match next, and what the ones before it gave.
    next: usize,
    partial: Partial,
}

#[derive(Debug, Clone)]
struct LinePattern {
    regex: Regex,
    groups: Groups,
    is_loop: bool,
}

/// Numbers of the groups that hold the parts of a problem.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Groups {
    file: Option<usize>,
    from_path: Option<usize>,
    location: Option<usize>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    severity: Option<usize>,
    code: Option<usize>,
    message: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Partial {
    finding: Finding,
    /// As captured; `None` where no group says.
    severity: Option<String>,
}

/// Reads a file's text.
pub fn parse(text: &str) -> Result<Vec<ProblemMatcher>, Error> {
    let file: File = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
    if file.matchers.len() > MATCHERS_MAX {
        return Err(Error::TooMany(file.matchers.len()));
    }
    file.matchers.into_iter().map(compile).collect()
}

fn compile(written: Written) -> Result<ProblemMatcher, Error> {
    let owner = written.owner;
    let lines = written.pattern.len();
    if lines == 0 || lines > LINES_MAX {
        return Err(Error::Lines { owner, lines });
    }
    let severity = match written.severity.as_deref() {
        None => Some(Severity::Error),
        Some(word) => severity_of(word)
            .ok_or_else(|| Error::Severity { owner: owner.clone(), severity: word.to_owned() })?,
    };
    if !written.pattern.iter().any(|pattern| pattern.groups.message.is_some()) {
        return Err(Error::NoMessage { owner });
    }
    let mut patterns = Vec::with_capacity(lines);
    for (at, pattern) in written.pattern.into_iter().enumerate() {
        if pattern.is_loop && at + 1 < lines {
            return Err(Error::Loop { owner });
        }
        let regex = Regex::new(&pattern.regexp).map_err(|error| Error::Pattern {
            owner: owner.clone(),
            pattern: pattern.regexp.clone(),
            reason: error.to_string().lines().last().unwrap_or_default().trim().to_owned(),
        })?;
        patterns.push(LinePattern { regex, groups: pattern.groups, is_loop: pattern.is_loop });
    }
    Ok(ProblemMatcher { owner, severity, patterns, next: 0, partial: Partial::default() })
}

fn severity_of(word: &str) -> Option<Option<Severity>> {
    match Severity::from_word(word) {
        Some(severity) => Some(Some(severity)),
        None => ["notice", "info"].iter().any(|n| word.eq_ignore_ascii_case(n)).then_some(None),
    }
}

impl LinePattern {
    /// Adds what the line says to what is known.
    fn take(&self, line: &str, partial: &mut Partial) -> bool {
        let Some(found) = self.regex.captures(line) else { return false };
        let text = |group: Option<usize>| -> Option<String> {
            let text = found.get(group?)?.as_str().trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let number = |group: Option<usize>| text(group)?.parse::<u32>().ok();
        let (groups, finding) = (&self.groups, &mut partial.finding);
        if let Some(location) = text(groups.location) {
            let mut numbers = location.split([',', '-', ':']).map(|n| n.trim().parse().ok());
            finding.line = numbers.next().flatten();
            finding.column = numbers.next().flatten();
        }
        finding.file = text(groups.file).or(finding.file.take());
        finding.from_path = text(groups.from_path).or(finding.from_path.take());
        finding.line = number(groups.line).or(finding.line);
        finding.column = number(groups.column).or(finding.column);
        finding.end_line = number(groups.end_line).or(finding.end_line);
        finding.end_column = number(groups.end_column).or(finding.end_column);
        finding.code = text(groups.code).or(finding.code.take());
        partial.severity = text(groups.severity).or(partial.severity.take());
        if let Some(message) = text(groups.message) {
            finding.text = message;
        }
        true
    }
}

impl ProblemMatcher {
    fn find(&self, partial: &Partial) -> Option<Finding> {
        let severity = match &partial.severity {
            Some(word) => severity_of(word).unwrap_or(self.severity),
            None => self.severity,
        };
        let finding = partial.finding.clone();
        Some(Finding { severity: severity?, matcher: self.owner.clone(), ..finding })
    }

    fn reset(&mut self) {
        self.next = 0;
        self.partial = Partial::default();
    }

    /// Tries the pattern that is next.
    fn advance(&mut self, line: &str, out: &mut Vec<Finding>) -> bool {
        let Some(pattern) = self.patterns.get(self.next) else { return false };
        let mut partial = self.partial.clone();
        if !pattern.take(line, &mut partial) {
            return false;
        }
        if self.next + 1 < self.patterns.len() {
            self.next += 1;
            self.partial = partial;
            return true;
        }
        let is_loop = pattern.is_loop && self.next > 0;
        out.extend(self.find(&partial));
        if !is_loop {
            self.reset();
        }
        true
    }
}

impl Matcher for ProblemMatcher {
    fn triggers(&self) -> &'static [&'static str] {
        &[]
    }

    fn is_open(&self) -> bool {
        self.next > 0
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if self.advance(line, out) {
            return true;
        }
        if self.next == 0 {
            return false;
        }
        self.reset();
        self.advance(line, out)
    }
}
