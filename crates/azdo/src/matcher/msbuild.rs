//! MSBuild's canonical form of errors, which compilers, linkers and many other tools print:
//! `origin(line,column): subcategory error CODE: text`, and `file:line:column: error: text` of
//! GCC and Clang (docs.microsoft.com: "MSBuild and Visual Studio format for diagnostic messages").

use super::{Matcher, Recent};
use crate::errors::{Finding, Severity};

/// MSBuild itself looks no further for where a message begins.
const HEAD_CHARS_MAX: usize = 400;

pub struct Msbuild {
    is_strict: bool,
}

impl Msbuild {
    pub fn new(is_strict: bool) -> Msbuild {
        Msbuild { is_strict }
    }
}

impl Matcher for Msbuild {
    fn triggers(&self) -> &'static [&'static str] {
        &["error", "warning"]
    }

    fn line(&mut self, line: &str, _: &Recent, out: &mut Vec<Finding>) -> bool {
        let Some(mut finding) = parse(line) else { return false };
        if self.is_strict && !is_certain(&finding) {
            return false;
        }
        finding.matcher = "msbuild".to_owned();
        finding.from_path = project(&finding.text).map(str::to_owned);
        // NuGet and the SDK speak of whole projects: `/w/a.csproj : error NU1101: text`.
        if finding.file.is_none() && finding.origin.as_deref().is_some_and(is_project) {
            finding.file = finding.origin.take();
        }
        // The SDK's own files are no place to look at.
        let is_sdk = finding.code.as_deref().is_some_and(|code| code.starts_with("NETSDK"));
        if is_sdk && finding.from_path.is_some() {
            finding.file = finding.from_path.take();
            (finding.line, finding.column) = (None, None);
        }
        out.push(finding);
        true
    }
}

/// With a place, or a code of capital letters and digits, it is no sentence of a human.
fn is_certain(finding: &Finding) -> bool {
    let is_code = |code: &String| {
        let digits = code.trim_start_matches(|c: char| c.is_ascii_uppercase());
        digits.len() < code.len()
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_ascii_digit())
    };
    finding.line.is_some() || finding.code.as_ref().is_some_and(is_code)
}

/// The project that MSBuild names at the end of a text: `… [folder/a.csproj::Framework=net9.0]`.
fn project(text: &str) -> Option<&str> {
    let (_, project) = text.strip_suffix(']')?.rsplit_once(" [")?;
    let project = project.split("::").next()?;
    project.ends_with("proj").then_some(project)
}

fn is_project(origin: &str) -> bool {
    ["proj", ".sln", ".slnx", ".props", ".targets"].iter().any(|end| origin.ends_with(end))
}

/// A severity, the code behind it, and the text behind both.
type Category<'a> = (Severity, Option<&'a str>, &'a str);

/// What MSBuild recognises in a line.
pub fn parse(line: &str) -> Option<Finding> {
    let head_end = line.char_indices().nth(HEAD_CHARS_MAX).map_or(line.len(), |(at, _)| at);
    canonical(line, head_end).or_else(|| colons(line, head_end))
}

/// `[origin:] [subcategory ]error|warning[ code] : text`.
fn canonical(line: &str, head_end: usize) -> Option<Finding> {
    let start = line.len() - line.trim_start().len();
    for colon in origin_ends(line, start) {
        if let Some((word, found)) = category(line, colon + 1, head_end) {
            let mut finding = read(found);
            finding.subcategory = filled(line.get(colon + 1..word)?);
            place(line.get(start..colon)?, &mut finding);
            return Some(finding);
        }
    }
    let (word, found) = category(line, start, head_end)?;
    let mut finding = read(found);
    finding.subcategory = filled(line.get(start..word)?);
    Some(finding)
}

/// Where the origin may end: at the first colon, or, where that is a drive's, rather at the second.
fn origin_ends(line: &str, start: usize) -> impl Iterator<Item = usize> {
    let rest = line.get(start..).unwrap_or_default();
    let mut colons = rest.match_indices(':').map(|(at, _)| at + start);
    let (first, second) = (colons.next(), colons.next());
    let drive = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let drive = match drive.strip_prefix('>') {
        Some(drive) => drive,
        None => rest,
    };
    let mut chars = drive.chars();
    let is_drive =
        chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':');
    let second = second.filter(|_| is_drive);
    second.into_iter().chain(first)
}

/// The first `error` or `warning` from `from` on, before the next colon, that is followed by an
/// optional code and a colon: where it stands and its severity with what follows it.
fn category(line: &str, from: usize, head_end: usize) -> Option<(usize, Category<'_>)> {
    let rest = line.get(from..)?;
    let limit = rest.find(':')? + from;
    let mut at = from;
    while at < limit.min(head_end) {
        let next = line.get(at..limit)?.find(['e', 'E', 'w', 'W'])?;
        at += next;
        let starts = at == from || line.get(..at).is_some_and(|before| before.ends_with(' '));
        if starts && let Some(found) = word_at(line.get(at..)?) {
            return Some((at, found));
        }
        at += 1;
    }
    None
}

