//! `+`, `-`, `*`, `/`, `%` and negation on numbers, datetimes and timespans.
//!
//! Long arithmetic wraps, division by zero is null, `%` is never negative (spec kql.md §3);
//! a time outside the representable range is null.

use datafusion::arrow::array::{Array, ArrayRef, Int64Array};
use datafusion::arrow::compute;
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, cast};
use model::{Type, json};

use super::super::json::scan::{self, Kind};
use super::super::kernel::{Args, Kernel, Longs};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("+", add),
    ("-", subtract),
    ("*", multiply),
    ("/", divide),
    ("%", modulo),
    ("unary -", negate),
];

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Whole,
    Real,
    Time,
    Span,
    Dynamic,
}

fn class(ty: Type) -> Option<Class> {
    Some(match ty {
        Type::Int | Type::Long => Class::Whole,
        Type::Real | Type::Decimal => Class::Real,
        Type::DateTime => Class::Time,
        Type::TimeSpan => Class::Span,
        Type::Dynamic => Class::Dynamic,
        _ => return None,
    })
}

fn classes(call: &Call) -> Result<(Class, Class), Error> {
    match (class(call.ty(0)?), class(call.ty(1)?)) {
        (Some(a), Some(b)) => Ok((a, b)),
        _ => Err(call.malformed()),
    }
}

/// Both operands in the Arrow type of the result, for DataFusion's own operators.
fn numbers(call: Call) -> Result<(Expr, Expr), Error> {
    let result = call.result;
    let (a_type, b_type) = (call.ty(0)?, call.ty(1)?);
    let (a, b) = call.pair()?;
    let widen = |value, ty: Type| {
        if ty.arrow() == result.arrow() { value } else { cast(value, result.arrow()) }
    };
    Ok((widen(a, a_type), widen(b, b_type)))
}

/// Decimals are held as doubles: what their binary form adds to a short decimal result is taken
/// away, so that `0.1 + 0.2` is `0.3`.
fn decimals(args: &Args, compute: fn(f64, f64) -> f64) -> Result<ArrayRef> {
    let (a, b) = (args.real(0)?, args.real(1)?);
    args.reals(|row| Some(without_noise(compute(a.get(row)?, b.get(row)?))))
}

/// The decimal of fifteen digits within two steps of a double, or the double.
fn without_noise(value: f64) -> f64 {
    match format!("{value:.14e}").parse::<f64>() {
        Ok(short) if (short - value).abs() <= value.abs() * 2.0 * f64::EPSILON => short,
        _ => value,
    }
}

fn add(call: Call) -> Result<Expr, Error> {
    match classes(&call)? {
        (Class::Whole | Class::Real, Class::Whole | Class::Real) => {
            if call.result == Type::Decimal {
                return call.kernel(|args| decimals(args, |a, b| a + b));
            }
            let (a, b) = numbers(call)?;
            Ok(a + b)
        }
        (Class::Time | Class::Span, Class::Span) | (Class::Span, Class::Time) => {
            call.kernel(|a| checked(a, i64::checked_add))
        }
        (Class::Dynamic, Class::Dynamic) => {
            call.kernel(|a| held(a, |a, b| Some(a.wrapping_add(b)), |a, b| a + b))
        }
        _ => Err(call.malformed()),
    }
}

fn subtract(call: Call) -> Result<Expr, Error> {
    match classes(&call)? {
        (Class::Whole | Class::Real, Class::Whole | Class::Real) => {
            if call.result == Type::Decimal {
                return call.kernel(|args| decimals(args, |a, b| a - b));
            }
            let (a, b) = numbers(call)?;
            Ok(a - b)
        }
        (Class::Time, Class::Time | Class::Span) | (Class::Span, Class::Span) => {
            call.kernel(|a| checked(a, i64::checked_sub))
        }
        (Class::Dynamic, Class::Dynamic) => {
            call.kernel(|a| held(a, |a, b| Some(a.wrapping_sub(b)), |a, b| a - b))
        }
        _ => Err(call.malformed()),
    }
}

fn multiply(call: Call) -> Result<Expr, Error> {
    match classes(&call)? {
        (Class::Whole | Class::Real, Class::Whole | Class::Real) => {
            if call.result == Type::Decimal {
                return call.kernel(|args| decimals(args, |a, b| a * b));
            }
            let (a, b) = numbers(call)?;
            Ok(a * b)
        }
        (Class::Whole, Class::Span) | (Class::Span, Class::Whole) => {
            call.kernel(|a| checked(a, i64::checked_mul))
        }
        (Class::Real, Class::Span) | (Class::Span, Class::Real) => call.kernel(|args| {
            let (a, b) = (args.real(0)?, args.real(1)?);
            args.whole(|row| ticks(a.get(row)? * b.get(row)?))
        }),
        (Class::Dynamic, Class::Dynamic) => {
            call.kernel(|a| held(a, |a, b| Some(a.wrapping_mul(b)), |a, b| a * b))
        }
        _ => Err(call.malformed()),
    }
}

fn divide(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = match classes(&call)? {
        (Class::Whole, Class::Whole) => whole_divide,
        (Class::Whole | Class::Real, Class::Whole | Class::Real) => {
            let (a, b) = numbers(call)?;
            return Ok(a / b);
        }
        (Class::Span, Class::Span) => |args| {
            let (a, b) = (args.long(0)?, args.long(1)?);
            args.reals(|row| Some(a.get(row)? as f64 / b.get(row)? as f64))
        },
        (Class::Span, Class::Whole | Class::Real) => |args| {
            let (a, b) = (args.real(0)?, args.real(1)?);
            args.whole(|row| ticks(a.get(row)? / b.get(row)?))
        },
        (Class::Dynamic, Class::Dynamic) => {
            |a| held(a, |a, b| (b != 0).then(|| a.wrapping_div(b)), |a, b| a / b)
        }
        _ => return Err(call.malformed()),
    };
    call.kernel(kernel)
}

