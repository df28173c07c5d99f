//! Errors and warnings in the output of tools, found as it streams by
//! (spec azure-devops.md §6.3; vectors in `tests/azdo/synthetic/error-lines.json`).
//!
//! A line is looked at closely only when it holds a word some matcher waits for, or while a
//! matcher is inside a message of several lines. Of several matchers the first in order that
//! understands a line has it.
//!
//! Invariants: bounded memory, whatever the output; linear time, whatever the patterns.

mod ansi;
mod bash;
mod cargo;
mod cmake;
mod docker;
mod dotnet_test;
mod eslint;
mod go;
mod javac;
mod js;
mod lines;
mod linker;
mod make;
mod msbuild;
mod npm;
mod pattern;
mod powershell;
pub mod problem;
mod pytest;
mod python;
mod recent;
mod rust_panic;
mod rustc;
mod terraform;
mod tsc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

pub use self::ansi::strip;
pub use self::lines::{LINE_BYTES_MAX, Lines};
use self::problem::ProblemMatcher;
use self::recent::Recent;
use crate::errors::{Finding, Severity};

/// Most matchers that can be told apart.
const MATCHERS_MAX: usize = 128;

/// A bit for each matcher.
type Set = u128;

/// Marks that colour a line in logs of Azure Pipelines; they are no commands.
const MARKS: [&str; 2] = ["##[error]", "##[warning]"];

/// What one matcher does; it is asked only about lines that may concern it.
trait Matcher: Send {
    /// Words of which one must stand in a line, in any letter case; none: it looks at each line.
    fn triggers(&self) -> &'static [&'static str];

    /// Whether it is inside a message and wants the next line whatever it holds.
    fn is_open(&self) -> bool {
        false
    }

    /// Looks at a line; whether the line is its own.
    fn line(&mut self, line: &str, recent: &Recent, out: &mut Vec<Finding>) -> bool;

    /// The output has ended.
    fn end(&mut self, _out: &mut Vec<Finding>) {}
}

/// The built-in matchers by name, in the order they are asked.
pub const NAMES: [&str; 27] = [
    "rustc",
    "rust-panic",
    "tsc",
    "eslint-stylish",
    "pytest-short",
    "pytest-loc",
    "python-traceback",
    "node",
    "node-test",
    "tap",
    "mocha",
    "jest",
    "vitest",
    "go-vet-build",
    "go-test",
    "gradle-javac",
    "linker",
    "bash-set-e",
    "powershell-normal",
    "powershell-concise",
    "dotnet-test",
    "cmake",
    "docker",
    "terraform",
    "npm",
    "make",
    "msbuild",
];

/// Which matchers look at an output.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Names of built-in ones.
    pub names: Vec<&'static str>,
    /// Asked before the built-in ones.
    pub problems: Vec<ProblemMatcher>,
    /// Whether MSBuild's form, which any sentence with `error:` has, also needs a place or a code.
    pub is_strict: bool,
}

impl Selection {
    /// All built-in matchers.
    pub fn all() -> Selection {
        Selection { names: NAMES.to_vec(), problems: Vec::new(), is_strict: true }
    }

    /// None at all.
    pub fn none() -> Selection {
        Selection { names: Vec::new(), problems: Vec::new(), is_strict: true }
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.problems.is_empty()
    }
}

/// Why matchers cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} matchers are too many: at most {MATCHERS_MAX} can look at one output")]
    TooMany(usize),
    #[error("the words of the matchers cannot be searched for: {0}")]
    Words(#[from] aho_corasick::BuildError),
}

/// The matchers of one output, in the middle of it.
pub struct Matchers {
    matchers: Vec<Box<dyn Matcher>>,
    words: AhoCorasick,
    /// For each word the matchers that wait for it, a bit each.
    waiting: Vec<Set>,
    /// Those that look at each line.
    always: Set,
    /// Those inside a message.
    open: Set,
    recent: Recent,
    has_errors: bool,
    /// The first that only tells that something before it failed; it waits for better ones.
    consequence: Option<Finding>,
}

