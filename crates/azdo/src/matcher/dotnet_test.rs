//! `dotnet test`: the head of a failed test, its message and the first place of its stack.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static HEAD: Pattern = Pattern::new(r"^\s*Failed (.+) \[(.+)\]$");
static FRAME: Pattern = Pattern::new(r"^\s+at .+ in (.+):line ([0-9]+)$");

const LINES_MAX: usize = 60;
/// Lines of a test's message that are kept.
const MESSAGE_LINES_MAX: usize = 5;

#[derive(Default)]
pub struct DotnetTest {
    waiting: Option<Waiting>,
}

struct Waiting {
    finding: Finding,
    message: Vec<String>,
    section: Section,
    lines: usize,
}

#[derive(PartialEq)]
enum Section {
    Head,
    Message,
    Stack,
}

impl DotnetTest {
    fn release(&mut self, out: &mut Vec<Finding>) {
        if let Some(mut waiting) = self.waiting.take() {
            if !waiting.message.is_empty() {
                waiting.finding.text = waiting.message.join("\n");
            }
            out.push(waiting.finding);
        }
    }
}

impl Waiting {
    /// Takes a line of the test's report; false when it is none.
    fn take(&mut self, line: &str) -> bool {
        self.lines += 1;
        match line.trim() {
            "Error Message:" => self.section = Section::Message,
            "Stack Trace:" => self.section = Section::Stack,
            "" => return self.section == Section::Message,
            _ if !line.starts_with(' ') || self.lines > LINES_MAX => return false,
            said => match self.section {
                Section::Head => return false,
                Section::Message if self.message.len() < MESSAGE_LINES_MAX => {
                    self.message.push(said.to_owned());
                }
                Section::Message => {}
                Section::Stack => {
                    let Some(found) = FRAME.captures(line) else { return true };
                    self.finding.file = text(&found, 1);
                    self.finding.line = number(&found, 2);
                    // The place is known; what follows adds nothing.
                    self.lines = LINES_MAX;
                }
            },
        }
        true
    }
}

impl Matcher for DotnetTest {
    fn triggers(&self) -> &'static [&'static str] {
        &["Failed "]
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let head = HEAD.captures(line);
        if head.is_none()
            && let Some(waiting) = &mut self.waiting
        {
            if waiting.take(line) {
                return true;
            }
            self.release(out);
        }
        let Some(found) = head else { return false };
        self.release(out);
        let finding = Finding {
            matcher: "dotnet-test".to_owned(),
            test: text(&found, 1),
            ..Finding::new(Severity::Error, "test failed")
        };
        let (message, section) = (Vec::new(), Section::Head);
        self.waiting = Some(Waiting { finding, message, section, lines: 0 });
        true
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
