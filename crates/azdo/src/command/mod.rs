//! Commands that a process tells the service that runs it by printing a line: the logging
//! commands of Azure Pipelines and the workflow commands of GitHub Actions.
//!
//! Invariant: whatever is written here is read back as the same command, whatever the texts hold
//! (the tests of both dialects try it with seeded texts).
//!
//! [`disarm`] keeps texts of others from being commands, [`masks`] keeps the values that commands
//! tell to mask out of ours.

pub mod azure;
pub mod disarm;
pub mod github;
pub mod masks;

use crate::errors::Severity;

/// Whose commands are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Azure Pipelines, on the service and on premises.
    Azure,
    /// GitHub Actions and what is compatible with it.
    Github,
}

impl Dialect {
    /// The service this process runs in, by the variables each of them always sets
    /// (spec azure-devops.md §6.5.1).
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Option<Dialect> {
        if variable("TF_BUILD").is_some_and(|value| !value.is_empty()) {
            return Some(Dialect::Azure);
        }
        (variable("GITHUB_ACTIONS").as_deref() == Some("true")).then_some(Dialect::Github)
    }
}

/// The severity of the issue a line reports, when it is a command of either dialect that reports
/// one.
pub fn issue_severity(line: &str) -> Option<Severity> {
    match azure::parse(line) {
        Some(command) => command.issue_severity(),
        None => github::parse(line)?.issue_severity(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Texts made of the pieces that escaping is about, from a seed.
    pub fn seeded_texts(seed: u64, count: usize) -> Vec<String> {
        let pieces = [
            "%", "%2", "5", "25", "AZP", "%AZP25", "3B", "%3B", "0D", "0A", "5D", ";", "]", "[",
            "\r", "\n", ":", ",", "::", "=", " ", "a", "ß", "漢", "🚀", "%3A", "%2C", "##vso[",
            "\t", "\u{0}", "\u{85}", "\u{2028}",
        ];
        let mut state = seed;
        let mut next = move |below: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % below
        };
        let mut text = |_| (0..next(9)).map(|_| pieces[next(pieces.len())]).collect();
        (0..count).map(&mut text).collect()
    }

    #[test]
    fn the_service_is_known_by_its_variables() {
        let with = |name: &'static str, value: &'static str| {
            Dialect::detect(move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(with("TF_BUILD", "True"), Some(Dialect::Azure));
        assert_eq!(with("TF_BUILD", ""), None);
        assert_eq!(with("GITHUB_ACTIONS", "true"), Some(Dialect::Github));
        assert_eq!(with("GITHUB_ACTIONS", "1"), None);
    }

    #[test]
    fn issues_of_both_dialects_are_counted() {
        for (line, want) in [
            ("##vso[task.logissue type=error]x", Some(Severity::Error)),
            ("in front ##vso[TASK.issue type=Warning]x", Some(Severity::Warning)),
            ("##vso[task.logissue type=other]x", None),
            ("##vso[task.complete result=Failed]", None),
            ("  ::error file=a::x", Some(Severity::Error)),
            ("::warning::x", Some(Severity::Warning)),
            (".::error::x", None),
            ("::notice::x", None),
        ] {
            assert_eq!(issue_severity(line), want, "{line}");
        }
    }
}
