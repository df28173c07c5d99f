//! What pytest prints of one failure below `____ name ____`: frames, lines of code, and lines
//! that begin with `E` and are the reason. In the short form the frames are the only place.

use super::super::pattern::{Pattern, number, text};
use crate::errors::{Finding, Severity};

static TITLE: Pattern = Pattern::new(
    r"^_+ (?:ERROR (collecting )?(?:(?:at|of) (?:setup|teardown|call) of )?)?(\S.*?) _+$",
);
static FRAME: Pattern = Pattern::new(r"^(\S.*\.py):([0-9]+): in .+$");
static FILE: Pattern = Pattern::new(r#"^\s*File "(.+)", line ([0-9]+)"#);

/// Lines of one failure, and lines of its reason that are kept.
const LINES_MAX: usize = 20_000;
const REASON_LINES_MAX: usize = 200;

/// What a section is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Title {
    /// `Class.test[parameters]`.
    Test(String),
    /// A file that could not be read as tests.
    Collecting(String),
}

/// What a line was to a section.
pub enum Step {
    Inside,
    Other,
    /// The failure was complete before the line.
    Found(Box<Finding>),
    /// Python's own form of stacks follows.
    Native,
    /// The section ended before the line.
    End,
}

pub struct Section {
    pub title: Title,
    /// The last frame, and the last one in a file of the project's own.
    frame: Option<(String, Option<u32>)>,
    own_frame: Option<(String, Option<u32>)>,
    reason: Vec<String>,
    lines: usize,
    is_printed: bool,
}

/// The text of a line that begins with `E`.
pub fn reason(line: &str) -> Option<String> {
    let rest = line.strip_prefix('E')?;
    (rest.is_empty() || rest.starts_with("  ")).then(|| rest.trim().to_owned())
}

pub fn title(line: &str) -> Option<Title> {
    if !line.starts_with('_') || !line.ends_with('_') {
        return None;
    }
    let found = TITLE.captures(line)?;
    let name = text(&found, 2).filter(|name| !name.starts_with("_ "))?;
    Some(match found.get(1) {
        Some(_) => Title::Collecting(name),
        None => Title::Test(name),
    })
}

/// Whether the file is told relative to where pytest runs and in no installed package.
fn is_own(file: &str) -> bool {
    let is_elsewhere = file.starts_with(['/', '<', '.']) || file.get(1..2) == Some(":");
    !is_elsewhere && !file.contains("site-packages")
}

impl Section {
    pub fn new(title: Title) -> Section {
        let (frame, own_frame, reason) = (None, None, Vec::new());
        Section { title, frame, own_frame, reason, lines: 0, is_printed: false }
    }

    pub fn take(&mut self, line: &str) -> Step {
        self.lines += 1;
        if self.lines > LINES_MAX || line.starts_with("===") {
            return match self.end() {
                Some(finding) => Step::Found(Box::new(finding)),
                None => Step::End,
            };
        }
        if let Some(reason) = reason(line) {
            if self.reason.len() < REASON_LINES_MAX {
                self.reason.push(reason);
            }
            return Step::Inside;
        }
        // Only the short form has both a frame and a reason, and nothing between it and the next.
        if let Some(finding) = self.end() {
            return Step::Found(Box::new(finding));
        }
        if let Some(found) = FRAME.captures(line) {
            self.frame = text(&found, 1).map(|file| (file, number(&found, 2)));
            if self.frame.as_ref().is_some_and(|(file, _)| is_own(file)) {
                self.own_frame = self.frame.clone();
            }
            return Step::Inside;
        }
        if line.starts_with("Traceback (most recent call last)") {
            return Step::Native;
        }
        // What the test printed stands at the end, and may be of interest to other matchers.
        self.is_printed |= line.starts_with("---");
        let is_code = line.starts_with("    ") || line.starts_with('>');
        match is_code && !self.is_printed {
            true => Step::Inside,
            false => Step::Other,
        }
    }

    /// The first line of the reason that says something.
    pub fn reason(&self) -> Option<String> {
        self.reason.iter().find(|line| !line.is_empty()).cloned()
    }

    /// A failure whose frame and reason are known.
    pub fn end(&mut self) -> Option<Finding> {
        let mut reason = self.reason()?;
        let (mut file, mut line) = self.own_frame.clone().or(self.frame.clone())?;
        // A file that Python cannot read names its place in the reason, whose end is the message.
        if let Some(found) = self.reason.iter().find_map(|line| FILE.captures(line)) {
            file = text(&found, 1)?;
            line = number(&found, 2);
            reason = self.reason.iter().rfind(|line| !line.is_empty()).cloned()?;
        }
        if reason.starts_with("assert ") {
            reason = format!("AssertionError: {reason}");
        }
        let matcher = "pytest-loc".to_owned();
        Some(Finding { matcher, file: Some(file), line, ..Finding::new(Severity::Error, reason) })
    }

    /// Forgets the failure that is found; another may follow, of a chain of exceptions.
    pub fn start_again(&mut self) -> Title {
        (self.frame, self.own_frame) = (None, None);
        self.reason.clear();
        self.title.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_name_tests_and_files() {
        let test = |name: &str| Some(Title::Test(name.to_owned()));
        for (line, want) in [
            ("_____ test_bad _____", test("test_bad")),
            ("_____ TestX.test_in[a b] _____", test("TestX.test_in[a b]")),
            ("___ ERROR at setup of test_f ___", test("test_f")),
            ("___ ERROR collecting t/test_b.py ___", Some(Title::Collecting("t/test_b.py".into()))),
            ("_ _ _ _ _ _ _ _", None),
            ("__________________", None),
            ("__init__", None),
        ] {
            assert_eq!(title(line), want, "{line}");
        }
    }
}
