//! `node --test` as it prints for people: all failed tests stand once more below
//! `✖ failing tests:`, each with its place, its error and the stack.

use super::{Described, MESSAGE_LINES_MAX, Place, failed, is_frame, own_frame, place};
use crate::errors::Finding;
use crate::matcher::pattern::{Pattern, text};
use crate::matcher::{Matcher, Recent};

static TITLE: Pattern = Pattern::new(r"^✖ (.+?) \([0-9.]+ms\)(?: # (?i:todo|skip)\b.*)?$");

/// What a file is said to have failed of when it did so outside of its tests.
const OF_FILE: &str = "'test failed'";

#[derive(Default)]
pub struct NodeTest {
    /// Below the head of the failed tests.
    is_inside: bool,
    location: Option<Place>,
    waiting: Option<Waiting>,
}

struct Waiting {
    test: Option<String>,
    location: Option<Place>,
    frame: Option<Place>,
    message: Vec<String>,
    is_stack: bool,
    is_told: bool,
}

impl Waiting {
    fn take(&mut self, line: &str) {
        if is_frame(line) {
            self.is_stack = true;
            self.frame = self.frame.take().or_else(|| own_frame(line));
        } else if !self.is_stack && self.message.len() < MESSAGE_LINES_MAX {
            let said = line.trim();
            self.message.extend(Some(said.to_owned()).filter(|said| !said.is_empty()));
        }
    }

    fn finding(self) -> Option<Finding> {
        let mut finding = failed("node-test", self.test);
        let message = self.message.join("\n");
        finding.is_consequence = message == OF_FILE;
        if !message.is_empty() && !finding.is_consequence {
            let (first, rest) = message.split_once('\n').unwrap_or((&message, ""));
            let mut described = Described::read(first);
            if !rest.is_empty() {
                described.text = format!("{}\n{rest}", described.text);
            }
            described.give(&mut finding);
        }
        if let Some(place) = self.frame.or(self.location) {
            place.give(&mut finding);
        }
        self.is_told.then_some(finding)
    }
}

impl NodeTest {
    fn release(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.waiting.take().and_then(Waiting::finding));
    }
}

impl Matcher for NodeTest {
    fn triggers(&self) -> &'static [&'static str] {
        &["failing tests:"]
    }

    fn is_open(&self) -> bool {
        self.is_inside
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if line == "✖ failing tests:" {
            self.is_inside = true;
            return true;
        }
        if let Some(location) = line.strip_prefix("test at ") {
            self.release(out);
            self.location = place(location);
            return true;
        }
        if let Some(found) = TITLE.captures(line) {
            self.release(out);
            self.waiting = Some(Waiting {
                test: text(&found, 1),
                location: self.location.take(),
                frame: None,
                message: Vec::new(),
                is_stack: false,
                is_told: line.ends_with("ms)"),
            });
            return true;
        }
        if line.is_empty() || line.starts_with(' ') {
            if let Some(waiting) = &mut self.waiting {
                waiting.take(line);
            }
            return true;
        }
        self.release(out);
        self.is_inside = false;
        false
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
