//! The predicates of `search` and `find` as ordinary ones: a text alone is `* has "text"`,
//! `column:"te*"` is `column hasprefix "te"` (spec kql.md §6).

use model::Type;

use crate::bound::Column;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Argument, BinaryOp, Expr, ExprKind, InOp, Literal};

use super::Binder;
use super::operations::as_literal;
use super::scope::Binding;

impl Binder<'_> {
    /// The predicate as an expression of `where`. Whether case matters holds for all of it.
    pub(super) fn search_terms(
        &mut self,
        expr: &Expr,
        case_sensitive: bool,
        columns: &[Column],
    ) -> Option<Expr> {
        self.deeper(expr.span, |binder| binder.terms(expr, case_sensitive, columns))
    }

    fn terms(&mut self, expr: &Expr, cased: bool, columns: &[Column]) -> Option<Expr> {
        let span = expr.span;
        let kind = match &expr.kind {
            ExprKind::Literal(Literal::String { value, .. }) => {
                return Some(term(everything(span), value, cased, span, span));
            }
            // A number is looked for as it is written, in texts.
            ExprKind::Literal(
                Literal::Int(_) | Literal::Long(_) | Literal::Real(_) | Literal::Decimal(_),
            ) => {
                let text = self.text_of(expr);
                return Some(comparison(BinaryOp::Has, everything(span), &text, span, span));
            }
            ExprKind::Wildcard(pattern) if pattern == "*" => ExprKind::Literal(Literal::Bool(true)),
            ExprKind::Name(name) if !columns.iter().any(|c| c.name == name.text) => {
                match self.lookup(&name.text) {
                    Some(Binding::Scalar(value)) if value.ty == Type::String => {
                        let Some(Literal::String { value, .. }) = as_literal(value) else {
                            return Some(expr.clone());
                        };
                        return Some(term(everything(span), &value.clone(), cased, span, span));
                    }
                    _ => return Some(expr.clone()),
                }
            }
            ExprKind::Parenthesized(inner) => {
                ExprKind::Parenthesized(Box::new(self.search_terms(inner, cased, columns)?))
            }
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), op_span, left, right } => {
                let left = self.search_terms(left, cased, columns);
                let right = self.search_terms(right, cased, columns);
                let (left, right) = (Box::new(left?), Box::new(right?));
                ExprKind::Binary { op: *op, op_span: *op_span, left, right }
            }
            ExprKind::Binary { op: BinaryOp::Term, op_span, left, right } => {
                return self.column_term(left, right, cased, (span, *op_span));
            }
            ExprKind::Binary { op, op_span, left, right } if cased => {
                let (left, right) = (left.clone(), right.clone());
                ExprKind::Binary { op: case_sensitive(*op), op_span: *op_span, left, right }
            }
            ExprKind::In { op, value, items } if cased => {
                let op = match op {
                    InOp::InTilde => InOp::In,
                    InOp::NotInTilde => InOp::NotIn,
                    other => *other,
                };
                ExprKind::In { op, value: value.clone(), items: items.clone() }
            }
            ExprKind::Call { name, args } if name.text == "not" && args.len() == 1 => {
                let value = self.search_terms(&args[0].value, cased, columns)?;
                ExprKind::Call { name: name.clone(), args: vec![Argument { name: None, value }] }
            }
            _ => return Some(expr.clone()),
        };
        Some(Expr { kind, span })
    }

    /// `column:"text"`, `*:"text"`.
    pub(super) fn column_term(
        &mut self,
        left: &Expr,
        right: &Expr,
        cased: bool,
        (span, op_span): (Span, Span),
    ) -> Option<Expr> {
        let ExprKind::Literal(Literal::String { value, .. }) = &right.kind else {
            let message = "a text in quotes is expected behind `:`";
            return self.report(
                Diagnostic::new(codes::NOT_ALLOWED, right.span, message)
                    .help("other values are compared with `==`"),
            );
        };
        Some(term(left.clone(), value, cased, span, op_span))
    }
}

fn everything(span: Span) -> Expr {
    Expr { kind: ExprKind::Wildcard("*".to_owned()), span }
}

/// `left has "text"`; stars at the ends and in the middle of the text mean any text.
fn term(left: Expr, text: &str, cased: bool, span: Span, op_span: Span) -> Expr {
    let (open_start, open_end) = (text.starts_with('*'), text.ends_with('*'));
    let inner = text.trim_matches('*');
    if inner.is_empty() && open_start {
        return Expr { kind: ExprKind::Literal(Literal::Bool(true)), span };
    }
    if inner.contains('*') {
        let pieces: Vec<String> = inner.split('*').map(escaped).collect();
        let bound = |open: bool| if open { "" } else { r"\b" };
        let case = if cased { "" } else { "(?i)" };
        let middle = pieces.join(".*");
        let regex = format!("{case}{}{middle}{}", bound(open_start), bound(open_end));
        return comparison(BinaryOp::MatchesRegex, left, &regex, span, op_span);
    }
    let op = match (open_start, open_end) {
        (false, false) => BinaryOp::Has,
        (true, false) => BinaryOp::HasSuffix,
        (false, true) => BinaryOp::HasPrefix,
        (true, true) => BinaryOp::Contains,
    };
    let op = if cased { case_sensitive(op) } else { op };
    comparison(op, left, inner, span, op_span)
}

