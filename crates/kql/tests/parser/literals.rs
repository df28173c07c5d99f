//! The values of literals.

use kql::ParseLimits;
use kql::syntax::{ExprKind, Literal};
use model::Type;
use model::time::{DAY, HOUR, MINUTE, SECOND, TICK};

fn literal(text: &str) -> Literal {
    let (expr, findings) = kql::parse_expression(text, ParseLimits::default());
    assert_eq!(findings, [], "{text}");
    match expr.kind {
        ExprKind::Literal(literal) => literal,
        other => panic!("{text}: {other:?}"),
    }
}

fn string(value: &str) -> Literal {
    Literal::String { value: value.to_owned(), hidden: false }
}

#[test]
fn numbers_have_their_values_and_types() {
    for (text, want) in [
        ("5", Literal::Long(5)),
        ("9223372036854775807", Literal::Long(i64::MAX)),
        ("0xFF", Literal::Long(255)),
        ("0xFFFFFFFFFFFFFFFF", Literal::Long(-1)),
        ("1.5", Literal::Real(1.5)),
        ("1e3", Literal::Real(1000.0)),
        ("1.5e-3", Literal::Real(0.0015)),
        ("int(5)", Literal::Int(5)),
        ("int(0xFFFFFFFF)", Literal::Int(-1)),
        ("int(-2147483648)", Literal::Int(i32::MIN)),
        ("long(-9223372036854775808)", Literal::Long(i64::MIN)),
        ("long(null)", Literal::Null(Type::Long)),
        ("real(+inf)", Literal::Real(f64::INFINITY)),
        ("real(-inf)", Literal::Real(f64::NEG_INFINITY)),
        ("double(2)", Literal::Real(2.0)),
        ("decimal(1.5)", Literal::Decimal(1.5)),
        ("bool(1)", Literal::Bool(true)),
        ("TRUE", Literal::Bool(true)),
        ("dynamic(null)", Literal::Null(Type::Dynamic)),
    ] {
        assert_eq!(literal(text), want, "{text}");
    }
    assert!(matches!(literal("real(nan)"), Literal::Real(value) if value.is_nan()));
}

#[test]
fn times_count_nanoseconds() {
    for (text, nanos) in [
        ("1d", DAY),
        ("1.5h", HOUR + 30 * MINUTE),
        ("100ms", SECOND / 10),
        ("5microsecond", 5_000),
        ("1tick", TICK),
        ("250nanoseconds", 3 * TICK),
        ("90000000001tick", 90_000_000_001 * TICK),
        ("timespan(1.02:03:04.5)", DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + SECOND / 2),
        ("time(-00:00:01)", -SECOND),
        ("timespan(2)", 2 * DAY),
    ] {
        assert_eq!(literal(text), Literal::TimeSpan(nanos), "{text}");
    }
    let day = 19_724 * DAY;
    for (text, nanos) in [
        ("datetime(2024-01-02)", day),
        ("datetime(\"2024-01-02T03:04:05Z\")", day + 3 * HOUR + 4 * MINUTE + 5 * SECOND),
        ("datetime(1/2/2024)", day),
        ("date(01-02-2024)", day),
        ("datetime(2024-01-02 00:00:00.1234567)", day + 123_456_700),
    ] {
        assert_eq!(literal(text), Literal::DateTime(nanos), "{text}");
    }
}

#[test]
fn strings_have_their_escapes_resolved() {
    for (text, want) in [
        (r#""a\tb\n\\\"\'""#, "a\tb\n\\\"'"),
        (r#"'\u00e9\x41\101\0'"#, "éAA\0"),
        (r#""\ud83d\ude00\U0001F600""#, "😀😀"),
        (r#"@"C:\dir ""x""""#, r#"C:\dir "x""#),
        (r#"@'it''s'"#, "it's"),
        ("```a\n\"b\" \\n```", "a\n\"b\" \\n"),
        ("~~~x~~~", "x"),
        ("'a' \"b\"\n@'c'", "abc"),
    ] {
        assert_eq!(literal(text), string(want), "{text}");
    }
    let hidden = Literal::String { value: "xy".to_owned(), hidden: true };
    assert_eq!(literal("'x' h'y'"), hidden);
}

#[test]
fn dynamic_literals_become_json() {
    for (text, json) in [
        ("dynamic([1, 2.50, -3, 'x', null, true])", r#"[1,2.50,-3,"x",null,true]"#),
        ("dynamic({'a': 1, b: {\"c\": []},})", r#"{"a":1,"b":{"c":[]}}"#),
        ("dynamic('x')", r#""x""#),
        ("dynamic([datetime(2024-01-02)])", r#"["2024-01-02T00:00:00.0000000Z"]"#),
        ("dynamic([1s, -1tick])", "[10000000,-1]"),
        ("dynamic([long(null), 0xFF, int(-1), real(nan), 2.])", r#"[null,255,-1,"NaN",2.0]"#),
        ("dynamic(dynamic([1]))", "[1]"),
    ] {
        assert_eq!(literal(text), Literal::Dynamic(json.to_owned()), "{text}");
    }
}

#[test]
fn guids_are_lower_case_with_dashes() {
    let want = Literal::Guid("74be27de-1e4e-49d9-b579-fe0b331d3642".to_owned());
    for text in [
        "guid(74BE27DE-1e4e-49d9-b579-fe0b331d3642)",
        "guid(\"74be27de1e4e49d9b579fe0b331d3642\")",
        "uuid({74be27de-1e4e-49d9-b579-fe0b331d3642})",
    ] {
        assert_eq!(literal(text), want, "{text}");
    }
}
