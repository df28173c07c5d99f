//! Texts that are wrong, with everything that is reported about them.
//!
//! `ACCEPT=1` writes what is reported into the file; the difference is the review.

use super::{assert_places_inside, assert_survives_cuts, cases};
use kql::diagnostic::line_column;

/// `CODE at line:column: message`, and the help below it.
fn findings(text: &str) -> Vec<String> {
    let parsed = kql::parse(text);
    assert_places_inside(text, &parsed);
    let mut lines = Vec::new();
    for finding in parsed.diagnostics {
        let (line, column) = line_column(text, finding.span.start);
        lines.push(format!("{} at {line}:{column}: {}", finding.code, finding.message));
        lines.extend(finding.help.map(|help| format!("help: {help}")));
    }
    lines
}

#[test]
fn broken_texts_are_reported_as_expected() {
    let name = "parser/err.txt";
    let file = super::read(name);
    let mut cases = cases::cases(&file);
    assert!(cases.len() >= 60, "{} cases", cases.len());
    if std::env::var_os("ACCEPT").is_some() {
        for case in &mut cases {
            case.expected = findings(&case.text);
        }
        let path = super::corpus().join(name);
        std::fs::write(path, cases::rewrite(&file, &cases)).expect("written");
        return;
    }
    for case in &cases {
        assert_eq!(findings(&case.text), case.expected, "{}:\n{}", case.title, case.text);
        assert_ne!(case.expected, [""; 0], "{} reports nothing", case.title);
    }
}

#[test]
fn a_broken_text_cut_off_anywhere_is_read_without_a_panic() {
    for case in cases::cases(&super::read("parser/err.txt")) {
        assert_survives_cuts(&case.text, 1);
    }
}
