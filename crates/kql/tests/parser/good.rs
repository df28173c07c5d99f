//! Texts that are right.

use super::{assert_places_inside, assert_prints_back, assert_survives_cuts, cases};

#[test]
fn good_texts_are_read_without_findings_and_print_back() {
    let cases = cases::cases(&super::read("parser/ok.txt"));
    assert!(cases.len() >= 150, "{} cases", cases.len());
    for case in &cases {
        let parsed = kql::parse(&case.text);
        let findings: String =
            parsed.diagnostics.iter().map(|d| d.render(&case.text) + "\n").collect();
        assert!(findings.is_empty(), "{}:\n{findings}", case.title);
        assert_places_inside(&case.text, &parsed);
        assert_prints_back(&case.text, &parsed);
    }
}

#[test]
fn a_text_cut_off_anywhere_is_read_without_a_panic() {
    for case in cases::cases(&super::read("parser/ok.txt")) {
        assert_survives_cuts(&case.text, 1);
    }
}
