//! Tracebacks of Python: the last frame is the place, the line below the frames the message.
//! A traceback "during handling" of another or "caused by" it replaces that: one error per cause.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static FRAME: Pattern = Pattern::new(r#"^\s*File "(.+)", line ([0-9]+)(?:, in (.+))?$"#);
static MESSAGE: Pattern = Pattern::new(r"^([A-Za-z_][\w.]*)(?:: ?(.*))?$");

const CHAINS: [&str; 2] = ["During handling of the above exception", "The above exception was"];
/// Lines of one traceback; deep recursions are shortened by Python itself.
const LINES_MAX: usize = 2_000;

#[derive(Default)]
pub struct Traceback {
    /// The last frame, inside a traceback.
    frame: Option<Finding>,
    lines: usize,
    /// Complete, unless it is only what led to the next.
    complete: Option<Finding>,
    /// After the head of a traceback.
    is_inside: bool,
}

impl Traceback {
    fn release(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.complete.take());
    }

    fn inside(&mut self, line: &str) -> bool {
        self.lines += 1;
        if self.lines > LINES_MAX {
            self.leave();
            return false;
        }
        if let Some(found) = FRAME.captures(line) {
            // `<string>`, `<frozen importlib._bootstrap>` and the like are no files.
            let file = text(&found, 1).filter(|file| !file.starts_with('<'));
            if file.is_some() || self.frame.is_none() {
                self.frame = Some(Finding {
                    matcher: "python-traceback".to_owned(),
                    line: file.is_some().then(|| number(&found, 2)).flatten(),
                    file,
                    ..Finding::default()
                });
            }
            return true;
        }
        if line.starts_with([' ', '\t']) || line.is_empty() {
            return true;
        }
        let (Some(mut finding), Some(found)) = (self.frame.take(), MESSAGE.captures(line)) else {
            self.leave();
            return false;
        };
        finding.severity = Severity::Error;
        finding.code = text(&found, 1);
        finding.text = text(&found, 2).or_else(|| text(&found, 1)).unwrap_or_default();
        self.complete = Some(finding);
        self.leave();
        true
    }

    fn leave(&mut self) {
        self.is_inside = false;
        self.frame = None;
        self.lines = 0;
    }
}

impl Matcher for Traceback {
    fn triggers(&self) -> &'static [&'static str] {
        &["Traceback (most recent call last)", "File \""]
    }

    fn is_open(&self) -> bool {
        self.is_inside || self.complete.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if self.is_inside && self.inside(line) {
            return true;
        }
        if self.complete.is_some() {
            if line.is_empty() {
                return true;
            }
            if CHAINS.iter().any(|chain| line.starts_with(chain)) {
                self.complete = None;
                return true;
            }
            self.release(out);
        }
        // A syntax error has frames and no head.
        if line.trim_start().starts_with("Traceback (most recent call last)") {
            self.is_inside = true;
            return true;
        }
        if FRAME.is_match(line) {
            self.is_inside = true;
            return self.inside(line);
        }
        false
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
        self.leave();
    }
}