impl Matchers {
    pub fn new(selection: &Selection) -> Result<Matchers, Error> {
        let mut matchers: Vec<Box<dyn Matcher>> = Vec::new();
        for problem in &selection.problems {
            matchers.push(Box::new(problem.clone()));
        }
        let is_chosen = |name: &str| selection.names.contains(&name);
        let (is_short, is_place) = (is_chosen("pytest-short"), is_chosen("pytest-loc"));
        if is_short || is_place {
            matchers.push(Box::new(pytest::Pytest::new(is_short, is_place)));
        }
        for name in NAMES.iter().filter(|name| is_chosen(name)) {
            if let Some(matcher) = built_in(name, selection.is_strict) {
                matchers.push(matcher);
            }
        }
        if matchers.len() > MATCHERS_MAX {
            return Err(Error::TooMany(matchers.len()));
        }
        let mut words: Vec<&'static str> = Vec::new();
        let mut waiting: Vec<Set> = Vec::new();
        let mut always: Set = 0;
        for (at, matcher) in matchers.iter().enumerate() {
            if matcher.triggers().is_empty() {
                always |= 1 << at;
            }
            for trigger in matcher.triggers() {
                match words.iter().position(|word| word == trigger) {
                    Some(known) => waiting.iter_mut().skip(known).take(1).for_each(|w| {
                        *w |= 1 << at;
                    }),
                    None => {
                        words.push(trigger);
                        waiting.push(1 << at);
                    }
                }
            }
        }
        let words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(words)?;
        Ok(Matchers {
            matchers,
            words,
            waiting,
            always,
            open: 0,
            recent: Recent::default(),
            has_errors: false,
            consequence: None,
        })
    }

    /// Looks at a line of the output, given without its end; findings are added to `out`.
    pub fn line(&mut self, raw: &[u8], out: &mut Vec<Finding>) {
        let open = self.open;
        let mut wanted = self.always;
        if self.words.is_match(raw) {
            for found in self.words.find_overlapping_iter(raw) {
                wanted |= self.waiting.get(found.pattern().as_usize()).copied().unwrap_or(0);
            }
        }
        if open | wanted != 0 {
            let before = out.len();
            self.look(raw, open, wanted & !open, out);
            self.keep_back(before, out);
        }
        self.recent.push(raw);
    }

    fn look(&mut self, raw: &[u8], open: Set, wanted: Set, out: &mut Vec<Finding>) {
        let text = String::from_utf8_lossy(raw);
        let text = strip(&text);
        // A progress display rewrites its line; what stands there in the end is the last part.
        let text = text.trim_end_matches('\r');
        let text = text.rsplit_once('\r').map_or(text, |(_, last)| last);
        let text = MARKS.iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text);
        for chosen in [open, wanted] {
            for (at, matcher) in self.matchers.iter_mut().enumerate() {
                if chosen & (1 << at) == 0 {
                    continue;
                }
                let is_its_own = matcher.line(text, &self.recent, out);
                self.open = self.open & !(1 << at) | Set::from(matcher.is_open()) << at;
                if is_its_own {
                    return;
                }
            }
        }
    }

    /// The output has ended: messages that were waiting for more are found as they are.
    pub fn end(&mut self, out: &mut Vec<Finding>) {
        let before = out.len();
        self.matchers.iter_mut().for_each(|matcher| matcher.end(out));
        self.keep_back(before, out);
        out.extend(self.consequence.take());
    }

    /// Takes consequences out of what was found from `before` on.
    fn keep_back(&mut self, before: usize, out: &mut Vec<Finding>) {
        if out.len() == before {
            return;
        }
        for finding in out.extract_if(before.., |finding| finding.is_consequence) {
            self.consequence.get_or_insert(finding);
        }
        self.has_errors |= out.iter().skip(before).any(|f| f.severity == Severity::Error);
        if self.has_errors {
            self.consequence = None;
        }
    }
}

fn built_in(name: &str, is_strict: bool) -> Option<Box<dyn Matcher>> {
    Some(match name {
        "rustc" => Box::new(rustc::Rustc::new(is_strict)),
        "rust-panic" => Box::new(rust_panic::RustPanic::default()),
        "tsc" => Box::new(tsc::Tsc),
        "eslint-stylish" => Box::new(eslint::Eslint::default()),
        "python-traceback" => Box::new(python::Traceback::default()),
        "node" => Box::new(js::node::Node::default()),
        "node-test" => Box::new(js::node_test::NodeTest::default()),
        "tap" => Box::new(js::tap::Tap::default()),
        "mocha" => Box::new(js::mocha::Mocha::default()),
        "jest" => Box::new(js::jest::Jest::default()),
        "vitest" => Box::new(js::vitest::Vitest::default()),
        "go-vet-build" => Box::new(go::Build),
        "go-test" => Box::new(go::Test),
        "gradle-javac" => Box::new(javac::Javac),
        "linker" => Box::new(linker::Linker::default()),
        "bash-set-e" => Box::new(bash::Bash),
        "powershell-normal" => Box::new(powershell::normal::Normal::default()),
        "powershell-concise" => Box::new(powershell::concise::Concise::default()),
        "dotnet-test" => Box::new(dotnet_test::DotnetTest::default()),
        "cmake" => Box::new(cmake::Cmake::default()),
        "docker" => Box::new(docker::Docker),
        "terraform" => Box::new(terraform::Terraform::default()),
        "make" => Box::new(make::Make),
        "npm" => Box::new(npm::Npm::default()),
        "msbuild" => Box::new(msbuild::Msbuild::new(is_strict)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
