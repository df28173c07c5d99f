//! The lines of one output stream of the child: findings, commands it prints itself, whether to
//! try again, and the last line.
//!
//! Invariant: bounded memory; nothing here waits for anything.

use azdo::command::{azure, github};
use azdo::errors::{Finding, Severity};
use azdo::matcher::{Lines, Matchers, strip};
use memchr::memmem::Finder;
use regex::Regex;

/// What a piece of output held.
#[derive(Debug, Default)]
pub struct Seen {
    pub findings: Vec<Finding>,
    /// Issues the child reported itself.
    pub commands: Vec<Severity>,
    /// Values it told the service to mask.
    pub secrets: Vec<String>,
    pub wants_retry: bool,
}

/// The scanner of one stream.
pub struct Scan {
    lines: Lines,
    looker: Looker,
}

struct Looker {
    matchers: Option<Matchers>,
    azure: Finder<'static>,
    retry_on: Option<Regex>,
    keeps_last: bool,
    last: Vec<u8>,
}

impl Scan {
    /// `keeps_last`: whether the last line of this stream is told when the child fails.
    pub fn new(matchers: Option<Matchers>, retry_on: Option<Regex>, keeps_last: bool) -> Scan {
        let azure = Finder::new(azure::PREFIX);
        let looker = Looker { matchers, azure, retry_on, keeps_last, last: Vec::new() };
        Scan { lines: Lines::default(), looker }
    }

    /// Looks at what came.
    pub fn feed(&mut self, bytes: &[u8], seen: &mut Seen) {
        let looker = &mut self.looker;
        self.lines.feed(bytes, |line| looker.line(line, seen));
    }

    /// The stream has ended. Lines that were too long to be looked at whole.
    pub fn end(&mut self, seen: &mut Seen) -> u64 {
        let looker = &mut self.looker;
        self.lines.end(|line| looker.line(line, seen));
        if let Some(matchers) = &mut looker.matchers {
            matchers.end(&mut seen.findings);
        }
        std::mem::take(&mut self.lines.cut)
    }

    /// The last line that is neither blank nor a command.
    pub fn last_line(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.looker.last);
        let text = strip(&text).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

impl Looker {
    fn line(&mut self, line: &[u8], seen: &mut Seen) {
        if let Some(retry_on) = &self.retry_on {
            seen.wants_retry |= retry_on.is_match(&strip(&String::from_utf8_lossy(line)));
        }
        let has_azure = self.azure.find(line).is_some();
        if is_command(line, has_azure, seen) {
            return;
        }
        // What was meant as a command may hold a secret, also when the service cannot read it.
        if self.keeps_last && !has_azure && !line.trim_ascii().is_empty() {
            self.last.clear();
            self.last.extend_from_slice(line);
        }
        if let Some(matchers) = &mut self.matchers {
            matchers.line(line, &mut seen.findings);
        }
    }
}

/// Commands of either dialect are the service's; those with issues are counted, and secrets
/// remembered.
fn is_command(line: &[u8], has_azure: bool, seen: &mut Seen) -> bool {
    if has_azure && let Some(command) = azure::parse(&String::from_utf8_lossy(line)) {
        seen.commands.extend(command.issue_severity());
        seen.secrets.extend(command.secret().map(str::to_owned));
        return true;
    }
    if line.trim_ascii_start().starts_with(github::PREFIX.as_bytes())
        && let Some(command) = github::parse(&String::from_utf8_lossy(line))
    {
        seen.commands.extend(command.issue_severity());
        seen.secrets.extend(command.secret().map(str::to_owned));
        return true;
    }
    false
}
