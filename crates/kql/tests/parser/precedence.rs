//! Which operators bind tighter, and what the parts of a tree are.

use kql::ParseLimits;
use kql::syntax::{Expr, ExprKind};

/// The tree with every operation in brackets.
fn brackets(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Binary { op, left, right, .. } => {
            format!("[{} {op:?} {}]", brackets(left), brackets(right))
        }
        ExprKind::Unary { op, operand } => format!("[{op:?} {}]", brackets(operand)),
        ExprKind::In { op, value, items } => {
            let items: Vec<String> = items.iter().map(brackets).collect();
            format!("[{} {op:?} {}]", brackets(value), items.join(","))
        }
        ExprKind::Between { negated, value, low, high } => {
            let [value, low, high] = [value, low, high].map(|part| brackets(part));
            format!("[{value} between({negated}) {low} {high}]")
        }
        ExprKind::Member { base, name } => format!("[{}.{}]", brackets(base), name.text),
        ExprKind::Index { base, index } => format!("[{}@{}]", brackets(base), brackets(index)),
        ExprKind::Parenthesized(inner) => format!("({})", brackets(inner)),
        _ => kql::print::expression(expr),
    }
}

#[test]
fn operators_bind_as_in_the_reference_grammar() {
    for (text, want) in [
        ("a or b and c or d", "[[a Or [b And c]] Or d]"),
        ("a and b == c", "[a And [b Equal c]]"),
        ("a == b < c", "[a Equal [b Less c]]"),
        ("a < b + c * d", "[a Less [b Add [c Multiply d]]]"),
        ("a - b - c", "[[a Subtract b] Subtract c]"),
        ("a / b * c % d", "[[[a Divide b] Multiply c] Modulo d]"),
        ("a + b has 'x'", "[a Add [b Has \"x\"]]"),
        ("a has b + c", "[[a Has b] Add c]"),
        ("a has 'x' and b !has 'y'", "[[a Has \"x\"] And [b NotHas \"y\"]]"),
        ("-a.b[0] * c", "[[Minus [[a.b]@0]] Multiply c]"),
        ("- - a", "[Minus [Minus a]]"),
        ("a in (1, 2) and b", "[[a In 1,2] And b]"),
        ("a + 1 !in~ ('x')", "[[a Add 1] NotInTilde \"x\"]"),
        ("a between (1 .. 2) or b", "[[a between(false) 1 2] Or b]"),
        ("a !between (1 + 1 .. b * 2)", "[a between(true) [1 Add 1] [b Multiply 2]]"),
        ("(a or b) and c", "[([a Or b]) And c]"),
        ("a.['b c'].d", "[[a.b c].d]"),
        ("a.[b]", "[a@b]"),
        ("a matches regex 'x' == true", "[[a MatchesRegex \"x\"] Equal true]"),
    ] {
        let (expr, findings) = kql::parse_expression(text, ParseLimits::default());
        assert_eq!(findings, [], "{text}");
        assert_eq!(brackets(&expr), want, "{text}");
    }
}

#[test]
fn operators_print_in_their_present_spelling() {
    for (text, want) in [
        ("T|filter a<>1|limit 5", "T\n| where a != 1\n| take 5"),
        ("T|order by a desc", "T\n| sort by a desc"),
        ("T|mv-expand a to typeof(double)", "T\n| mv-expand a to typeof(real)"),
        ("T|join kind=anti U on a", "T\n| join kind=leftanti U on a"),
        (
            "T|join U on $right.b==$left.a and $left.c==$right.c",
            "T\n| join U on $left.a == $right.b, c",
        ),
        (
            "T|render barchart kind=stacked by a, b title='x'",
            "T\n| render barchart with (kind=\"stacked\", by=\"a\", \"b\", title=\"x\")",
        ),
        ("T|parse a with*'x'y:int|take 1", "T\n| parse a with * \"x\" y:int\n| take 1"),
        ("T|search in(A,B*)'x'and c:'y'", "T\n| search in (A, B*) \"x\" and c : \"y\""),
        ("find'x'project a:int,pack_all()", "find where \"x\" project a:int, pack(*)"),
        ("T|fork(take 1)|take 1", "T\n| fork\n| take 1"),
        ("let f=view(){print 1;};f", "let f = view () { print 1 };\nf"),
        ("T|summarize(a,b)=f(x)by c=d", "T\n| summarize (a, b) = f(x) by c = d"),
        (
            "union withsource=s kind=outer A*,(B|count)",
            "union withsource=s kind=outer A*, (B\n| count)",
        ),
        ("T|join hint.strategy=shuffle kind=inner(U)on a", "T\n| join kind=inner (U) on a"),
    ] {
        let parsed = kql::parse(text);
        assert_eq!(parsed.diagnostics, [], "{text}");
        assert_eq!(kql::print::query(&parsed.query), want, "{text}");
    }
}
