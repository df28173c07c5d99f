//! Go: `go build` and `go vet` name a place, `go test` a test.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static PLACE: Pattern =
    Pattern::new(r"^(?:vet: )?((?:[A-Za-z]:)?\.{0,2}[\w./\\-]+\.go):([0-9]+)(?::([0-9]+))?: (.*)$");
static FAILED: Pattern = Pattern::new(r"^--- FAIL: (\S+) \(([0-9.]+)s\)$");

pub struct Build;

impl Matcher for Build {
    fn triggers(&self) -> &'static [&'static str] {
        &[".go:"]
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(found) = PLACE.captures(line) else { return false };
        out.push(Finding {
            matcher: "go-vet-build".to_owned(),
            file: text(&found, 1),
            line: number(&found, 2),
            column: number(&found, 3),
            ..Finding::new(Severity::Error, text(&found, 4).unwrap_or_default())
        });
        true
    }
}

pub struct Test;

impl Matcher for Test {
    fn triggers(&self) -> &'static [&'static str] {
        &["--- FAIL: "]
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(found) = FAILED.captures(line) else { return false };
        out.push(Finding {
            matcher: "go-test".to_owned(),
            test: text(&found, 1),
            ..Finding::new(Severity::Error, "test failed")
        });
        true
    }
}