fn comparison(op: BinaryOp, left: Expr, text: &str, span: Span, op_span: Span) -> Expr {
    let literal = Literal::String { value: text.to_owned(), hidden: false };
    let right = Box::new(Expr { kind: ExprKind::Literal(literal), span });
    Expr { kind: ExprKind::Binary { op, op_span, left: Box::new(left), right }, span }
}

/// The text as a regular expression that matches it alone.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && c != ' ' && c != '_' {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn case_sensitive(op: BinaryOp) -> BinaryOp {
    use BinaryOp as B;
    match op {
        B::EqualTilde => B::Equal,
        B::NotEqualTilde => B::NotEqual,
        B::Has => B::HasCs,
        B::NotHas => B::NotHasCs,
        B::HasPrefix => B::HasPrefixCs,
        B::NotHasPrefix => B::NotHasPrefixCs,
        B::HasSuffix => B::HasSuffixCs,
        B::NotHasSuffix => B::NotHasSuffixCs,
        B::Contains => B::ContainsCs,
        B::NotContains => B::NotContainsCs,
        B::StartsWith => B::StartsWithCs,
        B::NotStartsWith => B::NotStartsWithCs,
        B::EndsWith => B::EndsWithCs,
        B::NotEndsWith => B::NotEndsWithCs,
        other => other,
    }
}

/// Calls `visit` with the names an expression reads as values.
pub(super) fn each_name<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e str)) {
    match &expr.kind {
        ExprKind::Name(name) => visit(&name.text),
        ExprKind::Parenthesized(inner) | ExprKind::Unary { operand: inner, .. } => {
            each_name(inner, visit);
        }
        ExprKind::Call { args, .. } => args.iter().for_each(|arg| each_name(&arg.value, visit)),
        ExprKind::Member { base, .. } => each_name(base, visit),
        ExprKind::Index { base: a, index: b } | ExprKind::Binary { left: a, right: b, .. } => {
            each_name(a, visit);
            each_name(b, visit);
        }
        ExprKind::Between { value, low, high, .. } => {
            [value, low, high].into_iter().for_each(|part| each_name(part, visit));
        }
        ExprKind::In { value, items, .. } => {
            each_name(value, visit);
            items.iter().for_each(|item| each_name(item, visit));
        }
        _ => {}
    }
}

/// Whether an expression looks at all columns.
pub(super) fn looks_everywhere(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Wildcard(_) => true,
        ExprKind::Parenthesized(inner) => looks_everywhere(inner),
        ExprKind::Call { args, .. } => args.iter().any(|arg| looks_everywhere(&arg.value)),
        ExprKind::Binary { left, right, .. } => looks_everywhere(left) || looks_everywhere(right),
        _ => false,
    }
}

/// The names without which a predicate cannot be true: a table that lacks such a column has no
/// row for which it is.
pub(super) fn required(expr: &Expr) -> Vec<&str> {
    match &expr.kind {
        ExprKind::Parenthesized(inner) => required(inner),
        ExprKind::Binary { op: BinaryOp::And, left, right, .. } => {
            [required(left), required(right)].concat()
        }
        ExprKind::Binary { op: BinaryOp::Or, left, right, .. } => {
            let right = required(right);
            required(left).into_iter().filter(|name| right.contains(name)).collect()
        }
        ExprKind::Binary { op, left, right, .. } if never_holds_missing(*op) => {
            let filled = match &right.kind {
                ExprKind::Literal(Literal::String { value, .. }) => !value.is_empty(),
                ExprKind::Literal(Literal::Null(_)) => false,
                ExprKind::Literal(_) => true,
                _ => false,
            };
            match &left.kind {
                ExprKind::Name(name) if filled => vec![name.text.as_str()],
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// Whether a missing value (null or `''`) compared with a filled one never gives true.
fn never_holds_missing(op: BinaryOp) -> bool {
    use BinaryOp as B;
    matches!(
        op,
        B::Equal
            | B::EqualTilde
            | B::Less
            | B::LessEqual
            | B::Greater
            | B::GreaterEqual
            | B::Has
            | B::HasCs
            | B::HasPrefix
            | B::HasPrefixCs
            | B::HasSuffix
            | B::HasSuffixCs
            | B::Contains
            | B::ContainsCs
            | B::StartsWith
            | B::StartsWithCs
            | B::EndsWith
            | B::EndsWithCs
    )
}
