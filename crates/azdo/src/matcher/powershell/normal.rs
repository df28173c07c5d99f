//! The normal view: a message, `At file:line char:column`, then lines that begin with `+`.

use crate::errors::{Finding, Severity};
use crate::matcher::pattern::{Pattern, number, text};
use crate::matcher::{Matcher, Recent};

static PLACE: Pattern = Pattern::new(r"^At (.+):([0-9]+) char:([0-9]+)$");
static HEAD: Pattern = Pattern::new(r"^\S+ : ");
static ID: Pattern = Pattern::new(r"^\s*\+ FullyQualifiedErrorId : ([^,]+)");

/// Lines that a message may be wrapped to.
const HEAD_LINES_MAX: usize = 6;

#[derive(Default)]
pub struct Normal {
    waiting: Option<Finding>,
}

/// The lines above the place: back to the one that names the command, else the last one.
fn message(recent: &Recent) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in recent.backwards().take(HEAD_LINES_MAX).take_while(|line| !line.is_empty()) {
        let is_head = HEAD.is_match(&line);
        lines.insert(0, line.trim().to_owned());
        if is_head {
            return lines.join(" ");
        }
    }
    lines.pop().unwrap_or_else(|| "failed".to_owned())
}

impl Matcher for Normal {
    fn triggers(&self) -> &'static [&'static str] {
        &[" char:"]
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, recent: &Recent, out: &mut Vec<Finding>) -> bool {
        if let Some(finding) = &mut self.waiting {
            if let Some(found) = ID.captures(line) {
                finding.code = text(&found, 1);
                out.extend(self.waiting.take());
                return true;
            }
            if line.trim_start().starts_with('+') {
                return true;
            }
            out.extend(self.waiting.take());
        }
        let Some(found) = PLACE.captures(line) else { return false };
        self.waiting = Some(Finding {
            matcher: "powershell-normal".to_owned(),
            file: text(&found, 1),
            line: number(&found, 2),
            column: number(&found, 3),
            ..Finding::new(Severity::Error, message(recent))
        });
        true
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.waiting.take());
    }
}
