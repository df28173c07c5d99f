//! Make: the target whose recipe failed, which only matters where nothing of the recipe's own
//! output was understood, and what is wrong with the makefile itself.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static FAILED: Pattern = Pattern::new(concat!(
    r"^(?:\S*make(?:\.exe)?)(\[[0-9]+\])?: \*\*\* ",
    r"(\[(?:(.+?):([0-9]+): )?.+\] (?:Error|Segm|Kill|Abort|Term).*)$",
));
static STOPPED: Pattern =
    Pattern::new(r"^(?:\S*make(?:\.exe)?)(?:\[[0-9]+\])?: \*\*\* (.+?)  Stop\.$");
static UNREADABLE: Pattern = Pattern::new(r"^(\S+):([0-9]+): \*\*\* (.+?)  Stop\.$");

pub struct Make;

impl Matcher for Make {
    fn triggers(&self) -> &'static [&'static str] {
        &[": *** "]
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let mut finding = Finding::new(Severity::Error, "");
        finding.matcher = "make".to_owned();
        if let Some(found) = FAILED.captures(line) {
            finding.text = text(&found, 2).unwrap_or_default();
            finding.is_consequence = true;
            // The makefile of an inner call lies in a folder that is not known.
            if text(&found, 1).is_none() {
                finding.file = text(&found, 3);
                finding.line = number(&found, 4);
            }
        } else if let Some(found) = STOPPED.captures(line) {
            finding.text = text(&found, 1).unwrap_or_default();
        } else if let Some(found) = UNREADABLE.captures(line) {
            finding.file = text(&found, 1);
            finding.line = number(&found, 2);
            finding.text = text(&found, 3).unwrap_or_default();
        } else {
            return false;
        }
        out.push(finding);
        true
    }
}
