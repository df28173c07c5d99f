//! Functions of one or two numbers: `abs`, `sign`, `sqrt`, `pow`, `exp*`, `log*`, `pi`, `is*`,
//! trigonometry.

use datafusion::logical_expr::{Expr, lit};
use model::Type;

use super::super::kernel::{Args, Kernel};
use super::super::{Build, Call};
use crate::Error;
use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("abs", abs),
    ("sign", sign),
    ("sqrt", |c| c.kernel(|a| one(a, f64::sqrt))),
    ("exp", |c| c.kernel(|a| one(a, f64::exp))),
    ("exp2", |c| c.kernel(|a| one(a, f64::exp2))),
    ("exp10", |c| c.kernel(|a| one(a, |v| 10_f64.powf(v)))),
    ("log", |c| c.kernel(|a| one(a, f64::ln))),
    ("log2", |c| c.kernel(|a| one(a, f64::log2))),
    ("log10", |c| c.kernel(|a| one(a, f64::log10))),
    ("sin", |c| c.kernel(|a| one(a, f64::sin))),
    ("cos", |c| c.kernel(|a| one(a, f64::cos))),
    ("tan", |c| c.kernel(|a| one(a, f64::tan))),
    ("asin", |c| c.kernel(|a| one(a, f64::asin))),
    ("acos", |c| c.kernel(|a| one(a, f64::acos))),
    ("atan", |c| c.kernel(|a| one(a, f64::atan))),
    ("radians", |c| c.kernel(|a| one(a, f64::to_radians))),
    ("degrees", |c| c.kernel(|a| one(a, f64::to_degrees))),
    ("atan2", |c| c.kernel(|a| two(a, f64::atan2))),
    ("pow", pow),
    ("pi", |_| Ok(lit(std::f64::consts::PI))),
    ("binary_and", |c| c.kernel(|a| bits(a, |a, b| Some(a & b)))),
    ("binary_or", |c| c.kernel(|a| bits(a, |a, b| Some(a | b)))),
    ("binary_xor", |c| c.kernel(|a| bits(a, |a, b| Some(a ^ b)))),
    ("binary_shift_left", |c| c.kernel(|a| bits(a, |a, n| shift(a, n, i64::checked_shl)))),
    ("binary_shift_right", |c| c.kernel(|a| bits(a, |a, n| shift(a, n, i64::checked_shr)))),
    ("binary_not", |c| {
        c.kernel(|args| {
            let a = args.long(0)?;
            args.whole(|row| Some(!a.get(row)?))
        })
    }),
    ("isnan", |c| c.kernel(|a| test(a, f64::is_nan))),
    ("isinf", |c| c.kernel(|a| test(a, f64::is_infinite))),
    ("isfinite", |c| c.kernel(|a| test(a, f64::is_finite))),
];

fn one(args: &Args, f: fn(f64) -> f64) -> Result<ArrayRef> {
    let a = args.real(0)?;
    args.reals(|row| Some(f(a.get(row)?)))
}

fn two(args: &Args, f: fn(f64, f64) -> f64) -> Result<ArrayRef> {
    let (a, b) = (args.real(0)?, args.real(1)?);
    args.reals(|row| Some(f(a.get(row)?, b.get(row)?)))
}

fn bits(args: &Args, f: fn(i64, i64) -> Option<i64>) -> Result<ArrayRef> {
    let (a, b) = (args.long(0)?, args.long(1)?);
    args.whole(|row| f(a.get(row)?, b.get(row)?))
}

/// By the count modulo 64; a negative count is null.
fn shift(value: i64, count: i64, by: fn(i64, u32) -> Option<i64>) -> Option<i64> {
    by(value, u32::try_from(count).ok()? % 64)
}

fn test(args: &Args, f: fn(f64) -> bool) -> Result<ArrayRef> {
    let a = args.real(0)?;
    args.bools(|row| Some(f(a.get(row)?)))
}

fn abs(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = match call.ty(0)? {
        Type::Int | Type::Long | Type::TimeSpan => |args| {
            let a = args.long(0)?;
            args.whole(|row| Some(a.get(row)?.wrapping_abs()))
        },
        Type::Real | Type::Decimal => |args| one(args, f64::abs),
        _ => return Err(call.malformed()),
    };
    call.kernel(kernel)
}

/// −1, 0 or 1 in the result's type; null counts as zero (spec kql.md §4).
fn sign(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = match call.ty(0)? {
        Type::Int | Type::Long | Type::TimeSpan => |args| {
            let a = args.long(0)?;
            args.whole(|row| Some(a.get(row).map_or(0, i64::signum)))
        },
        Type::Real | Type::Decimal => |args| {
            let a = args.real(0)?;
            args.reals(|row| {
                let v = a.get(row).unwrap_or(0.0);
                Some(if v == 0.0 || v.is_nan() { v.abs() } else { v.signum() })
            })
        },
        _ => return Err(call.malformed()),
    };
    call.kernel(kernel)
}

/// Whole where the binder says so, else real.
fn pow(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = if call.result.is_numeric() && call.result.arrow() != Type::Real.arrow() {
        |args| {
            let (a, b) = (args.real(0)?, args.real(1)?);
            args.whole(|row| super::tolong::from_real(a.get(row)?.powf(b.get(row)?), false))
        }
    } else {
        |args| two(args, f64::powf)
    };
    call.kernel(kernel)
}
