//! Jest's failures: `FAIL file`, then `● suite › test`, a text, a piece of the code and the stack.

use super::{Described, Place, failed, is_frame, own_frame};
use crate::errors::Finding;
use crate::matcher::pattern::{Pattern, number, text};
use crate::matcher::{Matcher, Recent};

static FILE: Pattern = Pattern::new(r"^\s*FAIL\s+(?:\S+\s+)??(\S+\.[cm]?[jt]sx?)(?: \(.+\))?$");
static TITLE: Pattern = Pattern::new(r"^  ● (.+)$");
/// Babel counts columns from 0.
static UNREADABLE: Pattern = Pattern::new(r"\(([0-9]+):([0-9]+)\)$");

const OF_FILE: &str = "Test suite failed to run";
/// Says nothing of the code; what does stands below `Details:`.
const ADVICE: &str = "Jest encountered an unexpected token";
const DETAILS: &str = "Details:";
const LINES_MAX: usize = 300;

#[derive(Default)]
pub struct Jest {
    file: Option<String>,
    waiting: Option<Waiting>,
}

struct Waiting {
    test: Option<String>,
    file: Option<String>,
    message: String,
    frame: Option<Place>,
    lines: usize,
}

impl Waiting {
    /// Takes a line; false when the failure ended before it.
    fn take(&mut self, line: &str) -> bool {
        self.lines += 1;
        let said = line.trim();
        if self.lines > LINES_MAX || (!line.starts_with(' ') && !said.is_empty()) {
            return false;
        }
        if is_frame(line) {
            self.frame = self.frame.take().or_else(|| own_frame(line));
        } else if said == DETAILS && self.message == ADVICE {
            self.message.clear();
        } else if self.message.is_empty() {
            self.message = said.to_owned();
        }
        true
    }

    fn finding(self) -> Finding {
        let mut finding = failed("jest", self.test);
        let place = self.frame;
        let unreadable = UNREADABLE.captures(&self.message).filter(|_| finding.test.is_none());
        let place_of_file = unreadable.map(|found| (number(&found, 1), number(&found, 2)));
        if !self.message.is_empty() {
            Described::read(&self.message).give(&mut finding);
        }
        match (place, place_of_file) {
            (Some(place), _) => place.give(&mut finding),
            (None, place) => {
                finding.file = self.file;
                finding.line = place.and_then(|(line, _)| line);
                finding.column = place.and_then(|(_, column)| column?.checked_add(1));
            }
        }
        finding
    }
}

impl Jest {
    fn release(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.waiting.take().map(Waiting::finding));
    }
}

impl Matcher for Jest {
    fn triggers(&self) -> &'static [&'static str] {
        &["FAIL ", "● "]
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if let Some(found) = TITLE.captures(line) {
            self.release(out);
            let title = text(&found, 1).unwrap_or_default();
            // Without a file before it, it is no failure but advice on the configuration.
            if self.file.is_none() || title.ends_with(':') || title == "Console" {
                return false;
            }
            self.waiting = Some(Waiting {
                test: Some(title).filter(|title| title != OF_FILE),
                file: self.file.clone(),
                message: String::new(),
                frame: None,
                lines: 0,
            });
            return true;
        }
        let file = FILE.captures(line);
        if let Some(waiting) = &mut self.waiting {
            if file.is_none() && waiting.take(line) {
                return true;
            }
            self.release(out);
        }
        if let Some(found) = file {
            self.file = text(&found, 1);
        }
        // Another runner's failures may begin the same way.
        false
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
