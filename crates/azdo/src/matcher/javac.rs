//! javac, also as Gradle and Ant print it: `A.java:10: error: text`.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static PLACE: Pattern = Pattern::new(r"^(.+\.java):([0-9]+): (error|warning): (.*)$");

pub struct Javac;

impl Matcher for Javac {
    fn triggers(&self) -> &'static [&'static str] {
        &[".java:"]
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(found) = PLACE.captures(line) else { return false };
        let word = text(&found, 3).unwrap_or_default();
        out.push(Finding {
            matcher: "gradle-javac".to_owned(),
            // Ant's `[javac] ` stands in front of what the compiler said.
            file: text(&found, 1).map(|file| file.trim_start_matches("[javac] ").to_owned()),
            line: number(&found, 2),
            ..Finding::new(
                Severity::from_word(&word).unwrap_or_default(),
                text(&found, 4).unwrap_or_default(),
            )
        });
        true
    }
}
