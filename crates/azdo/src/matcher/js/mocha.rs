//! Mocha's failures: below `2 failing` each has a number, the titles of its suites and its own
//! with a colon behind it, then the error and the stack.

use super::{Described, Place, failed, is_frame, own_frame};
use crate::errors::Finding;
use crate::matcher::pattern::{Pattern, text};
use crate::matcher::{Matcher, Recent};

static HEAD: Pattern = Pattern::new(r"^\s+[0-9]+ failing$");
static FIRST: Pattern = Pattern::new(r"^  [0-9]+\) (.+)$");
/// A test that took too long has no stack; its file stands behind the text.
static FILE: Pattern = Pattern::new(r"^(.+) \(([^()]+\.[cm]?[jt]sx?)\)$");

/// Lines of one failure: differences of values can be long.
const LINES_MAX: usize = 500;

#[derive(Default)]
pub struct Mocha {
    /// Lines since the last head; none outside.
    lines: Option<usize>,
    waiting: Option<Waiting>,
}

#[derive(Default)]
struct Waiting {
    titles: Vec<String>,
    is_titled: bool,
    message: Option<String>,
    frame: Option<Place>,
}

impl Waiting {
    fn title(&mut self, title: &str) {
        let title = title.trim();
        self.is_titled = title.ends_with(':');
        self.titles.push(title.trim_end_matches(':').to_owned());
    }

    fn take(&mut self, line: &str) {
        if line.trim().is_empty() {
            self.is_titled = true;
        } else if !self.is_titled {
            self.title(line);
        } else if is_frame(line) {
            self.frame = self.frame.take().or_else(|| own_frame(line));
        } else if let Some(message) = &mut self.message {
            // "Expected values to be strictly equal:" says which below.
            if message.ends_with(':') {
                message.push(' ');
                message.push_str(line.trim());
            }
        } else {
            self.message = Some(line.trim().to_owned());
        }
    }

    fn finding(self) -> Finding {
        let mut finding = failed("mocha", Some(self.titles.join(" ")));
        if let Some(message) = self.message {
            let found = FILE.captures(&message);
            let said = found.as_ref().and_then(|found| text(found, 1));
            finding.file = found.as_ref().and_then(|found| text(found, 2));
            Described::read(said.as_ref().unwrap_or(&message)).give(&mut finding);
        }
        if let Some(place) = self.frame {
            place.give(&mut finding);
        }
        finding
    }
}

impl Mocha {
    fn release(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.waiting.take().map(Waiting::finding));
    }
}

impl Matcher for Mocha {
    fn triggers(&self) -> &'static [&'static str] {
        &[" failing"]
    }

    fn is_open(&self) -> bool {
        self.lines.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if HEAD.is_match(line) {
            self.release(out);
            self.lines = Some(0);
            return true;
        }
        let Some(lines) = &mut self.lines else { return false };
        *lines += 1;
        if *lines > LINES_MAX {
            self.lines = None;
            self.release(out);
            return false;
        }
        if let Some(found) = FIRST.captures(line) {
            self.release(out);
            self.lines = Some(0);
            let mut waiting = Waiting::default();
            waiting.title(&text(&found, 1).unwrap_or_default());
            self.waiting = Some(waiting);
            return true;
        }
        match &mut self.waiting {
            Some(waiting) if waiting.titles.len() < 50 => {
                waiting.take(line);
                true
            }
            _ => false,
        }
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
