//! The coverage page must tell the truth: what it lists as refused is refused, and nothing else.

use super::compile;

#[test]
fn operators_are_refused_exactly_when_the_reference_says_so() {
    let (answered, refused) = kql::operator_names();
    let is_refused = |name: &str| {
        let message = format!("the operator `{name}` is not supported");
        let findings = compile(&format!("requests | {name} x")).err().unwrap_or_default();
        findings.iter().any(|finding| finding.message == message)
    };
    for name in answered {
        assert!(!is_refused(name), "{name}");
    }
    for name in refused {
        assert!(is_refused(name), "{name}");
    }
}
