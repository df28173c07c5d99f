//! Errors of the TypeScript compiler, plain and as it prints them on terminals.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static PLAIN: Pattern =
    Pattern::new(r"^([^\s].*)\(([0-9]+),([0-9]+)\): (error|warning) (TS[0-9]+): (.*)$");
static PRETTY: Pattern =
    Pattern::new(r"^([^\s].*?):([0-9]+):([0-9]+) - (error|warning) (TS[0-9]+): (.*)$");

pub struct Tsc;

impl Matcher for Tsc {
    fn triggers(&self) -> &'static [&'static str] {
        &["error TS", "warning TS"]
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(found) = PLAIN.captures(line).or_else(|| PRETTY.captures(line)) else {
            return false;
        };
        let word = text(&found, 4).unwrap_or_default();
        out.push(Finding {
            severity: Severity::from_word(&word).unwrap_or_default(),
            matcher: "tsc".to_owned(),
            file: text(&found, 1),
            line: number(&found, 2),
            column: number(&found, 3),
            code: text(&found, 5),
            text: text(&found, 6).unwrap_or_default(),
            ..Finding::default()
        });
        true
    }
}
