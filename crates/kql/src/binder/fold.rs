//! Arithmetic on literals, so that `ago(1d) - 1h` reaches the storage as one instant.
//!
//! Invariant: only what cannot differ from the run-time result is computed here.

use crate::bound::{Expr, ExprKind, Literal};

use super::expressions::literal_type;

/// The call, or the literal it yields.
pub(super) fn fold(expr: Expr) -> Expr {
    let ExprKind::Call { function, args } = &expr.kind else { return expr };
    let mut literals = Vec::with_capacity(args.len());
    for arg in args {
        let ExprKind::Literal(value) = &arg.kind else { return expr };
        literals.push(value);
    }
    match compute(function, &literals) {
        Some(value) if literal_type(&value) == expr.ty => {
            Expr { kind: ExprKind::Literal(value), ..expr }
        }
        _ => expr,
    }
}

fn compute(function: &str, args: &[&Literal]) -> Option<Literal> {
    use Literal::{DateTime, Decimal, Long, Real, TimeSpan};
    Some(match (function, args) {
        ("unary -", [Long(a)]) => Long(a.wrapping_neg()),
        ("unary -", [Real(a)]) => Real(-a),
        ("unary -", [Decimal(a)]) => Decimal(-a),
        ("unary -", [TimeSpan(a)]) => TimeSpan(a.checked_neg()?),
        ("+", [DateTime(a), TimeSpan(b)] | [TimeSpan(a), DateTime(b)]) => {
            DateTime(a.checked_add(*b)?)
        }
        ("-", [DateTime(a), TimeSpan(b)]) => DateTime(a.checked_sub(*b)?),
        ("-", [DateTime(a), DateTime(b)]) => TimeSpan(a.checked_sub(*b)?),
        ("+", [TimeSpan(a), TimeSpan(b)]) => TimeSpan(a.checked_add(*b)?),
        ("-", [TimeSpan(a), TimeSpan(b)]) => TimeSpan(a.checked_sub(*b)?),
        ("*", [TimeSpan(a), Long(b)] | [Long(a), TimeSpan(b)]) => TimeSpan(a.checked_mul(*b)?),
        ("+", [Long(a), Long(b)]) => Long(a.wrapping_add(*b)),
        ("-", [Long(a), Long(b)]) => Long(a.wrapping_sub(*b)),
        ("*", [Long(a), Long(b)]) => Long(a.wrapping_mul(*b)),
        ("todatetime" | "totimespan", [text @ Literal::String { .. }]) => {
            let to = match function {
                "todatetime" => model::Type::DateTime,
                _ => model::Type::TimeSpan,
            };
            return super::coerce::convert_literal(text, to);
        }
        _ => return None,
    })
}
