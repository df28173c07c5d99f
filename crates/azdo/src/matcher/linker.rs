//! Linkers of the GNU family and LLVM's: what they miss or find twice, with the file and function
//! that wants it. What the compiler says after them is only a consequence.

use super::cargo::{self, Packages};
use super::pattern::{Pattern, number, text};
use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

/// rustc prints the linker's lines inside a note of its own.
static SAID: Pattern = Pattern::new(concat!(
    r"^\s*(?:= note: )?(?:\S*\bld(?:\.\w+)?: )?",
    r"(?:(.+?):)?(?:([0-9]+): (?:error: )?|\([^()]*\+0x[0-9a-f]+\): )",
    r"((?:undefined reference to|multiple definition of) .+)$",
));
static FUNCTION: Pattern =
    Pattern::new(r"^\s*(?:= note: )?(?:\S*\bld(?:\.\w+)?: )?(.+): in function [`'](.+)':$");
static MISSING: Pattern =
    Pattern::new(r"^\s*(?:= note: )?\S*\bld(?:\.\w+)?: (cannot (?:find|open) .+)$");
static LLVM: Pattern =
    Pattern::new(r"^\s*(?:= note: )?(?:\S*\bld64\.lld|\S*\bld\.lld|\S*\brust-lld): error: (.+)$");
static REFERENCE: Pattern = Pattern::new(
    r"^\s*>>> (?:referenced by|defined at) (?:(?:.* \()?([^()]+?):([0-9]+)\)?|(\S+))$",
);
static CONSEQUENCE: Pattern = Pattern::new(
    r"^(?:collect2(?:\.exe)?|\S*clang\S*|cc|gcc): (?:fatal )?error: ((?:ld|linker) .+)$",
);

#[derive(Default)]
pub struct Linker {
    /// The file and function that the next lines are about.
    function: Option<(String, String)>,
    /// An error of LLVM's whose place has not come yet.
    waiting: Option<Finding>,
    packages: Packages,
}

impl Linker {
    /// Inside a note of rustc's, which is indented, paths begin where rustc's do.
    fn resolve(&self, line: &str, finding: &mut Finding) {
        if line.starts_with(' ') {
            finding.from_path = finding.file.as_ref().and_then(|f| self.packages.manifest(f));
        }
    }

    fn release(&mut self, out: &mut Vec<Finding>) {
        out.extend(self.waiting.take());
    }
}

fn error(text: String) -> Finding {
    Finding { matcher: "linker".to_owned(), ..Finding::new(Severity::Error, text) }
}

/// The source of `lib.a(x.o):x.c`; objects and archives themselves are no place to look at.
fn source(place: &str) -> Option<String> {
    let after = [".o:", ".o):", ".obj:"]
        .iter()
        .find_map(|end| place.rsplit_once(end).map(|(_, source)| source));
    let source = after.unwrap_or(place).trim();
    let is_object = [".o", ".o)", ".obj", ".a"].iter().any(|end| source.ends_with(end));
    (!is_object && !source.is_empty()).then(|| source.to_owned())
}

/// Objects of a compiler's own have another name each time, which would make each time a new
/// error; the source behind them is kept.
fn without_objects(said: &str) -> String {
    let parts = said.split_once("; ").zip(said.rfind(": first defined here"));
    let Some(((twice, _), end)) = parts else { return said.to_owned() };
    let first = said.get(twice.len() + 2..end).unwrap_or_default();
    match source(first) {
        Some(source) => format!("{twice}; {source}: first defined here"),
        None => twice.to_owned(),
    }
}

impl Matcher for Linker {
    fn triggers(&self) -> &'static [&'static str] {
        const WORDS: [&str; 9] = [
            "undefined ref",
            "multiple def",
            ": in func",
            "ld: cannot ",
            "lld: err",
            "collect2",
            "linker comm",
            cargo::TRIGGERS[0],
            cargo::TRIGGERS[1],
        ];
        &WORDS
    }

    fn is_open(&self) -> bool {
        self.waiting.is_some()
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        if let Some(mut finding) = self.waiting.take() {
            if let Some(found) = REFERENCE.captures(line) {
                finding.file = text(&found, 1);
                finding.line = number(&found, 2);
                if finding.file.is_none() {
                    finding.file = text(&found, 3).and_then(|file| source(&file));
                }
                self.resolve(line, &mut finding);
                out.push(finding);
                return true;
            }
            out.push(finding);
        }
        if self.packages.note(line) {
            return false;
        }
        if let Some(found) = FUNCTION.captures(line) {
            self.function = text(&found, 1).zip(text(&found, 2));
            return true;
        }
        if let Some(found) = SAID.captures(line) {
            let said = without_objects(&text(&found, 3).unwrap_or_default());
            let mut finding = match &self.function {
                Some((_, function)) => error(format!("{said} in function `{function}'")),
                None => error(said),
            };
            finding.file = text(&found, 1).and_then(|place| source(&place));
            finding.line = finding.file.as_ref().and(number(&found, 2));
            self.resolve(line, &mut finding);
            out.push(finding);
            return true;
        }
        if let Some(found) = LLVM.captures(line) {
            self.waiting = Some(error(text(&found, 1).unwrap_or_default()));
            return true;
        }
        if let Some(found) = MISSING.captures(line) {
            out.push(error(text(&found, 1).unwrap_or_default()));
            return true;
        }
        let Some(found) = CONSEQUENCE.captures(line) else { return false };
        self.function = None;
        let finding = error(text(&found, 1).unwrap_or_default());
        out.push(Finding { is_consequence: true, ..finding });
        true
    }

    fn end(&mut self, out: &mut Vec<Finding>) {
        self.release(out);
    }
}
