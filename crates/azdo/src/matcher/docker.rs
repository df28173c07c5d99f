//! `docker build`: the one line that says which step failed.

use super::pattern::{Pattern, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static FAILED: Pattern = Pattern::new(r"^ERROR: failed to (?:solve|build): (.*)$");

pub struct Docker;

impl Matcher for Docker {
    fn triggers(&self) -> &'static [&'static str] {
        &["ERROR: failed to"]
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(found) = FAILED.captures(line) else { return false };
        out.push(Finding {
            matcher: "docker".to_owned(),
            ..Finding::new(Severity::Error, text(&found, 1).unwrap_or_default())
        });
        true
    }
}
