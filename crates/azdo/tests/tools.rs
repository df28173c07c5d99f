//! Outputs of tools in `tests/azdo/tools`, `NAME.txt`, with what all matchers together find in
//! them in `NAME.found`: a line each of matcher, severity, place, code, test, origin and text.
//!
//! `ACCEPT=1` writes what is found; the difference is the review.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end at what it does not expect")]

use std::fs;
use std::path::PathBuf;

use azdo::errors::Finding;
use azdo::errors::paths::Folders;
use azdo::matcher::{Lines, Matchers, Selection};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/azdo/tools")
}

fn find(text: &str) -> Vec<Finding> {
    let mut matchers = Matchers::new(&Selection::all()).unwrap();
    let (mut out, mut lines) = (Vec::new(), Lines::default());
    lines.feed(text.as_bytes(), |line| matchers.line(line, &mut out));
    lines.end(|line| matchers.line(line, &mut out));
    matchers.end(&mut out);
    out
}

fn shown(finding: &Finding) -> String {
    let mut line = format!("{} {}", finding.matcher, finding.severity.word());
    if let Some(file) = &finding.file {
        let folders = Folders { working: "/w".into(), repository: "/w".into() };
        line.push_str(&format!(" {}", folders.place(file, finding.from_path.as_deref())));
    }
    for number in [finding.line, finding.column].into_iter().flatten() {
        line.push_str(&format!(":{number}"));
    }
    if let Some(code) = &finding.code {
        line.push_str(&format!(" <{code}>"));
    }
    if let Some(test) = &finding.test {
        line.push_str(&format!(" {{{test}}}"));
    }
    if let Some(origin) = &finding.origin {
        line.push_str(&format!(" ({origin})"));
    }
    format!("{line} | {}\n", finding.text.replace('\n', "\\n"))
}

#[test]
fn errors_of_tools_are_found_once_with_their_place() {
    let accepts = std::env::var_os("ACCEPT").is_some();
    let mut names: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    names.sort();
    assert!(names.len() > 30, "{}", names.len());
    let mut differ = Vec::new();
    for name in names {
        let text = fs::read_to_string(&name).unwrap();
        let found: String = find(&text).iter().map(shown).collect();
        // The same output as Windows ends its lines.
        assert_eq!(find(&text.replace('\n', "\r\n")).iter().map(shown).collect::<String>(), found);
        let wanted = name.with_extension("found");
        if accepts {
            fs::write(&wanted, &found).unwrap();
        } else if fs::read_to_string(&wanted).unwrap_or_default() != found {
            differ.push(format!("{}:\n{found}", name.display()));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
