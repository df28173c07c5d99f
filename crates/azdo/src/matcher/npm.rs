//! npm: a block of `npm error` lines is one error, of which a line names the code.

use super::pattern::{Pattern, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static LINE: Pattern = Pattern::new(r"^npm (?:ERR!|error)(?: (code )?(.*))?$");

/// Lines of a block that say less than the others.
const DETAILS: [&str; 8] =
    ["path ", "command ", "errno ", "syscall ", "dest ", "signal ", "A complete log", "    "];

#[derive(Default)]
pub struct Npm {
    waiting: Option<Finding>,
}

impl Npm {
    fn release(&mut self, out: &mut Vec<Finding>) {
        if let Some(mut finding) = self.waiting.take() {
            if finding.text.is_empty() {
                finding.text = "npm failed".to_owned();
            }
            out.push(finding);
        }
    }
}

impl Matcher for Npm {
    fn triggers(&self) -> &'static [&'static str] {
        &["npm ERR!", "npm error"]
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(found) = LINE.captures(line) else {
            self.release(out);
            return false;
        };
        let finding = self.waiting.get_or_insert_with(|| Finding {
            matcher: "npm".to_owned(),
            ..Finding::new(Severity::Error, "")
        });
        let said = found.get(2).map_or("", |rest| rest.as_str());
        if found.get(1).is_some() && finding.code.is_none() {
            finding.code = text(&found, 2);
        } else if finding.text.is_empty() && !DETAILS.iter().any(|d| said.starts_with(d)) {
            // The code stands in front of the text again, mostly in other letters.
            let repeated = finding.code.as_ref().and_then(|code| {
                let (head, rest) = said.split_at_checked(code.len())?;
                (head.eq_ignore_ascii_case(code) && rest.starts_with(' ')).then_some(rest)
            });
            finding.text = repeated.unwrap_or(said).trim().to_owned();
        }
        true
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
