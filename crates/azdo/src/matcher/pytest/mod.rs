//! pytest: the place of each failure with its reason, and the lines of the short summary.
//!
//! One failure is one finding: a line of the summary is passed over when its failure was found
//! before. Of a chain of exceptions the last counts.

mod section;

use self::section::{Section, Title};
use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

static SHORT: Pattern =
    Pattern::new(r"^(?:FAILED|ERROR) ([^:]+?\.py)(?:::(\S+(?: \S+)*?))?(?: - (.*))?$");
static HEAD: Pattern = Pattern::new(r"^=+ (?:FAILURES|ERRORS) =+$");
static PLACE: Pattern =
    Pattern::new(r"^([^\s:][^:]*\.py):([0-9]+): (\w+(?:Error|Exception|Failed|Warning)\b.*)$");

/// Below a reason, exceptions with names of any form.
static ANY_PLACE: Pattern = Pattern::new(r"^([^\s:][^:]*\.py):([0-9]+): (\w+)$");

/// Failures whose line of the summary has not come yet.
const KNOWN_MAX: usize = 1_000;

const CHAINS: [&str; 2] = ["During handling of the above exception", "The above exception was"];

pub struct Pytest {
    is_short: bool,
    is_place: bool,
    /// Files and tests of failures that were found.
    known: Vec<(Option<String>, Option<String>)>,
    section: Option<Section>,
    /// Below the head of the failures or of the errors; elsewhere titles are another tool's.
    is_below: bool,
    /// Complete, unless it is only what led to the next exception.
    complete: Option<Finding>,
}

impl Pytest {
    pub fn new(is_short: bool, is_place: bool) -> Pytest {
        Pytest {
            is_short,
            is_place,
            known: Vec::new(),
            section: None,
            is_below: false,
            complete: None,
        }
    }

    fn place(&mut self, line: &str, recent: &Recent) -> Option<Finding> {
        let reason = self.section.as_ref().and_then(Section::reason);
        let any = || reason.as_ref().and_then(|_| ANY_PLACE.captures(line));
        let found = PLACE.captures(line).or_else(any)?;
        let mut message = text(&found, 3)?;
        let name: String = message.chars().take_while(|c| c.is_alphanumeric()).collect();
        let severity = match name.ends_with("Warning") {
            true => Severity::Warning,
            false => Severity::Error,
        };
        if message == name
            && let Some(explained) = reason.or_else(|| above(recent))
        {
            let explained = explained.strip_prefix(&name).unwrap_or(&explained).to_owned();
            message = format!("{name}: {}", explained.trim_start_matches([':', ' ']));
        }
        Some(Finding {
            severity,
            matcher: "pytest-loc".to_owned(),
            file: text(&found, 1),
            line: number(&found, 2),
            text: message,
            ..Finding::default()
        })
    }

    /// The failure is found; it is told when what follows is no part of its chain.
    fn complete(&mut self, mut finding: Finding) {
        let title = self.section.as_mut().map(Section::start_again);
        let (mut file, mut test) = (finding.file.clone(), None);
        match title {
            Some(Title::Collecting(collected)) => file = Some(collected),
            Some(Title::Test(name)) => {
                finding.test = Some(name.clone());
                test = Some(name);
            }
            None => {}
        }
        if finding.severity == Severity::Error {
            self.remember(file, test);
        }
        self.complete = Some(finding);
    }

    fn remember(&mut self, file: Option<String>, test: Option<String>) {
        let known = (file, test);
        if self.known.len() < KNOWN_MAX && !self.known.contains(&known) {
            self.known.push(known);
        }
    }

    /// Whether the failure of a line of the summary was found before.
    fn is_known(&mut self, file: Option<&String>, test: Option<&String>) -> bool {
        let name = test.map(|test| test.replace("::", "."));
        let at = self.known.iter().position(|(of_file, of_test)| match (of_test, &name) {
            (Some(of_test), Some(name)) => of_test == name,
            (None, _) => of_file.as_ref() == file,
            (Some(_), None) => false,
        });
        at.map(|at| self.known.swap_remove(at)).is_some()
    }

    fn release(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.complete.take());
    }

    /// What the end of a failure or of its chain showed, before the line is looked at.
    fn settle(&mut self, line: &str, out: &mut Vec<Finding>) {
        if self.complete.is_none() || line.is_empty() {
            return;
        }
        match CHAINS.iter().any(|chain| line.starts_with(chain)) {
            true => self.complete = None,
            false => self.release(out),
        }
    }

    fn summary(&mut self, line: &str, out: &mut Vec<Finding>) -> bool {
        let Some(found) = SHORT.captures(line) else { return false };
        let (file, test) = (text(&found, 1), text(&found, 2));
        if self.is_known(file.as_ref(), test.as_ref()) {
            return true;
        }
        let said = text(&found, 3).unwrap_or_else(|| "test failed".to_owned());
        let finding = Finding::new(Severity::Error, said);
        out.push(Finding { matcher: "pytest-short".to_owned(), file, test, ..finding });
        true
    }
}

/// The first of the `E   ` lines above the place of a failure, as far as they are remembered.
fn above(recent: &Recent) -> Option<String> {
    let lines = recent.backwards().skip_while(|line| line.is_empty());
    let block: Vec<String> = lines.map_while(|line| section::reason(&line)).collect();
    block.into_iter().rfind(|line| !line.is_empty())
}

impl Matcher for Pytest {
    fn triggers(&self) -> &'static [&'static str] {
        &[".py", "___ ", "= FAILURES =", "= ERRORS ="]
    }

    fn is_open(&self) -> bool {
        self.section.is_some() || self.complete.is_some()
    }

    fn line(&mut self, line: &str, recent: &Recent, out: &mut Vec<Finding>) -> bool {
        self.settle(line, out);
        if self.is_place {
            if let Some(finding) = self.place(line, recent) {
                self.complete(finding);
                return true;
            }
            if line.starts_with('=') {
                self.is_below = HEAD.is_match(line);
            }
            if let Some(title) = section::title(line).filter(|_| self.is_below) {
                if let Some(finding) = self.section.as_mut().and_then(Section::end) {
                    self.complete(finding);
                    self.release(out);
                }
                self.section = Some(Section::new(title));
                return true;
            }
            if let Some(section) = &mut self.section {
                match section.take(line) {
                    section::Step::Inside => return true,
                    section::Step::Other => {}
                    section::Step::Native => {
                        // Another matcher has it; only the summary must not tell it again.
                        if let Some(Section { title: Title::Test(test), .. }) = self.section.take()
                        {
                            self.remember(None, Some(test));
                        }
                        return false;
                    }
                    section::Step::Found(finding) => {
                        self.complete(*finding);
                        return self.line(line, recent, out);
                    }
                    section::Step::End => self.section = None,
                }
            }
        }
        self.is_short && self.summary(line, out)
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        if let Some(finding) = self.section.as_mut().and_then(Section::end) {
            self.complete(finding);
        }
        self.release(out);
    }
}
