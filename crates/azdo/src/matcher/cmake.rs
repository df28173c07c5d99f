//! CMake: a head with the place, then an indented text up to a line that is not indented.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static HEAD: Pattern =
    Pattern::new(r"^CMake (Error|Warning)(?: \(dev\))? at (.+):([0-9]+) \((.+)\):$");

const LINES_MAX: usize = 20;

#[derive(Default)]
pub struct Cmake {
    waiting: Option<(Finding, Vec<String>)>,
}

impl Cmake {
    fn release(&mut self, out: &mut Vec<Finding>) {
        if let Some((mut finding, lines)) = self.waiting.take() {
            finding.text = match lines.is_empty() {
                true => "failed".to_owned(),
                false => lines.join(" "),
            };
            out.push(finding);
        }
    }
}

impl Matcher for Cmake {
    fn triggers(&self) -> &'static [&'static str] {
        &["CMake Error", "CMake Warning"]
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if let Some((_, lines)) = &mut self.waiting {
            let is_text = line.starts_with(' ') && !line.trim().is_empty();
            if is_text && lines.len() < LINES_MAX {
                lines.push(line.trim().to_owned());
                return true;
            }
            self.release(out);
        }
        let Some(found) = HEAD.captures(line) else { return false };
        let word = text(&found, 1).unwrap_or_default();
        let finding = Finding {
            severity: Severity::from_word(&word).unwrap_or_default(),
            matcher: "cmake".to_owned(),
            file: text(&found, 2),
            line: number(&found, 3),
            code: text(&found, 4),
            ..Finding::default()
        };
        self.waiting = Some((finding, Vec::new()));
        true
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
