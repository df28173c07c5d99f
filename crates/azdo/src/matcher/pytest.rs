//! pytest: the place at the end of each failure, and the lines of the short summary.
//!
//! One failure is one finding: a line of the summary is passed over when the place of a failure
//! in its file was found before.

use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static SHORT: Pattern =
    Pattern::new(r"^(?:FAILED|ERROR) ([^:]+?\.py)(?:::(\S+(?: \S+)*?))?(?: - (.*))?$");
static PLACE: Pattern =
    Pattern::new(r"^([^\s:][^:]*\.py):([0-9]+): (\w+(?:Error|Exception|Failed|Warning)\b.*)$");

/// Failures whose line of the summary has not come yet.
const PLACES_MAX: usize = 1_000;

pub struct Pytest {
    is_short: bool,
    is_place: bool,
    /// Files of failures found by their place.
    places: Vec<String>,
}

impl Pytest {
    pub fn new(is_short: bool, is_place: bool) -> Pytest {
        Pytest { is_short, is_place, places: Vec::new() }
    }

    fn place(&mut self, line: &str, recent: &Recent) -> Option<Finding> {
        let found = PLACE.captures(line)?;
        let file = text(&found, 1)?;
        let mut message = text(&found, 3)?;
        let name: String = message.chars().take_while(|c| c.is_alphanumeric()).collect();
        let severity = match name.ends_with("Warning") {
            true => Severity::Warning,
            false => Severity::Error,
        };
        if message == name
            && let Some(explained) = explanation(recent)
        {
            let explained = explained.strip_prefix(&name).unwrap_or(&explained).to_owned();
            message = format!("{name}: {}", explained.trim_start_matches([':', ' ']));
        }
        if severity == Severity::Error && self.places.len() < PLACES_MAX {
            self.places.push(file.clone());
        }
        Some(Finding {
            severity,
            matcher: "pytest-loc".to_owned(),
            file: Some(file),
            line: number(&found, 2),
            text: message,
            ..Finding::default()
        })
    }
}

/// The first of the `E   ` lines above the place of a failure.
fn explanation(recent: &Recent) -> Option<String> {
    let lines = recent.backwards().skip_while(|line| line.is_empty());
    let block: Vec<String> = lines
        .map_while(|line| line.strip_prefix("E  ").map(|text| text.trim().to_owned()))
        .collect();
    block.into_iter().rfind(|line| !line.is_empty())
}

impl Matcher for Pytest {
    fn triggers(&self) -> &'static [&'static str] {
        &[".py"]
    }

    fn line(&mut self, line: &str, recent: &Recent, out: &mut Vec<Finding>) -> bool {
        if self.is_place
            && let Some(finding) = self.place(line, recent)
        {
            out.push(finding);
            return true;
        }
        if !self.is_short {
            return false;
        }
        let Some(found) = SHORT.captures(line) else { return false };
        let file = text(&found, 1);
        let known = self.places.iter().position(|place| Some(place) == file.as_ref());
        if let Some(at) = known {
            self.places.swap_remove(at);
            return true;
        }
        out.push(Finding {
            matcher: "pytest-short".to_owned(),
            file,
            test: text(&found, 2),
            ..Finding::new(
                Severity::Error,
                text(&found, 3).unwrap_or_else(|| "test failed".to_owned()),
            )
        });
        true
    }
}
