//! `bin` (`floor`), `bin_at`: rounds down to a multiple (spec kql.md §9).
//!
//! Datetimes count from 0001-01-01, a Monday, not from 1970. A size of zero or less gives null.

use datafusion::arrow::array::{Array, ArrayRef, Int64Array};
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use model::{Type, time};

use super::super::kernel::{Args, Kernel, Longs};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("bin", bin), ("bin_at", bin_at)];

fn bin(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = match (call.ty(0)?, call.types.get(1)) {
        (Type::DateTime, _) => datetimes,
        (Type::TimeSpan, _) => |args| wholes(args, 0),
        (Type::Int | Type::Long, Some(Type::Int | Type::Long | Type::TimeSpan)) => {
            |args| wholes(args, 0)
        }
        _ => |args| {
            let (a, size) = (args.real(0)?, args.real(1)?);
            args.reals(|row| {
                let (value, size) = (a.get(row)?, size.get(row)?);
                (size > 0.0).then(|| (value / size).floor() * size)
            })
        },
    };
    call.kernel(kernel)
}

/// Where 0001-01-01 lies within a bin of `size`, seen from 1970: bins start where
/// `(t - phase) % size == 0`.
pub(super) fn phase(size: i64) -> i64 {
    let origin = -i128::from(time::EPOCH_TICKS) * i128::from(time::TICK);
    // The remainder is below `size`, so it fits.
    i64::try_from(origin.rem_euclid(i128::from(size.max(1)))).unwrap_or_default()
}

fn datetimes(args: &Args) -> Result<ArrayRef> {
    let sizes = args.long(1)?;
    if let Some(Some(size)) = sizes.constant() {
        return wholes(args, phase(size));
    }
    let values = args.long(0)?;
    args.whole(|row| {
        let size = sizes.get(row)?;
        down(values.get(row)?, size, phase(size))
    })
}

fn down(value: i64, size: i64, phase: i64) -> Option<i64> {
    if size <= 0 {
        return None;
    }
    value.checked_sub(value.checked_sub(phase)?.rem_euclid(size))
}

fn wholes(args: &Args, phase: i64) -> Result<ArrayRef> {
    let (values, sizes) = (args.long(0)?, args.long(1)?);
    if let (Some(Some(size)), None) = (sizes.constant(), values.constant()) {
        return args.retype(by_constant(&values, size, phase));
    }
    args.whole(|row| down(values.get(row)?, sizes.get(row)?, phase))
}

/// The hot form. Neighbouring rows mostly share a bin: one comparison instead of a division.
fn by_constant(values: &Longs, size: i64, phase: i64) -> Int64Array {
    let array = &values.array;
    if size <= 0 {
        return Int64Array::new_null(array.len());
    }
    let (mut start, mut end) = (0_i64, 0_i64);
    let mut outside = false;
    let binned: Vec<i64> = array
        .values()
        .iter()
        .map(|&value| {
            if value < start || value >= end {
                match down(value, size, phase) {
                    Some(low) => (start, end) = (low, low.saturating_add(size)),
                    None => {
                        outside = true;
                        return 0;
                    }
                }
            }
            start
        })
        .collect();
    if outside {
        return array.iter().map(|v| down(v?, size, phase)).collect();
    }
    Int64Array::new(binned.into(), array.nulls().cloned())
}

fn bin_at(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = if matches!(call.ty(0)?, Type::Real | Type::Decimal)
        || matches!(call.ty(1)?, Type::Real | Type::Decimal)
    {
        |args| {
            let (a, size, origin) = (args.real(0)?, args.real(1)?, args.real(2)?);
            args.reals(|row| {
                let (value, size, origin) = (a.get(row)?, size.get(row)?, origin.get(row)?);
                (size > 0.0).then(|| ((value - origin) / size).floor() * size + origin)
            })
        }
    } else {
        |args| {
            let (a, size, origin) = (args.long(0)?, args.long(1)?, args.long(2)?);
            args.whole(|row| down(a.get(row)?, size.get(row)?, origin.get(row)?))
        }
    };
    call.kernel(kernel)
}
