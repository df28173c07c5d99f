//! What bash says of the script it runs: `./build.sh: line 12: foo: command not found`.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static PLACE: Pattern = Pattern::new(r"^(.+?): line ([0-9]+): (.*)$");

pub struct Bash;

impl Matcher for Bash {
    fn triggers(&self) -> &'static [&'static str] {
        &[": line "]
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(found) = PLACE.captures(line) else { return false };
        let message = text(&found, 3).unwrap_or_default();
        let severity = match message.starts_with("warning: ") {
            true => Severity::Warning,
            false => Severity::Error,
        };
        out.push(Finding {
            matcher: "bash-set-e".to_owned(),
            file: text(&found, 1),
            line: number(&found, 2),
            ..Finding::new(severity, message)
        });
        true
    }
}
