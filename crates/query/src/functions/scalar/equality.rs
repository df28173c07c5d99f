//! `==`, `!=`, `=~`, `!~`: total equality (spec kql.md §3: one null is unequal, two are null).
//!
//! Doubles compare by IEEE rules (NaN equals nothing, zeros are equal); Arrow's kernels order
//! totally, so bare operators serve only where a constant rules both cases out.

use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, Operator, binary_expr, lit, when};
use model::Type;

use super::super::kernel::Args;
use super::super::{Build, Call};
use crate::Error;
use datafusion::arrow::array::ArrayRef;

pub(super) const FAMILY: &[(&str, Build)] =
    &[("==", equal), ("!=", not_equal), ("=~", equal_ignoring_case), ("!~", differs_ignoring_case)];

fn equal(call: Call) -> Result<Expr, Error> {
    let ty = call.ty(0)?;
    if is_real(ty) && !has_plain_constant(&call.args) {
        return call.kernel(|a| compare_reals(a, false));
    }
    let predicate = call.predicate;
    let constant = call.args.iter().any(is_constant);
    let (a, b) = call.pair()?;
    Ok(if predicate || ty == Type::String {
        a.eq(b)
    } else if constant {
        binary_expr(a, Operator::IsNotDistinctFrom, b)
    } else {
        unless_both_null(&a, &b, binary_expr(a.clone(), Operator::IsNotDistinctFrom, b.clone()))?
    })
}

fn not_equal(call: Call) -> Result<Expr, Error> {
    let ty = call.ty(0)?;
    if is_real(ty) && !has_plain_constant(&call.args) {
        return call.kernel(|a| compare_reals(a, true));
    }
    let constant = call.args.iter().any(is_constant);
    let (a, b) = call.pair()?;
    Ok(if ty == Type::String {
        a.not_eq(b)
    } else if constant {
        binary_expr(a, Operator::IsDistinctFrom, b)
    } else {
        unless_both_null(&a, &b, binary_expr(a.clone(), Operator::IsDistinctFrom, b.clone()))?
    })
}

fn unless_both_null(a: &Expr, b: &Expr, value: Expr) -> Result<Expr, Error> {
    when(a.clone().is_null().and(b.clone().is_null()), lit(ScalarValue::Boolean(None)))
        .otherwise(value)
        .map_err(|e| Error::Internal(e.to_string()))
}

/// A constant that is not null.
pub(super) fn is_constant(value: &Expr) -> bool {
    matches!(value, Expr::Literal(value, _) if !value.is_null())
}

fn is_real(ty: Type) -> bool {
    matches!(ty, Type::Real | Type::Decimal)
}

/// A finite double other than zero: for it Arrow's total order and IEEE equality agree.
fn has_plain_constant(args: &[Expr]) -> bool {
    args.iter().any(|a| {
        matches!(a, Expr::Literal(ScalarValue::Float64(Some(v)), _) if v.is_finite() && *v != 0.0)
    })
}

fn compare_reals(args: &Args, differ: bool) -> Result<ArrayRef> {
    let (a, b) = (args.real(0)?, args.real(1)?);
    args.bools(|row| match (a.get(row), b.get(row)) {
        (None, None) => None,
        (Some(a), Some(b)) => Some((a == b) != differ),
        _ => Some(differ),
    })
}

fn equal_ignoring_case(call: Call) -> Result<Expr, Error> {
    call.kernel(|args| {
        let (a, b) = (args.text(0)?, args.text(1)?);
        args.flags(|row| same_ignoring_case(a.text(row), b.text(row)))
    })
}

fn differs_ignoring_case(call: Call) -> Result<Expr, Error> {
    call.kernel(|args| {
        let (a, b) = (args.text(0)?, args.text(1)?);
        args.flags(|row| !same_ignoring_case(a.text(row), b.text(row)))
    })
}

/// Unicode-aware (`МИР` =~ `мир`, spec kql.md §5).
pub(super) fn same_ignoring_case(a: &str, b: &str) -> bool {
    if a.is_ascii() || b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}
