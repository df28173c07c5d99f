//! Limits: whatever the text, binding ends soon, with a finding and without a panic.

use std::fmt::Write;

use super::cases::queries;
use super::{Tables, compile, outcome};

fn first_code(text: &str) -> &'static str {
    compile(text).expect_err(text).first().map_or("", |finding| finding.code)
}

#[test]
fn tables_that_double_at_every_let_are_refused() {
    let mut text = "let t0 = datatable(a:long)[1];\n".to_owned();
    for i in 1..40 {
        let _ = writeln!(text, "let t{i} = t{} | join t{} on a | project a;", i - 1, i - 1);
    }
    text.push_str("t39");
    assert_eq!(first_code(&text), "SEM0112");
}

#[test]
fn functions_that_double_at_every_call_are_refused() {
    let mut text = "let f0 = (x:long) { x + x };\n".to_owned();
    for i in 1..40 {
        let _ = writeln!(text, "let f{i} = (x:long) {{ f{0}(f{0}(x)) }};", i - 1);
    }
    text.push_str("print f39(1)");
    assert!(matches!(first_code(&text), "SEM0111" | "SEM0112"));
}

#[test]
fn a_long_chain_of_lets_is_refused_before_it_gets_too_deep() {
    let mut text = "let a0 = rand();\n".to_owned();
    for i in 1..2000 {
        let _ = writeln!(text, "let a{i} = a{} + 1;", i - 1);
    }
    text.push_str("print a1999");
    assert_eq!(first_code(&text), "SEM0111");
}

#[test]
fn a_long_chain_of_tables_is_refused_before_it_gets_too_deep() {
    let mut text = "let t0 = datatable(a:long)[1];\n".to_owned();
    for i in 1..2000 {
        let _ = writeln!(text, "let t{i} = t{} | where a > 1;", i - 1);
    }
    text.push_str("t1999");
    assert_eq!(first_code(&text), "SEM0111");
}

#[test]
fn a_function_that_calls_itself_is_refused() {
    let text = "let f = (x:long) { 1 }; let g = (x:long) { g(x) }; print g(1)";
    assert_eq!(outcome(text), "error SEM0107 at 1:44: `g()` calls itself");
}

#[test]
fn a_thousand_conditions_bind() {
    let conditions: Vec<String> = (0..1000).map(|i| format!("itemCount == {i}")).collect();
    let text = format!("requests | where {} | count", conditions.join(" or "));
    assert_eq!(outcome(&text), "Count:long");
}

#[test]
fn too_many_legs_are_refused() {
    let legs = vec!["requests"; 101].join(", ");
    assert_eq!(first_code(&format!("union {legs}")), "SEM0114");
}

#[test]
fn too_many_columns_are_refused() {
    let items: Vec<String> = (0..2001).map(|i| format!("c{i} = rand()")).collect();
    assert_eq!(first_code(&format!("print {}", items.join(", "))), "SEM0113");
}

#[test]
fn functions_nested_to_the_limit_bind_or_are_refused_on_a_small_stack() {
    for count in [20, 60, 140, 500] {
        let mut text = "let f0 = (x:long) { x };\n".to_owned();
        for i in 1..count {
            let _ = writeln!(text, "let f{i} = (x:long) {{ ((((f{}(x) * 2 + 1)))) }};", i - 1);
        }
        let _ = write!(text, "print f{}(1)", count - 1);
        match compile(&text) {
            Ok(_) => assert!(count <= 60, "{count}"),
            Err(findings) => assert_eq!(findings[0].code, "SEM0111"),
        }
    }
}

#[test]
fn whatever_is_left_of_a_query_binds_without_a_panic() {
    for query in queries() {
        for (end, _) in query.char_indices().step_by(2) {
            for part in [&query[..end], &query[end..]] {
                let parsed = kql::parse(part);
                let (bound, findings) =
                    kql::bind(&parsed.query, part, &Tables, &Default::default());
                // Without rows some columns stay unknown: then there is neither.
                assert!(bound.is_none() || findings.is_empty());
                for finding in findings {
                    assert!(part.get(finding.span.start..finding.span.end).is_some(), "{part}");
                }
            }
        }
    }
}
