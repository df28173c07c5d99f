//! What shells say of the script they run: `./build.sh: line 12: foo: command not found`, and
//! without the word `line` those such as dash.
//!
//! A syntax error is one error: the line of code that bash prints after it is no second one.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static PLACE: Pattern = Pattern::new(r"^(.+?): line ([0-9]+): (.*)$");

static SHORT_PLACE: Pattern = Pattern::new(concat!(
    r"^([^\s:]+): ([0-9]+): ",
    r"(Syntax error: .*|\S+: (?:not found|parameter not set|Permission denied))$",
));
static SHELL: Pattern = Pattern::new(r"^(?:\S*/)?((?:ba|da|k|z|a)?sh)(?:: -c)?$");

pub struct Bash;

/// Whether the line before told the syntax error that this line of code is for.
fn is_code(place: &str, message: &str, recent: &Recent) -> bool {
    message.starts_with('`')
        && recent.back(1).strip_prefix(place).is_some_and(|told| told.starts_with("syntax error"))
}

impl Matcher for Bash {
    fn triggers(&self) -> &'static [&'static str] {
        &[": line ", "tax error: ", ": not found", "ter not set", "ion denied"]
    }

    fn line(&mut self, line: &str, recent: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(found) = PLACE.captures(line).or_else(|| SHORT_PLACE.captures(line)) else {
            return false;
        };
        let message = text(&found, 3).unwrap_or_default();
        let place = line.strip_suffix(&message).unwrap_or_default();
        if is_code(place, &message, recent) {
            return true;
        }
        let severity = match message.starts_with("warning: ") {
            true => Severity::Warning,
            false => Severity::Error,
        };
        let mut finding = Finding::new(severity, message);
        finding.matcher = "bash-set-e".to_owned();
        finding.file = text(&found, 1);
        finding.line = number(&found, 2);
        // A command given in the call, or read from standard input, is in no file.
        if let Some(shell) = finding.file.as_deref().and_then(|file| SHELL.captures(file)) {
            finding.origin = text(&shell, 1);
            (finding.file, finding.line) = (None, None);
        }
        out.push(finding);
        true
    }
}
