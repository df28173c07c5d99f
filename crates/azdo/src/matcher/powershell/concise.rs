//! The concise view: `Command: file:line`, then `Line |` and a block whose last lines, behind a
//! bar and without a number, are the message.

use crate::errors::{Finding, Severity};
use crate::matcher::pattern::{Pattern, number, text};
use crate::matcher::{Matcher, Recent};

static HEAD: Pattern = Pattern::new(r"^([\w.-]+): (.+\.psm?1):([0-9]+)$");
static BLOCK: Pattern = Pattern::new(r"^(?:Line|\s*[0-9]*) \|(.*)$");
static CODE_LINE: Pattern = Pattern::new(r"^(?:Line|\s*[0-9]+) \|");

const LINES_MAX: usize = 30;

#[derive(Default)]
pub struct Concise {
    waiting: Option<(Finding, Vec<String>)>,
}

impl Concise {
    fn release(&mut self, out: &mut Vec<Finding>) {
        if let Some((mut finding, lines)) = self.waiting.take() {
            if !lines.is_empty() {
                finding.text = lines.join(" ");
            }
            out.push(finding);
        }
    }
}

impl Matcher for Concise {
    fn triggers(&self) -> &'static [&'static str] {
        &[".ps1:", ".psm1:"]
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if let Some((_, lines)) = &mut self.waiting {
            if let Some(found) = BLOCK.captures(line).filter(|_| lines.len() < LINES_MAX) {
                let said = text(&found, 1).unwrap_or_default();
                let is_mark = said.chars().all(|c| c == '~');
                if !is_mark && !CODE_LINE.is_match(line) {
                    lines.push(said);
                }
                return true;
            }
            self.release(out);
        }
        let Some(found) = HEAD.captures(line) else { return false };
        let command = text(&found, 1).unwrap_or_default();
        let finding = Finding {
            matcher: "powershell-concise".to_owned(),
            file: text(&found, 2),
            line: number(&found, 3),
            ..Finding::new(Severity::Error, format!("{command} failed"))
        };
        self.waiting = Some((finding, Vec::new()));
        true
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
