//! What node prints of an exception nobody caught: a place, the line of code, a caret below it,
//! the error with its stack, and its properties in braces.

use super::{Described, MESSAGE_LINES_MAX, Place, is_frame, own_frame, path};
use crate::errors::{Finding, Severity};
use crate::matcher::pattern::{Pattern, number, text};
use crate::matcher::{Matcher, Recent};

static HEAD: Pattern = Pattern::new(r"^(?:# )?((?:/|[A-Za-z]:[\\/]|file://|node:|\[).*):([0-9]+)$");
static CODE: Pattern = Pattern::new(r"^  code: '(.+?)',?$");
static CAUSE: Pattern = Pattern::new(r"^  \[cause\]: (.+?)(?: \{)?$");
static IMPORTER: Pattern = Pattern::new(r" imported from (.+)$");

const REJECTED: &str = "The promise rejected with the reason ";

/// Lines of one exception; stacks and properties can be long.
const LINES_MAX: usize = 500;

#[derive(Default)]
pub struct Node {
    waiting: Option<Waiting>,
}

struct Waiting {
    head: Place,
    /// The first frame in a file of the program's own.
    frame: Option<Place>,
    message: Vec<String>,
    code: Option<String>,
    cause: Option<String>,
    part: Part,
    lines: usize,
}

#[derive(PartialEq)]
enum Part {
    Message,
    /// Lines of the message that say no more, up to the stack.
    Skipped,
    Stack,
    Properties,
}

impl Waiting {
    /// Takes a line; false when the exception ended before it.
    fn take(&mut self, line: &str) -> bool {
        self.lines += 1;
        let is_end = line.starts_with("Node.js v") || line.starts_with("(Use `node --trace");
        if self.lines > LINES_MAX || is_end {
            return false;
        }
        match self.part {
            Part::Properties => {
                if let Some(found) = CODE.captures(line) {
                    self.code = self.code.take().or(text(&found, 1));
                } else if let Some(found) = CAUSE.captures(line) {
                    self.cause = self.cause.take().or(text(&found, 1));
                }
                line != "}"
            }
            _ if is_frame(line) => {
                self.part = Part::Stack;
                self.frame = self.frame.take().or_else(|| own_frame(line));
                self.open_braces(line);
                true
            }
            Part::Message => {
                if line == "Require stack:" {
                    self.part = Part::Skipped;
                } else if !line.is_empty() && self.message.len() < MESSAGE_LINES_MAX {
                    self.message.push(line.to_owned());
                }
                true
            }
            Part::Skipped => true,
            Part::Stack => {
                let is_left_out = line.trim_start().starts_with("... ");
                self.open_braces(line);
                is_left_out
            }
        }
    }

    fn open_braces(&mut self, line: &str) {
        if line.ends_with(" {") {
            self.part = Part::Properties;
        }
    }

    fn finding(self) -> Finding {
        let mut finding = Finding::new(Severity::Error, "");
        finding.matcher = "node".to_owned();
        let message = self.message.join("\n");
        let (first, rest) = message.split_once('\n').unwrap_or((&message, ""));
        let mut described = Described::read(first);
        if !rest.is_empty() {
            described.text = format!("{}\n{rest}", described.text);
        }
        // What stands before it is the same for all.
        if let Some(at) = described.text.find(REJECTED) {
            described.text = described.text.split_off(at);
        }
        described.code = described.code.or(self.code);
        let importer = IMPORTER.captures(first).and_then(|found| text(&found, 1));
        described.give(&mut finding);
        if finding.text.is_empty() {
            finding.text = "uncaught exception".to_owned();
        }
        if let Some(cause) = self.cause {
            finding.text = format!("{} (cause: {cause})", finding.text);
        }
        let is_own = !["node:", "["].iter().any(|p| self.head.file.starts_with(p))
            && !self.head.file.contains("node_modules");
        let head = Some(self.head).filter(|_| is_own);
        match (head.or(self.frame), importer) {
            (Some(place), _) => place.give(&mut finding),
            (None, importer) => finding.file = importer.map(|file| path(&file)),
        }
        finding
    }
}

impl Node {
    fn release(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.waiting.take().map(Waiting::finding));
    }
}

impl Matcher for Node {
    fn triggers(&self) -> &'static [&'static str] {
        &["^"]
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, recent: &Recent, out: &mut Vec<Finding>) -> bool {
        // A runner of tests prints what its files print as comments of its protocol.
        let line = line.strip_prefix("# ").unwrap_or(line);
        if let Some(waiting) = &mut self.waiting {
            if waiting.take(line) {
                return true;
            }
            self.release(out);
            return line == "}";
        }
        let carets = line.trim();
        if carets.is_empty() || !carets.chars().all(|c| c == '^') {
            return false;
        }
        let head = recent.back(2);
        let Some(found) = HEAD.captures(&head) else { return false };
        let (Some(file), Some(number)) = (text(&found, 1), number(&found, 2)) else {
            return false;
        };
        let before = line.chars().take_while(|c| *c != '^').count();
        let column = u32::try_from(before + 1).unwrap_or(1);
        let head = Place { file: path(&file), line: number, column };
        self.waiting = Some(Waiting {
            head,
            frame: None,
            message: Vec::new(),
            code: None,
            cause: None,
            part: Part::Message,
            lines: 0,
        });
        true
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
