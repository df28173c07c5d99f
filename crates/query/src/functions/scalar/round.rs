//! `round`, `ceiling`: real for real input; `floor` is `bin` (spec kql.md §4, §9).

use datafusion::logical_expr::Expr;

use super::super::kernel::Kernel;
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("round", round), ("ceiling", ceiling)];

/// Half away from zero at the asked digit.
fn round(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = match call.ty(0)? {
        model::Type::Int | model::Type::Long
            if call.result.arrow() != model::Type::Real.arrow() =>
        {
            |args| {
                let (a, digits) = (args.long(0)?, optional_digits(args)?);
                args.whole(|row| {
                    let (value, digits) = (a.get(row)?, digits(row)?);
                    Some(if digits >= 0 { value } else { to_digit(value as f64, digits) as i64 })
                })
            }
        }
        _ => |args| {
            let (a, digits) = (args.real(0)?, optional_digits(args)?);
            args.reals(|row| Some(to_digit(a.get(row)?, digits(row)?)))
        },
    };
    call.kernel(kernel)
}

fn optional_digits(
    args: &super::super::kernel::Args,
) -> datafusion::common::Result<impl Fn(usize) -> Option<i64>> {
    let digits = if args.has(1) { Some(args.long(1)?) } else { None };
    Ok(move |row| match &digits {
        Some(digits) => digits.get(row),
        None => Some(0),
    })
}

fn to_digit(value: f64, digits: i64) -> f64 {
    let digits = digits.clamp(-308, 15) as i32;
    let scale = 10_f64.powi(digits.abs());
    let rounded =
        if digits >= 0 { (value * scale).round() / scale } else { (value / scale).round() * scale };
    // Too large to scale is too large to have such digits.
    if rounded.is_finite() { rounded } else { value }
}

fn ceiling(call: Call) -> Result<Expr, Error> {
    if matches!(call.ty(0)?, model::Type::Int | model::Type::Long) {
        return call.kernel(|args| args.retype(args.long(0)?.array));
    }
    call.kernel(|args| {
        let a = args.real(0)?;
        args.reals(|row| Some(a.get(row)?.ceil()))
    })
}
