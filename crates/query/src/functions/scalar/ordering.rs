//! `<`, `<=`, `>`, `>=`, `between`, `!between`: null when any side is null.
//!
//! Doubles: a comparison with NaN is false, also where Arrow's total order says otherwise.

use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, Operator, binary_expr, lit};
use model::Type;

use super::super::kernel::Args;
use super::super::{Build, Call};
use crate::Error;
use datafusion::arrow::array::ArrayRef;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("<", less),
    ("<=", less_equal),
    (">", greater),
    (">=", greater_equal),
    ("between", between),
    ("!between", not_between),
];

fn less(call: Call) -> Result<Expr, Error> {
    compare(call, Operator::Lt, |a| reals(a, |a, b| a < b))
}
fn less_equal(call: Call) -> Result<Expr, Error> {
    compare(call, Operator::LtEq, |a| reals(a, |a, b| a <= b))
}
fn greater(call: Call) -> Result<Expr, Error> {
    compare(call, Operator::Gt, |a| reals(a, |a, b| a > b))
}
fn greater_equal(call: Call) -> Result<Expr, Error> {
    compare(call, Operator::GtEq, |a| reals(a, |a, b| a >= b))
}

fn reals(args: &Args, test: fn(f64, f64) -> bool) -> Result<ArrayRef> {
    let (a, b) = (args.real(0)?, args.real(1)?);
    args.bools(|row| Some(test(a.get(row)?, b.get(row)?)))
}

fn compare(call: Call, op: Operator, kernel: fn(&Args) -> Result<ArrayRef>) -> Result<Expr, Error> {
    if !matches!(call.ty(0)?, Type::Real | Type::Decimal) {
        let (a, b) = call.pair()?;
        return Ok(binary_expr(a, op, b));
    }
    let flipped = finite(call.args.first());
    if !call.predicate || (flipped.is_none() && finite(call.args.get(1)).is_none()) {
        return call.kernel(kernel);
    }
    let (a, b) = call.pair()?;
    let (column, op, limit) = match flipped {
        Some(limit) => (b, op.swap().unwrap_or(op), limit),
        None => (a, op, finite(Some(&b)).unwrap_or_default()),
    };
    Ok(against_constant(column, op, limit))
}

/// The bare comparison, which file statistics can answer: zeros take the sign that makes the total
/// order agree with IEEE, and the upper side shuts NaN out.
fn against_constant(column: Expr, op: Operator, limit: f64) -> Expr {
    let limit = match op {
        _ if limit != 0.0 => limit,
        Operator::Lt | Operator::GtEq => -0.0,
        _ => 0.0,
    };
    let test = binary_expr(column.clone(), op, lit(limit));
    match op {
        Operator::Gt | Operator::GtEq => test.and(column.lt_eq(lit(f64::INFINITY))),
        // A negative NaN sorts below everything.
        _ => test.and(column.gt_eq(lit(f64::NEG_INFINITY))),
    }
}

fn finite(value: Option<&Expr>) -> Option<f64> {
    match value {
        Some(Expr::Literal(ScalarValue::Float64(Some(v)), _)) if v.is_finite() => Some(*v),
        _ => None,
    }
}

fn between(call: Call) -> Result<Expr, Error> {
    range(call, false)
}
fn not_between(call: Call) -> Result<Expr, Error> {
    range(call, true)
}

fn range(mut call: Call, negated: bool) -> Result<Expr, Error> {
    let (Some(high), Some(low), Some(value), true) =
        (call.args.pop(), call.args.pop(), call.args.pop(), call.types.len() == 3)
    else {
        return Err(call.malformed());
    };
    let mut high_type = call.types[2];
    let mut high = high;
    // `t between (a .. 1d)`: the upper bound is a length (spec kql.md §5).
    if call.types[1] == Type::DateTime && high_type == Type::TimeSpan {
        let types = [Type::DateTime, Type::TimeSpan];
        high = super::super::scalar("+", vec![low.clone(), high], &types, Type::DateTime)?;
        high_type = Type::DateTime;
    }
    let side = |name: &str, bound: Expr, ty: Type| {
        let args = vec![value.clone(), bound];
        super::super::build(
            name,
            args,
            &[call.types[0], ty],
            Type::Bool,
            call.predicate && !negated,
        )
    };
    let inside = side(">=", low, call.types[1])?.and(side("<=", high, high_type)?);
    Ok(if negated { !inside } else { inside })
}
