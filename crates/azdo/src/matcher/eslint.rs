//! ESLint's default form: a line with the file, then indented problems below it.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static PROBLEM: Pattern =
    Pattern::new(r"^\s+([0-9]+):([0-9]+)\s+(error|warning)\s+(.+?)(?:\s\s+(\S+))?\s*$");

#[derive(Default)]
pub struct Eslint {
    file: Option<String>,
}

impl Matcher for Eslint {
    fn triggers(&self) -> &'static [&'static str] {
        &[" error ", " warning "]
    }

    fn is_open(&self) -> bool {
        self.file.is_some()
    }

    fn line(&mut self, line: &str, recent: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(found) = PROBLEM.captures(line) else {
            self.file = None;
            return false;
        };
        if self.file.is_none() {
            let head = recent.back(1);
            self.file = (!head.is_empty() && !head.starts_with([' ', '\t'])).then_some(head);
        }
        let Some(file) = &self.file else { return false };
        let word = text(&found, 3).unwrap_or_default();
        out.push(Finding {
            severity: Severity::from_word(&word).unwrap_or_default(),
            matcher: "eslint-stylish".to_owned(),
            file: Some(file.clone()),
            line: number(&found, 1),
            column: number(&found, 2),
            code: text(&found, 5),
            text: text(&found, 4).unwrap_or_default(),
            ..Finding::default()
        });
        true
    }
}
