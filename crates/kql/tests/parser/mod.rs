//! The parser over the corpus in `tests/kql`: good texts, broken texts, recorded queries.

mod broken;
pub mod cases;
mod good;
mod limits;
mod literals;
mod precedence;
mod recorded;

use std::path::PathBuf;

use kql::Parsed;
use kql::diagnostic::Span;

/// The folder of the corpus.
pub fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/kql")
}

pub fn read(name: &str) -> String {
    let path = corpus().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("reading {}: {e}", path.display()))
}

/// Every place a tree or a finding names lies in the text, on character boundaries.
fn assert_places_inside(text: &str, parsed: &Parsed) {
    let inside = |span: Span| text.get(span.start..span.end).is_some();
    for finding in &parsed.diagnostics {
        assert!(inside(finding.span), "{finding:?} in {text:?}");
    }
    // Every span of the tree, found in its debug text: nothing there prints digits like this.
    let tree = format!("{:?}", parsed.query);
    for part in tree.split("Span { start: ").skip(1) {
        let numbers: Vec<usize> = part
            .split(|c: char| !c.is_ascii_digit())
            .filter(|digits| !digits.is_empty())
            .take(2)
            .map(|digits| digits.parse().expect("a number"))
            .collect();
        assert!(inside(Span::new(numbers[0], numbers[1])), "{numbers:?} in {text:?}");
    }
}

/// Reading what was printed gives the same tree.
fn assert_prints_back(text: &str, parsed: &Parsed) {
    let printed = kql::print::query(&parsed.query);
    let again = kql::parse(&printed);
    assert_eq!(again.diagnostics, [], "{text}\nprinted as\n{printed}");
    assert_eq!(
        kql::without_places(&again.query),
        kql::without_places(&parsed.query),
        "{text}\nprinted as\n{printed}"
    );
    assert!(kql::same_shape(&again.query, &parsed.query));
}

/// Cut off anywhere, a text is still read without a panic and with places inside it.
fn assert_survives_cuts(text: &str, step: usize) {
    let ends = text.char_indices().map(|(i, _)| i).step_by(step);
    for end in ends {
        let cut = &text[..end];
        assert_places_inside(cut, &kql::parse(cut));
    }
}
