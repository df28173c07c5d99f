//! Vitest's failures: ` FAIL  file > suite > test` once or more, the error, then `❯ place`.

use super::{Described, Place, failed, place};
use crate::errors::Finding;
use crate::matcher::pattern::{Pattern, text};
use crate::matcher::{Matcher, Recent};

static HEAD: Pattern = Pattern::new(
    r"^\s*FAIL\s+(?:\|[^|]+\|\s+)?(\S+?\.[cm]?[jt]sx?)(?: > (.+?))?(?: \[ .+ \])?\s*$",
);

/// Tests that failed of one error, and lines of it.
const TESTS_MAX: usize = 20;
const LINES_MAX: usize = 200;

#[derive(Default)]
pub struct Vitest {
    /// Files and tests; empty outside of a failure.
    tests: Vec<(Option<String>, Option<String>)>,
    message: Option<String>,
    lines: usize,
}

impl Vitest {
    fn release(&mut self, found: Option<Place>, out: &mut Vec<Finding>) {
        let message = self.message.take();
        self.lines = 0;
        for (file, test) in std::mem::take(&mut self.tests) {
            // Without an error it is another runner's line.
            let Some(message) = &message else { continue };
            let mut finding = failed("vitest", test);
            finding.file = file;
            Described::read(message).give(&mut finding);
            if let Some(place) = found.clone() {
                place.give(&mut finding);
            }
            out.push(finding);
        }
    }
}

impl Matcher for Vitest {
    fn triggers(&self) -> &'static [&'static str] {
        &[" FAIL "]
    }

    fn is_open(&self) -> bool {
        !self.tests.is_empty()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if let Some(found) = HEAD.captures(line) {
            if self.message.is_some() || self.tests.len() >= TESTS_MAX {
                self.release(None, out);
            }
            self.tests.push((text(&found, 1), text(&found, 2)));
            return true;
        }
        if self.tests.is_empty() {
            return false;
        }
        self.lines += 1;
        let said = line.trim();
        let is_other = self.message.is_none() && said.starts_with('●');
        if is_other || self.lines > LINES_MAX || said.starts_with("⎯⎯⎯") {
            self.release(None, out);
            return false;
        }
        let frame = said.strip_prefix("❯ ").map(|rest| rest.rsplit(' ').next().unwrap_or(rest));
        if let Some(found) = frame.and_then(place) {
            if !found.file.contains("node_modules") {
                self.release(Some(found), out);
            }
        } else if self.message.is_none() && !said.is_empty() {
            self.message = Some(said.to_owned());
        }
        true
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(None, out);
    }
}
