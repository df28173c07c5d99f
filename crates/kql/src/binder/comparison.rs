//! Comparisons: bringing both sides to one type (spec kql.md §3.8).
//!
//! Text is compared to a bool, number or time by converting the text, a dynamic by converting the
//! dynamic; order between texts or across types is refused.

use model::Type;

use crate::bound::{Expr, ExprKind, Literal};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};

use super::Binder;
use super::coerce::{conversion, convert, widest};
use super::expressions::{call, literal};

/// Whole numbers beyond this are not exact as reals.
const EXACT_REAL_MAX: i64 = 1 << 53;

impl Binder<'_> {
    /// `left op right` for `==`, `!=`, `<`, `<=`, `>`, `>=`.
    pub(super) fn compare(
        &mut self,
        op: &'static str,
        left: Expr,
        right: Expr,
        span: Span,
        op_span: Span,
    ) -> Option<Expr> {
        let ordered = !matches!(op, "==" | "!=");
        let types = (left.ty, right.ty);
        match pair(left, right, ordered) {
            Some((left, right)) => Some(call(op, vec![left, right], Type::Bool, span)),
            None => self.incomparable(op, types, op_span),
        }
    }

    pub(super) fn incomparable<T>(
        &mut self,
        op: &str,
        (left, right): (Type, Type),
        op_span: Span,
    ) -> Option<T> {
        let message = format!("`{op}` cannot compare {left} with {right}");
        let mut finding = Diagnostic::new(codes::WRONG_TYPE, op_span, message);
        let other = if left == Type::String { right } else { left };
        let numeric = left.is_numeric() || right.is_numeric();
        if numeric && [left, right].contains(&Type::DateTime) {
            finding =
                finding.help("a point in time is written `datetime(2024-01-31)` or `ago(1d)`");
        } else if numeric && [left, right].contains(&Type::TimeSpan) {
            finding = finding.help("a timespan is written `5m`, `1h`, `7d`");
        } else if left == Type::String && right == Type::String {
            finding = finding.help("texts have no order here; `strcmp(a, b)` gives one");
        } else if left == Type::Dynamic && right == Type::Dynamic {
            finding = finding.help("convert one side, for example with `toreal(…)`");
        } else if [left, right].iter().any(|ty| matches!(ty, Type::String | Type::Dynamic)) {
            let other = if other == Type::Dynamic { right } else { other };
            let to = if other == Type::String { Type::Real } else { other };
            let what = if [left, right].contains(&Type::Dynamic) { "dynamic" } else { "string" };
            finding = finding.help(format!("convert the {what}: `{}(…)`", conversion(to)));
        }
        self.report(finding)
    }
}

/// Both sides as one type, or `None` when they cannot be compared so.
pub(super) fn pair(left: Expr, right: Expr, ordered: bool) -> Option<(Expr, Expr)> {
    match (left.ty, right.ty) {
        (Type::String | Type::Dynamic | Type::Guid, ty) if ordered && ty == left.ty => None,
        (a, b) if a == b => Some((left, right)),
        (a, b) if a.is_numeric() && b.is_numeric() => numbers(left, right),
        (Type::Dynamic, _) => {
            let (right, left) = dynamic_with(right, left, ordered)?;
            Some((left, right))
        }
        (_, Type::Dynamic) => dynamic_with(left, right, ordered),
        (Type::Bool, b) if b.is_numeric() && !ordered => numbers(convert(left, Type::Long), right),
        (a, Type::Bool) if a.is_numeric() && !ordered => numbers(left, convert(right, Type::Long)),
        (Type::String, _) if !ordered => {
            let (right, left) = text_with(right, left)?;
            Some((left, right))
        }
        (_, Type::String) if !ordered => text_with(left, right),
        _ => None,
    }
}

/// Two numbers; a long literal that fits is compared as int, so that int columns stay bare.
fn numbers(left: Expr, right: Expr) -> Option<(Expr, Expr)> {
    let narrow = |int: &Expr, long: &Expr| match (&long.kind, int.ty) {
        (ExprKind::Literal(Literal::Long(v)), Type::Int) => {
            i32::try_from(*v).ok().map(|v| literal(Literal::Int(v), long.span))
        }
        _ => None,
    };
    if let Some(right) = narrow(&left, &right) {
        return Some((left, right));
    }
    if let Some(left) = narrow(&right, &left) {
        return Some((left, right));
    }
    let ty = widest(left.ty, right.ty)?;
    Some((convert(left, ty), convert(right, ty)))
}

/// A dynamic against a value of another type: the dynamic is converted.
fn dynamic_with(value: Expr, dynamic: Expr, ordered: bool) -> Option<(Expr, Expr)> {
    match value.ty {
        Type::Int | Type::Long => {
            // As real, so that 5.5 > 5 holds; exact whole numbers beyond 2^53 stay long.
            let exact = match &value.kind {
                ExprKind::Literal(Literal::Long(v)) => v.abs() <= EXACT_REAL_MAX,
                _ => true,
            };
            let ty = if exact { Type::Real } else { Type::Long };
            Some((convert(value, ty), convert(dynamic, ty)))
        }
        Type::Real | Type::Decimal => {
            let ty = value.ty;
            Some((value, convert(dynamic, ty)))
        }
        _ if ordered => None,
        ty => Some((value, convert(dynamic, ty))),
    }
}

/// A text against a value of another type: the text is converted.
fn text_with(value: Expr, text: Expr) -> Option<(Expr, Expr)> {
    let span = text.span;
    match value.ty {
        Type::Int | Type::Long => {
            let value = convert(value, Type::Long);
            let number = convert(text.clone(), Type::Long);
            if !matches!(&value.kind, ExprKind::Literal(Literal::Long(0 | 1))) {
                return Some((value, number));
            }
            // `success == 1` must also find the text `True` (spec ingestion.md §10.1).
            let truth = convert(convert(text, Type::Bool), Type::Long);
            Some((value, call("coalesce", vec![number, truth], Type::Long, span)))
        }
        ty => Some((value, convert(text, ty))),
    }
}
