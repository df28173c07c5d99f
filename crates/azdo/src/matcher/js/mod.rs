//! Exceptions and failed tests of JavaScript, and what their outputs have in common: frames of
//! stacks, file URLs, and `Name [CODE]: text`.

pub mod jest;
pub mod mocha;
pub mod node;
pub mod node_test;
pub mod tap;
pub mod vitest;

use super::pattern::{Pattern, text};
use crate::errors::{Finding, Severity};

static DESCRIBED: Pattern = Pattern::new(
    r"^(?:Uncaught )?(\w*(?:Error|Exception|Rejection))(?: \[([\w-]+)\])?(?:: (.*))?$",
);

/// Lines of a message that are kept.
const MESSAGE_LINES_MAX: usize = 5;

/// A place in a file, as stacks name it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: String,
    line: u32,
    column: u32,
}

impl Place {
    fn give(self, finding: &mut Finding) {
        finding.file = Some(self.file);
        finding.line = Some(self.line);
        finding.column = Some(self.column);
    }
}

/// `file:line:column`.
fn place(text: &str) -> Option<Place> {
    let (rest, column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    Some(Place { file: path(file), line, column })
}

/// The place of a frame, `at name (file:line:column)` or `at file:line:column`; none where it is
/// in node itself or in a package.
fn own_frame(line: &str) -> Option<Place> {
    let line = line.trim().trim_start_matches("at ").trim_start_matches("async ");
    let inside = line.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    let found = place(inside.map_or(line, |(_, inside)| inside))?;
    let is_own = !["node:", "<", "["].iter().any(|p| found.file.starts_with(p))
        && !found.file.contains("node_modules")
        && !found.file.is_empty();
    is_own.then_some(found)
}

fn is_frame(line: &str) -> bool {
    line.starts_with([' ', '\t']) && line.trim_start().starts_with("at ")
}

/// The path of a `file:` URL; other texts as they are.
fn path(text: &str) -> String {
    let Some(path) = text.strip_prefix("file://") else { return text.to_owned() };
    // The path of a drive begins behind the slash: `file:///C:/a.js`.
    let drive = path.strip_prefix('/').filter(|rest| rest.get(1..3) == Some(":/"));
    drive.unwrap_or(path).replace("%20", " ")
}

/// An error as node prints it, taken apart.
#[derive(Debug, Default)]
struct Described {
    name: Option<String>,
    code: Option<String>,
    text: String,
}

impl Described {
    /// Reads `Name [CODE]: text`; other lines are all text.
    fn read(line: &str) -> Described {
        let line = line.trim();
        let Some(found) = DESCRIBED.captures(line) else {
            return Described { text: line.to_owned(), ..Described::default() };
        };
        let name = text(&found, 1);
        let said = text(&found, 3).or_else(|| name.clone()).unwrap_or_default();
        Described { name, code: text(&found, 2), text: said }
    }

    /// The name is the code where the error has no better one; `Error` itself says nothing.
    fn give(self, finding: &mut Finding) {
        let name = self.name.filter(|name| name != "Error");
        finding.text = match (&name, &self.code) {
            (Some(name), Some(_)) if *name != self.text => format!("{name}: {}", self.text),
            _ => self.text,
        };
        finding.code = self.code.or(name);
    }
}

/// A failed test of which nothing is known but its name.
fn failed(matcher: &str, test: Option<String>) -> Finding {
    let finding = Finding::new(Severity::Error, "test failed");
    Finding { matcher: matcher.to_owned(), test, ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_packages_and_of_node_are_not_own() {
        let own = |line: &str| own_frame(line).map(|p| (p.file, p.line, p.column));
        for (line, want) in [
            ("    at f (/w/a.js:2:9)", Some(("/w/a.js".to_owned(), 2, 9))),
            ("    at file:///w/a%20b.mjs:1:7", Some(("/w/a b.mjs".to_owned(), 1, 7))),
            ("    at async file:///C:/w/a.mjs:1:7", Some(("C:/w/a.mjs".to_owned(), 1, 7))),
            ("    at f (/w/node_modules/x/a.js:2:9)", None),
            ("    at node:internal/main:28:49", None),
            ("    at new Promise (<anonymous>)", None),
            ("    at [eval]:1:7", None),
        ] {
            assert_eq!(own(line), want, "{line}");
        }
    }

    #[test]
    fn names_are_codes_unless_there_is_a_better_one() {
        for (line, code, text) in [
            ("Error: x", None, "x"),
            ("TypeError: x: y", Some("TypeError"), "x: y"),
            ("Error [E_X]: y", Some("E_X"), "y"),
            ("AssertionError [ERR_ASSERTION]: y", Some("ERR_ASSERTION"), "AssertionError: y"),
            ("RangeError", Some("RangeError"), "RangeError"),
            ("just text", None, "just text"),
        ] {
            let mut finding = Finding::default();
            Described::read(line).give(&mut finding);
            assert_eq!((finding.code.as_deref(), finding.text.as_str()), (code, text), "{line}");
        }
    }
}