/// Truncates toward zero; null on zero; the one overflow wraps.
fn whole_divide(args: &Args) -> Result<ArrayRef> {
    let (a, b) = (args.long(0)?, args.long(1)?);
    if let Some(Some(divisor)) = b.constant()
        && divisor > 0
    {
        return args.retype(compute::unary(&a.array, |v| v / divisor));
    }
    args.whole(|row| {
        let (a, b) = (a.get(row)?, b.get(row)?);
        (b != 0).then(|| a.wrapping_div(b))
    })
}

fn modulo(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = match classes(&call)? {
        // Counted from 0001-01-01, as `bin()` counts.
        (Class::Time, Class::Span) => |args| {
            let (a, b) = (args.long(0)?, args.long(1)?);
            args.whole(|row| {
                let (a, b) = (a.get(row)?, b.get(row)?);
                let from_start = i128::from(a) - i128::from(super::bin::phase(b));
                (b > 0).then(|| from_start.rem_euclid(i128::from(b)) as i64)
            })
        },
        (Class::Dynamic, Class::Dynamic) => |args| {
            let whole = |a: i64, b: i64| (b != 0).then(|| a.wrapping_rem_euclid(b));
            held(args, whole, |a, b| if b == 0.0 { f64::NAN } else { a.rem_euclid(b) })
        },
        (Class::Whole, Class::Whole) | (Class::Span, Class::Span) => |args| {
            let (a, b) = (args.long(0)?, args.long(1)?);
            args.whole(|row| {
                let (a, b) = (a.get(row)?, b.get(row)?);
                (b != 0).then(|| a.wrapping_rem_euclid(b))
            })
        },
        (Class::Whole | Class::Real, Class::Whole | Class::Real) => |args| {
            let (a, b) = (args.real(0)?, args.real(1)?);
            args.reals(|row| {
                let (a, b) = (a.get(row)?, b.get(row)?);
                (b != 0.0).then(|| a.rem_euclid(b))
            })
        },
        _ => return Err(call.malformed()),
    };
    call.kernel(kernel)
}

fn negate(call: Call) -> Result<Expr, Error> {
    match class(call.ty(0)?) {
        Some(Class::Whole) => call.kernel(|args| {
            let a = args.long(0)?;
            args.whole(|row| Some(a.get(row)?.wrapping_neg()))
        }),
        Some(Class::Real) => call.kernel(|args| {
            let a = args.real(0)?;
            args.reals(|row| Some(-a.get(row)?))
        }),
        Some(Class::Span) => call.kernel(|args| {
            let a = args.long(0)?;
            args.whole(|row| a.get(row)?.checked_neg())
        }),
        Some(Class::Dynamic) => call.kernel(|args| {
            let a = args.text(0)?;
            args.texts(|row, out| match a.get(row).map(|json| (json, scan::kind(json))) {
                Some((json, Kind::Long)) => json.trim().parse::<i64>().is_ok_and(|v| {
                    out.push_str(&v.wrapping_neg().to_string());
                    true
                }),
                Some((json, Kind::Real)) => scan::number(json).is_some_and(|v| {
                    json::write_real(out, -v);
                    true
                }),
                _ => false,
            })
        }),
        _ => Err(call.malformed()),
    }
}

/// Two dynamics by what they hold: whole numbers stay whole, other numbers are reals, and anything
/// else makes null.
fn held(
    args: &Args,
    whole: impl Fn(i64, i64) -> Option<i64>,
    real: impl Fn(f64, f64) -> f64,
) -> Result<ArrayRef> {
    let (a, b) = (args.text(0)?, args.text(1)?);
    let long = |json: &str| (scan::kind(json) == Kind::Long).then(|| json.trim().parse().ok());
    args.texts(|row, out| {
        let (Some(a), Some(b)) = (a.get(row), b.get(row)) else { return false };
        if let (Some(Some(a)), Some(Some(b))) = (long(a), long(b)) {
            return whole(a, b).is_some_and(|v| {
                out.push_str(&v.to_string());
                true
            });
        }
        let (Some(a), Some(b)) = (scan::number(a), scan::number(b)) else { return false };
        json::write_real(out, real(a, b));
        true
    })
}

/// Nanoseconds cut to whole ticks; null when there is no such time.
pub(super) fn ticks(nanos: f64) -> Option<i64> {
    let tick = model::time::TICK;
    let count = (nanos / tick as f64).round();
    (count.abs() < (i64::MAX / tick) as f64).then(|| count as i64 * tick)
}

fn checked(args: &Args, op: fn(i64, i64) -> Option<i64>) -> Result<ArrayRef> {
    let (a, b) = (args.long(0)?, args.long(1)?);
    let out = match (a.constant(), b.constant()) {
        (None, Some(Some(right))) => by_constant(&a, |left| op(left, right)),
        (Some(Some(left)), None) => by_constant(&b, |right| op(left, right)),
        _ => (0..args.rows).map(|row| op(a.get(row)?, b.get(row)?)).collect(),
    };
    args.retype(out)
}

fn by_constant(values: &Longs, op: impl Fn(i64) -> Option<i64>) -> Int64Array {
    let array = &values.array;
    if array.null_count() == 0 {
        // Range faults are so rare that the plain loop is tried first.
        let mut fits = true;
        let plain: Vec<i64> = array
            .values()
            .iter()
            .map(|&v| {
                op(v).unwrap_or_else(|| {
                    fits = false;
                    0
                })
            })
            .collect();
        if fits {
            return plain.into();
        }
    }
    array.iter().map(|v| op(v?)).collect()
}
