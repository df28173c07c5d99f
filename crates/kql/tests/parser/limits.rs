//! Depth, length and count: everything has a limit and nothing overflows the stack.

use kql::{ParseLimits, parse, parse_within};

fn codes(text: &str) -> Vec<&'static str> {
    parse(text).diagnostics.iter().map(|finding| finding.code).collect()
}

#[test]
fn nesting_up_to_the_limit_is_read_and_deeper_nesting_is_reported_once() {
    for (open, close) in [("(", ")"), ("f(", ")"), ("-", ""), ("a[", "]"), ("1 + (", ")")] {
        let nested = |depth: usize| format!("print {}1{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(codes(&nested(64)), [""; 0], "{open}");
        assert_eq!(codes(&nested(65)), ["SYN0008"], "{open}");
        assert_eq!(codes(&nested(20_000)), ["SYN0008"], "{open}");
        // Unbalanced too: nothing closes.
        assert!(!codes(&format!("print {}", open.repeat(5_000))).is_empty(), "{open}");
    }
}

#[test]
fn every_kind_of_nesting_is_bounded() {
    for open in [
        "print dynamic([",
        "print dynamic({a:",
        "T | where x in (",
        "T | join (",
        "union (",
        "let f = () { ",
        "T | where a between (",
        "print toscalar(print ",
        "T | mv-apply (",
        "[",
        "{",
        "(a,",
        "print dynamic(",
        "T | where ",
        "let x = ",
        "x == ",
        "T | union (T | join (",
    ] {
        let parsed = parse(&open.repeat(5_000));
        assert!(!parsed.diagnostics.is_empty(), "{open}");
        assert!(parsed.diagnostics.len() <= 50, "{open}");
    }
}

#[test]
fn chains_of_thousands_of_alternatives_are_read() {
    for op in ["or", "and"] {
        let text = format!("T | where {}", vec!["a == 1"; 20_000].join(&format!(" {op} ")));
        let parsed = parse(&text);
        assert_eq!(parsed.diagnostics, []);
        super::assert_prints_back(&text, &parsed);
    }
    let mixed = vec!["a == 1 and b has 'x'"; 10_000].join(" or ");
    assert_eq!(codes(&format!("T | where {mixed}")), [""; 0]);
    let list = vec!["'x'"; 50_000].join(", ");
    assert_eq!(codes(&format!("T | where a in ({list})")), [""; 0]);
    assert_eq!(codes(&format!("T {}", "| take 1 ".repeat(20_000))), [""; 0]);
}

#[test]
fn trees_that_would_be_too_high_are_reported() {
    assert_eq!(codes(&format!("print {}", vec!["1"; 100].join(" + "))), [""; 0]);
    for text in [
        format!("print {}", vec!["1"; 20_000].join(" + ")),
        format!("print a{}", ".b".repeat(20_000)),
        format!("print a{}", "[0]".repeat(20_000)),
    ] {
        let codes = codes(&text);
        assert_eq!(codes, ["SYN0008"]);
    }
}

#[test]
fn texts_longer_than_the_limit_are_not_read() {
    let limits = ParseLimits { text_bytes_max: 10, depth_max: 0 };
    assert_eq!(parse_within("print 1234", limits).diagnostics, []);
    let parsed = parse_within("print 12345", limits);
    assert_eq!(parsed.query.statements, []);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].code, "SYN0009");
    assert_eq!(parsed.diagnostics[0].message, "the text has 11 bytes, at most 10 are read");
    assert_eq!(codes(&"x".repeat((1 << 20) + 1)), ["SYN0009"]);
}

#[test]
fn the_depth_limit_can_be_set() {
    let limits = ParseLimits { text_bytes_max: 0, depth_max: 2 };
    assert_eq!(parse_within("print ((1))", limits).diagnostics, []);
    let parsed = parse_within("print (((1)))", limits);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].message, "nested deeper than 2 levels");
}

#[test]
fn a_text_full_of_mistakes_is_read_to_its_end_and_reported_in_part() {
    let text = "T | wher a == 1; ".repeat(5_000);
    let parsed = parse(&text);
    assert_eq!(parsed.diagnostics.len(), 50);
    assert_eq!(parsed.query.statements.len(), 5_000);
}

#[test]
fn broken_texts_of_full_length_are_read_in_time() {
    for part in ["|x", "\u{1}", "'\n", "a.", "| join kind=x (", "let f = (a:x) {", "\n a"] {
        let text = part.repeat((1 << 18) / part.len());
        let parsed = parse(&text);
        assert!(!parsed.diagnostics.is_empty(), "{part}");
        assert!(parsed.diagnostics.len() <= 50, "{part}");
    }
}

#[test]
fn a_tree_stays_low_whatever_is_repeated() {
    /// The deepest bracket of the printed tree.
    fn nesting(text: &str) -> usize {
        let printed = kql::print::query(&parse(text).query);
        let mut depth = 0_usize;
        let mut deepest = 0;
        for c in printed.chars() {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        deepest
    }
    for (open, close) in
        [("(1 + ", ")"), ("datatable(a:long)[1, ", "]"), ("f(1)[0].a[", "]"), ("a in (1, ", ")")]
    {
        for depth in [50, 64, 65, 500] {
            let text = format!("print {}1{}", open.repeat(depth), close.repeat(depth));
            assert!(nesting(&text) <= 160, "{open} {depth}");
        }
    }
}