fn word_at(text: &str) -> Option<Category<'_>> {
    for severity in [Severity::Error, Severity::Warning] {
        let word = severity.word();
        let Some((head, rest)) = text.split_at_checked(word.len()) else { continue };
        if !head.eq_ignore_ascii_case(word) {
            continue;
        }
        let after = rest.trim_start();
        if let Some(text) = after.strip_prefix(':') {
            return Some((severity, None, text));
        }
        // A code is set apart by a blank.
        if !rest.starts_with(' ') {
            continue;
        }
        let end = after.find([':', ' '])?;
        let (code, rest) = after.split_at_checked(end)?;
        if let Some(text) = rest.trim_start().strip_prefix(':') {
            return Some((severity, Some(code), text));
        }
    }
    None
}

fn read((severity, code, text): Category<'_>) -> Finding {
    let code = code.and_then(filled);
    Finding { severity, code, text: text.trim().to_owned(), ..Finding::default() }
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Reads `7>file(line,column)`, or takes the origin as the name of a tool.
fn place(origin: &str, finding: &mut Finding) {
    let origin = origin.trim();
    let numbered = origin.trim_start_matches(|c: char| c.is_ascii_digit());
    let origin = match numbered.strip_prefix('>') {
        Some(rest) if numbered.len() < origin.len() => rest,
        _ => origin,
    };
    let parts = origin.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    if let Some((file, location)) = parts
        && let Some([line, column, end_line, end_column]) = self::location(location)
    {
        finding.file = filled(file);
        finding.line = line;
        finding.column = column;
        finding.end_line = end_line;
        finding.end_column = end_column;
        return;
    }
    finding.origin = filled(origin);
}

/// `l`, `l-l`, `l,c`, `l,c-c` or `l,c,l,c` as line, column, end line and end column.
fn location(text: &str) -> Option<[Option<u32>; 4]> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let range = |text: &str| -> Option<(u32, Option<u32>)> {
        match text.split_once('-') {
            Some((from, to)) => Some((number(from)?, Some(number(to)?))),
            None => Some((number(text)?, None)),
        }
    };
    let parts: Vec<&str> = text.split(',').collect();
    match parts.as_slice() {
        [line] => {
            let (line, end) = range(line)?;
            Some([Some(line), None, end, None])
        }
        [line, column] => {
            let (column, end) = range(column)?;
            Some([Some(number(line)?), Some(column), None, end])
        }
        [line, column, end_line, end_column] => Some([
            Some(number(line)?),
            Some(number(column)?),
            Some(number(end_line)?),
            Some(number(end_column)?),
        ]),
        _ => None,
    }
}

/// `file:line:column: error: text`; also `fatal error`, as compilers say of missing headers.
fn colons(line: &str, head_end: usize) -> Option<Finding> {
    for (word, severity, subcategory) in [
        (": error:", Severity::Error, None),
        (": warning:", Severity::Warning, None),
        (": fatal error:", Severity::Error, Some("fatal")),
    ] {
        let Some(at) = line.find(word).filter(|at| *at < head_end) else { continue };
        let (place, text) = line.split_at_checked(at)?;
        let mut parts = place.rsplitn(3, ':');
        let column = parts.next().and_then(|part| part.parse().ok());
        let number = parts.next().and_then(|part| part.parse().ok());
        let (Some(column), Some(number), Some(file)) = (column, number, parts.next()) else {
            continue;
        };
        return Some(Finding {
            severity,
            subcategory: subcategory.map(str::to_owned),
            file: filled(file),
            line: Some(number),
            column: Some(column),
            text: text.get(word.len()..)?.trim().to_owned(),
            ..Finding::default()
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_with_the_word_are_not_errors() {
        for line in [
            "PASS: no error here: really",
            "Error: the word alone",
            "error: linking failed",
            "note: an error (see below): x",
        ] {
            assert!(!parse(line).is_some_and(|f| is_certain(&f)), "{line}");
        }
        for line in ["error MSB1009: x", "a(1): error : x", "a.c:1:2: error: x"] {
            assert!(is_certain(&parse(line).unwrap()), "{line}");
        }
    }

    #[test]
    fn missing_headers_are_errors_and_projects_are_seen() {
        let finding = parse("src/a.c:1:10: fatal error: foo.h: No such file").unwrap();
        assert_eq!(finding.file.as_deref(), Some("src/a.c"));
        assert_eq!(finding.text, "foo.h: No such file");
        assert_eq!(project("text [/w/a.csproj::TargetFramework=net9.0]"), Some("/w/a.csproj"));
        assert_eq!(project("text [-Wunused]"), None);
    }

    #[test]
    fn any_text_is_survived() {
        for line in ["", ":", "::", "error", "error ", "error x", "é: error é", "C:", "1>C:", "(:"]
        {
            let _ = parse(line);
        }
    }
}
