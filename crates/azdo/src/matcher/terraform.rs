//! Terraform and OpenTofu: `Error: summary`, the place, a piece of the code, and an explanation;
//! on terminals in a frame of lines.
//!
//! Without a frame the first line is that of many tools, so only a place below makes it one.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static HEAD: Pattern = Pattern::new(r"^(│ )?(Error|Warning): (.+)$");
static PLACE: Pattern = Pattern::new(r"^  on (.+) line ([0-9]+)(?:, in .+)?:$");

/// Lines until the place, and lines in all.
const HEAD_LINES_MAX: usize = 6;
const LINES_MAX: usize = 60;

#[derive(Default)]
pub struct Terraform {
    waiting: Option<Waiting>,
}

struct Waiting {
    finding: Finding,
    is_framed: bool,
    details: Vec<String>,
    lines: usize,
    /// Below the piece of code.
    is_explained: bool,
}

impl Waiting {
    /// Takes a line; false when the block ended before it.
    fn take(&mut self, line: &str) -> bool {
        self.lines += 1;
        if self.lines > LINES_MAX || line.starts_with('╵') {
            return false;
        }
        let line = match (self.is_framed, line.strip_prefix('│')) {
            (true, Some(line)) => line.strip_prefix(' ').unwrap_or(line),
            (true, None) => return false,
            (false, _) => line,
        };
        if self.finding.file.is_none()
            && let Some(found) = PLACE.captures(line)
        {
            self.finding.file = text(&found, 1);
            self.finding.line = number(&found, 2);
            return true;
        }
        if self.finding.file.is_none() && !self.is_framed {
            return self.lines <= HEAD_LINES_MAX;
        }
        if line.trim().is_empty() {
            self.is_explained = !self.details.is_empty();
            return !self.is_explained || self.is_framed;
        }
        if !self.is_explained && !line.starts_with(' ') {
            self.details.push(line.trim().to_owned());
        }
        true
    }

    fn finding(mut self) -> Option<Finding> {
        if !self.details.is_empty() {
            self.finding.text = format!("{}: {}", self.finding.text, self.details.join(" "));
        }
        (self.is_framed || self.finding.file.is_some()).then_some(self.finding)
    }
}

impl Terraform {
    fn release(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.waiting.take().and_then(Waiting::finding));
    }
}

impl Matcher for Terraform {
    fn triggers(&self) -> &'static [&'static str] {
        &["error: ", "warning: "]
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, recent: &Recent, out: &mut Vec<Finding>) -> bool {
        let head = HEAD.captures(line);
        if head.is_none()
            && let Some(waiting) = &mut self.waiting
        {
            if waiting.take(line) {
                // Until there is a place, the lines may be another tool's.
                return waiting.is_framed || waiting.finding.file.is_some();
            }
            self.release(out);
        }
        let Some(found) = head else { return false };
        self.release(out);
        let is_framed = found.get(1).is_some() && recent.back(1).starts_with('╷');
        let word = text(&found, 2).unwrap_or_default();
        let severity = Severity::from_word(&word).unwrap_or_default();
        if !is_framed && (severity == Severity::Warning || found.get(1).is_some()) {
            return false;
        }
        let mut finding = Finding::new(severity, text(&found, 3).unwrap_or_default());
        finding.matcher = "terraform".to_owned();
        let (details, lines, is_explained) = (Vec::new(), 0, false);
        self.waiting = Some(Waiting { finding, is_framed, details, lines, is_explained });
        is_framed
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
