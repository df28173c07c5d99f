//! The Test Anything Protocol: `not ok 3 - name`, then an optional block of YAML between `---`
//! and `...` (testanything.org), of which the members of node's runner are read.
//!
//! A test that its author marks as still to be done may fail; one that failed because of its parts
//! adds nothing to them.

use super::{Described, MESSAGE_LINES_MAX, Place, failed, own_frame, place};
use crate::errors::Finding;
use crate::matcher::pattern::{Pattern, text};
use crate::matcher::{Matcher, Recent};

static HEAD: Pattern = Pattern::new(r"^(\s*)not ok\b(?: [0-9]+)?(?: -)?(?: (.*?))?\s*$");
static DIRECTIVE: Pattern = Pattern::new(r"(?i) # (?:todo|skip)\b");
static MEMBER: Pattern = Pattern::new(r"^\s*(\w+): ?(.*)$");

const LINES_MAX: usize = 300;

#[derive(Default)]
pub struct Tap {
    waiting: Option<Waiting>,
}

struct Waiting {
    test: Option<String>,
    /// Blanks before the test's own line; its block has more.
    indent: usize,
    is_inside: bool,
    /// The member whose text goes on below it.
    member: String,
    message: Vec<String>,
    name: Option<String>,
    code: Option<String>,
    location: Option<Place>,
    frame: Option<Place>,
    is_told: bool,
    is_consequence: bool,
    lines: usize,
}

impl Waiting {
    fn new(test: Option<String>, indent: usize, is_told: bool) -> Waiting {
        Waiting {
            test,
            indent,
            is_inside: false,
            member: String::new(),
            message: Vec::new(),
            name: None,
            code: None,
            location: None,
            frame: None,
            is_told,
            is_consequence: false,
            lines: 0,
        }
    }

    /// Takes a line of the block; false when it is none.
    fn take(&mut self, line: &str) -> bool {
        self.lines += 1;
        let said = line.trim();
        let depth = line.len() - line.trim_start().len();
        if !self.is_inside {
            self.is_inside = said == "---";
            return self.is_inside;
        }
        if said == "..." || self.lines > LINES_MAX || (depth <= self.indent && !said.is_empty()) {
            return false;
        }
        match MEMBER.captures(line).filter(|_| depth <= self.indent + 2) {
            Some(found) => {
                self.member = text(&found, 1).unwrap_or_default();
                let value = text(&found, 2).unwrap_or_default();
                self.value(&unquoted(&value));
            }
            None => self.goes_on(said),
        }
        true
    }

    fn value(&mut self, value: &str) {
        match self.member.as_str() {
            "location" => self.location = place(value),
            "failureType" => self.is_told &= value != "subtestsFailed",
            "exitCode" => self.is_consequence = true,
            "code" if value != "ERR_TEST_FAILURE" => self.code = Some(value.to_owned()),
            "name" => self.name = Some(value.to_owned()),
            "error" | "message" if !value.starts_with(['|', '>']) => {
                self.message.push(value.to_owned());
            }
            _ => {}
        }
    }

    fn goes_on(&mut self, said: &str) {
        match self.member.as_str() {
            "error" | "message" if self.message.len() < MESSAGE_LINES_MAX => {
                self.message.extend(Some(said.to_owned()).filter(|said| !said.is_empty()));
            }
            "stack" => self.frame = self.frame.take().or_else(|| own_frame(said)),
            _ => {}
        }
    }

    fn finding(self) -> Option<Finding> {
        let mut finding = failed("tap", self.test);
        let text = self.message.join("\n");
        if !text.is_empty() {
            Described { name: self.name, code: self.code, text }.give(&mut finding);
        }
        if let Some(place) = self.frame.or(self.location) {
            place.give(&mut finding);
        }
        finding.is_consequence = self.is_consequence;
        self.is_told.then_some(finding)
    }
}

/// A scalar of YAML without its quotes.
fn unquoted(value: &str) -> String {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    match (inner('\''), inner('"')) {
        (Some(text), _) => text.replace("''", "'"),
        (None, Some(text)) => text.replace("\\\"", "\""),
        (None, None) => value.to_owned(),
    }
}

impl Tap {
    fn release(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.waiting.take().and_then(Waiting::finding));
    }
}

impl Matcher for Tap {
    fn triggers(&self) -> &'static [&'static str] {
        &["not ok"]
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if let Some(waiting) = &mut self.waiting {
            if waiting.take(line) {
                return true;
            }
            self.release(out);
        }
        let Some(found) = HEAD.captures(line) else { return false };
        let indent = found.get(1).map_or(0, |blanks| blanks.len());
        let title = text(&found, 2);
        let is_told =
            !title.as_deref().is_some_and(|title| DIRECTIVE.is_match(&format!(" {title}")));
        self.waiting = Some(Waiting::new(title, indent, is_told));
        true
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
