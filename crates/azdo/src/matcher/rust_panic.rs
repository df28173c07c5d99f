//! Panics of Rust, `thread 'main' panicked at src/main.rs:2:5:` and the message below, and the
//! failed tests of `cargo test`, of which each has a section `---- name stdout ----`.
//!
//! A test is found once: by its first panic, else by the error it returned.

use super::cargo::{self, Packages};
use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static PANIC: Pattern =
    Pattern::new(r"^thread '(.*)'(?: \([0-9]+\))? panicked at (.+):([0-9]+):([0-9]+):$");
/// Before Rust 1.73.
static OLD_PANIC: Pattern =
    Pattern::new(r"^thread '(.*)' panicked at '(.*)', (.+):([0-9]+):([0-9]+)$");
static SECTION: Pattern = Pattern::new(r"^---- (.+) stdout ----$");
static CALM: Pattern =
    Pattern::new(r"^note: (test did not panic as expected) at (.+):([0-9]+):([0-9]+)$");

/// Lines of a message that are kept, and lines of a section until its first panic.
const MESSAGE_LINES_MAX: usize = 5;
const SECTION_LINES_MAX: usize = 20_000;

#[derive(Default)]
pub struct RustPanic {
    packages: Packages,
    /// The test whose section this is, while it has no finding.
    test: Option<Finding>,
    lines: usize,
    panic: Option<(Finding, Vec<String>)>,
}

impl RustPanic {
    fn release(&mut self, out: &mut Vec<Finding>) {
        if let Some((mut finding, message)) = self.panic.take() {
            if !message.is_empty() {
                finding.text = message.join("\n");
            }
            out.push(finding);
        }
    }

    fn close(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
        out.extend(self.test.take());
    }

    fn finding(&mut self) -> Finding {
        let matcher = "rust-panic".to_owned();
        let test = self.test.take().and_then(|finding| finding.test);
        Finding { matcher, test, ..Finding::new(Severity::Error, "panicked") }
    }

    /// Whether the line begins a panic.
    fn begins(&mut self, line: &str, out: &mut Vec<Finding>) -> bool {
        let (found, groups, old) = match (PANIC.captures(line), OLD_PANIC.captures(line)) {
            (Some(found), _) => (found, [2, 3, 4], None),
            (None, Some(found)) => {
                let message = text(&found, 2);
                (found, [3, 4, 5], message)
            }
            (None, None) => return false,
        };
        self.release(out);
        let is_repeated = self.lines > 0 && self.test.is_none();
        if is_repeated {
            return true;
        }
        let mut finding = self.finding();
        let [file, line, column] = groups;
        finding.file = text(&found, file);
        finding.line = number(&found, line);
        finding.column = number(&found, column);
        finding.from_path = finding.file.as_ref().and_then(|file| self.packages.manifest(file));
        let message: Vec<String> = old.into_iter().collect();
        self.panic = Some((finding, message));
        true
    }

    /// A line below the head of a panic.
    fn message(&mut self, line: &str, out: &mut Vec<Finding>) -> bool {
        let Some((_, message)) = &mut self.panic else { return false };
        let is_end = ["note: ", "stack backtrace:"].iter().any(|end| line.starts_with(end));
        if line.is_empty() || is_end || message.len() >= MESSAGE_LINES_MAX {
            self.release(out);
            return is_end;
        }
        message.push(line.to_owned());
        true
    }

    /// A line of a test's section that is no panic.
    fn section(&mut self, line: &str, out: &mut Vec<Finding>) -> bool {
        self.lines += 1;
        if line == "failures:" || self.lines > SECTION_LINES_MAX {
            self.close(out);
            self.lines = 0;
            return false;
        }
        let Some(finding) = &mut self.test else { return false };
        if let Some(found) = CALM.captures(line) {
            finding.text = text(&found, 1).unwrap_or_default();
            finding.file = text(&found, 2);
            finding.line = number(&found, 3);
            finding.column = number(&found, 4);
        } else if line.starts_with("Error: ") {
            finding.text = line.trim().to_owned();
        } else {
            return false;
        }
        true
    }
}

impl Matcher for RustPanic {
    fn triggers(&self) -> &'static [&'static str] {
        const WORDS: [&str; 4] =
            ["panicked at ", " stdout ----", cargo::TRIGGERS[0], cargo::TRIGGERS[1]];
        &WORDS
    }

    fn is_open(&self) -> bool {
        self.panic.is_some() || self.lines > 0
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        // Others want to know the packages, too.
        if self.packages.note(line) {
            return false;
        }
        if let Some(found) = SECTION.captures(line) {
            self.close(out);
            let mut finding = Finding::new(Severity::Error, "test failed");
            finding.matcher = "rust-panic".to_owned();
            finding.test = text(&found, 1);
            self.test = Some(finding);
            self.lines = 1;
            return true;
        }
        if self.begins(line, out) || self.message(line, out) {
            return true;
        }
        self.lines > 0 && self.section(line, out)
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.close(out);
    }
}
