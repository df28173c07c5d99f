//! Messages of rustc and cargo: `error[E0425]: text`, then ` --> file:line:column`.

use super::cargo::{self, Packages};
use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static HEAD: Pattern = Pattern::new(r"^(error|warning)(?:\[([A-Z]?[A-Za-z0-9_:]+)\])?: (.+)$");
static ARROW: Pattern = Pattern::new(r"^\s+--> (.+):([0-9]+):([0-9]+)$");

/// Lines of a text before its place.
const TEXT_LINES_MAX: usize = 6;

pub struct Rustc {
    /// A head whose place has not come yet, and the lines since.
    waiting: Option<(Finding, usize)>,
    packages: Packages,
    is_strict: bool,
}

impl Rustc {
    pub fn new(is_strict: bool) -> Rustc {
        Rustc { waiting: None, packages: Packages::default(), is_strict }
    }

    /// A head without a place is a sentence such as "aborting due to 2 previous errors".
    fn give_up(&mut self, out: &mut Vec<Finding>) {
        if let Some((finding, _)) = self.waiting.take().filter(|_| !self.is_strict) {
            out.push(finding);
        }
    }
}

impl Matcher for Rustc {
    fn triggers(&self) -> &'static [&'static str] {
        const WORDS: [&str; 4] = ["error", "warning", cargo::TRIGGERS[0], cargo::TRIGGERS[1]];
        &WORDS
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if let Some((mut finding, lines)) = self.waiting.take() {
            if let Some(found) = ARROW.captures(line) {
                finding.file = text(&found, 1);
                finding.line = number(&found, 2);
                finding.column = number(&found, 3);
                finding.from_path = finding.file.as_ref().and_then(|f| self.packages.manifest(f));
                out.push(finding);
                return true;
            }
            // A note stands below the place; before it there is none, as for a failed linker.
            let is_note = line.trim_start().starts_with(['|', '=']);
            let goes_on = line.starts_with(' ') && !is_note && lines < TEXT_LINES_MAX;
            self.waiting = Some((finding, lines + 1));
            if goes_on {
                return true;
            }
            self.give_up(out);
        }
        // Others want to know the packages, too.
        if self.packages.note(line) {
            return false;
        }
        let Some(found) = HEAD.captures(line) else { return false };
        let word = text(&found, 1).unwrap_or_default();
        let finding = Finding {
            matcher: "rustc".to_owned(),
            code: text(&found, 2),
            ..Finding::new(
                Severity::from_word(&word).unwrap_or_default(),
                text(&found, 3).unwrap_or_default(),
            )
        };
        self.waiting = Some((finding, 0));
        !self.is_strict
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.give_up(out);
    }
}
