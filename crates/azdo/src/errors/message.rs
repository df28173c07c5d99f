//! A finding as the line that makes it an issue of the service, with its category in front
//! (spec azure-devops.md §6.1, §6.2, §6.5.6).

use super::Finding;
use crate::command::{Dialect, azure, github};

/// The marker that .NET's engineering telemetry reads categories from.
pub const DEFAULT_MARKER: &str = "NETCORE_ENGINEERING_TELEMETRY";

/// Characters of a message; the services cut long ones themselves, without saying so.
const TEXT_CHARS_MAX: usize = 4_000;

/// Why a category cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryError {
    #[error("a category must not be empty")]
    Empty,
    #[error("the category `{0}` must not hold `(`, `)` or line breaks: readers would cut it there")]
    Reserved(String),
}

/// A category that readers of the marker get back whole.
pub fn check_category(category: &str) -> Result<(), CategoryError> {
    if category.trim().is_empty() {
        return Err(CategoryError::Empty);
    }
    match category.contains(['(', ')', '\r', '\n']) {
        true => Err(CategoryError::Reserved(category.to_owned())),
        false => Ok(()),
    }
}

/// Whether a name can stand in the marker: letters, digits, `_`, `-` and `.`.
pub fn is_marker(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// What every issue of a step has in common.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// Category of findings that have none of their own.
    pub category: Option<String>,
    /// `None` leaves categories out of the text.
    pub marker: Option<String>,
}

impl Style {
    /// The category of a finding.
    pub fn category<'a>(&'a self, finding: &'a Finding) -> Option<&'a str> {
        finding.category.as_deref().or(self.category.as_deref())
    }

    /// The text of the issue: `(MARKER=Category) test: text`.
    pub fn text(&self, finding: &Finding) -> String {
        let mut text = String::new();
        if let (Some(marker), Some(category)) = (&self.marker, self.category(finding)) {
            text.push_str(&format!("({marker}={category}) "));
        }
        if let Some(test) = &finding.test {
            text.push_str(test);
            text.push_str(": ");
        }
        if let (None, Some(origin)) = (&finding.file, &finding.origin) {
            text.push_str(origin);
            text.push_str(": ");
        }
        let room = TEXT_CHARS_MAX;
        match finding.text.char_indices().nth(room) {
            None => text.push_str(&finding.text),
            Some((end, _)) => {
                text.push_str(finding.text.get(..end).unwrap_or_default());
                text.push('…');
            }
        }
        text
    }

    /// The line that tells the service, without its end.
    pub fn line(&self, finding: &Finding, dialect: Dialect) -> String {
        let number = |n: Option<u32>| n.map_or_else(String::new, |n| n.to_string());
        let text = self.text(finding);
        let file = finding.file.as_deref().unwrap_or("");
        let code = finding.code.as_deref().unwrap_or("");
        let (line, column) = (number(finding.line), number(finding.column));
        match dialect {
            Dialect::Azure => {
                let properties = [
                    ("type", finding.severity.word()),
                    ("sourcepath", file),
                    ("linenumber", &line),
                    ("columnnumber", &column),
                    ("code", code),
                ];
                azure::write("task.logissue", &properties, &text)
            }
            Dialect::Github => {
                let (end_line, end_column) = (number(finding.end_line), number(finding.end_column));
                let properties = [
                    ("title", code),
                    ("file", file),
                    ("line", &line),
                    ("endLine", &end_line),
                    ("col", &column),
                    ("endColumn", &end_column),
                ];
                github::write(finding.severity.word(), &properties, &text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::errors::Severity;

    #[test]
    fn every_vector_is_built_to_the_byte() {
        let text = include_str!("../../../../tests/azdo/synthetic/logging-commands-azure.json");
        let fixture: Value = serde_json::from_str(text).unwrap();
        let mut refused = 0;
        for case in fixture["build"].as_array().unwrap() {
            let input = &case["input"];
            let word = |name: &str| input[name].as_str().map(str::to_owned);
            let number = |name: &str| input[name].as_u64().map(|n| u32::try_from(n).unwrap());
            let category = word("cat");
            if let Some(Err(error)) = category.as_deref().map(check_category) {
                assert!(error.to_string().contains("must not hold"), "{error}");
                refused += 1;
                continue;
            }
            let finding = Finding {
                severity: Severity::from_word(&word("type").unwrap_or("error".into())).unwrap(),
                file: word("sourcepath"),
                line: number("line"),
                column: number("col"),
                code: word("code"),
                text: word("msg").unwrap(),
                ..Finding::default()
            };
            let style = Style { category, marker: Some(DEFAULT_MARKER.to_owned()) };
            assert_eq!(style.line(&finding, Dialect::Azure), case["line"].as_str().unwrap());
        }
        assert_eq!(refused, 1);
    }

    #[test]
    fn github_gets_the_code_as_title() {
        let finding = Finding {
            code: Some("CS1002".into()),
            file: Some("src/a.cs".into()),
            line: Some(3),
            column: Some(9),
            ..Finding::new(Severity::Warning, "; expected")
        };
        let style = Style { category: Some("Build".into()), marker: Some("M".into()) };
        assert_eq!(
            style.line(&finding, Dialect::Github),
            "::warning title=CS1002,file=src/a.cs,line=3,col=9::(M=Build) ; expected"
        );
        let style = Style { category: Some("Build".into()), marker: None };
        assert_eq!(style.text(&finding), "; expected");
    }

    #[test]
    fn a_failed_test_is_named_and_long_texts_say_that_they_are_cut() {
        let finding = Finding {
            test: Some("T::a".into()),
            ..Finding::new(Severity::Error, "ä".repeat(5_000))
        };
        let text = Style::default().text(&finding);
        assert!(text.starts_with("T::a: ää"));
        assert!(text.ends_with("ä…"));
        assert_eq!(text.chars().count(), 6 + 4_000 + 1);
    }

    #[test]
    fn categories_that_would_not_come_back_are_refused() {
        assert_eq!(check_category("Build"), Ok(()));
        assert_eq!(check_category(" "), Err(CategoryError::Empty));
        for bad in ["a)b", "a\nb", "(x"] {
            assert_eq!(check_category(bad), Err(CategoryError::Reserved(bad.to_owned())));
        }
        assert!(is_marker("PIPELINE_CATEGORY") && !is_marker("a=b") && !is_marker(""));
    }
}
