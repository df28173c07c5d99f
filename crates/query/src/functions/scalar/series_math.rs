//! Element-wise functions over series: arithmetic, comparison, rounding, trigonometry.
//!
//! An element that is no number gives null; whole numbers stay whole where nothing is divided
//! (spec kql.md §9).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::Type;

use super::super::Build;
use super::super::kernel::{Args, Longs, Reals, Texts};
use super::super::series::{self, Number};

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("series_add", |c| c.kernel(|a| pairs(a, |x, y| whole(x, y, i64::checked_add, |x, y| x + y)))),
    ("series_subtract", |c| {
        c.kernel(|a| pairs(a, |x, y| whole(x, y, i64::checked_sub, |x, y| x - y)))
    }),
    ("series_multiply", |c| {
        c.kernel(|a| pairs(a, |x, y| whole(x, y, i64::checked_mul, |x, y| x * y)))
    }),
    ("series_divide", |c| c.kernel(|a| pairs(a, |x, y| Number::Real(x.real() / y.real())))),
    ("series_pow", |c| c.kernel(|a| pairs(a, |x, y| Number::Real(x.real().powf(y.real()))))),
    ("series_greater", |c| c.kernel(|a| tests(a, |x, y| x.real() > y.real()))),
    ("series_greater_equals", |c| c.kernel(|a| tests(a, |x, y| x.real() >= y.real()))),
    ("series_less", |c| c.kernel(|a| tests(a, |x, y| x.real() < y.real()))),
    ("series_less_equals", |c| c.kernel(|a| tests(a, |x, y| x.real() <= y.real()))),
    ("series_equals", |c| c.kernel(|a| tests(a, equal))),
    ("series_not_equals", |c| c.kernel(|a| tests(a, |x, y| !equal(x, y)))),
    ("series_abs", |c| {
        c.kernel(|a| {
            each(a, |x| match x {
                Number::Long(v) => Number::Long(v.wrapping_abs()),
                Number::Real(v) => Number::Real(v.abs()),
            })
        })
    }),
    ("series_sign", |c| {
        c.kernel(|a| {
            each(a, |x| match x {
                Number::Long(v) => Number::Long(v.signum()),
                Number::Real(v) if v == 0.0 || v.is_nan() => Number::Real(v.abs()),
                Number::Real(v) => Number::Real(v.signum()),
            })
        })
    }),
    ("series_floor", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().floor())))),
    ("series_ceiling", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().ceil())))),
    ("series_exp", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().exp())))),
    ("series_log", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().ln())))),
    ("series_sin", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().sin())))),
    ("series_cos", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().cos())))),
    ("series_tan", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().tan())))),
    ("series_asin", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().asin())))),
    ("series_acos", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().acos())))),
    ("series_atan", |c| c.kernel(|a| each(a, |x| Number::Real(x.real().atan())))),
];

/// Whole for whole numbers whose result fits.
fn whole(
    x: Number,
    y: Number,
    exact: fn(i64, i64) -> Option<i64>,
    real: fn(f64, f64) -> f64,
) -> Number {
    let both = match (x, y) {
        (Number::Long(x), Number::Long(y)) => exact(x, y),
        _ => None,
    };
    both.map_or_else(|| Number::Real(real(x.real(), y.real())), Number::Long)
}

fn equal(x: Number, y: Number) -> bool {
    match (x, y) {
        (Number::Long(x), Number::Long(y)) => x == y,
        _ => x.real() == y.real(),
    }
}

fn each(args: &Args, of: fn(Number) -> Number) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    args.texts(|row, out| {
        let Some(numbers) = arrays.get(row).and_then(series::numbers) else { return false };
        series::write_array(out, numbers, |out, number| match number {
            Some(number) => {
                of(number).write(out);
                true
            }
            None => false,
        });
        true
    })
}

/// A series, or a number in the place of every element.
enum Side {
    Series(Texts),
    Long(Longs),
    Real(Reals),
}

/// One row of a [`Side`].
enum Row {
    Series(Vec<Option<Number>>),
    Number(Option<Number>),
}

impl Side {
    fn of(args: &Args, k: usize) -> Result<Side> {
        Ok(match args.types.get(k) {
            Some(Type::Dynamic) => Side::Series(args.text(k)?),
            Some(Type::Int | Type::Long) => Side::Long(args.long(k)?),
            _ => Side::Real(args.real(k)?),
        })
    }

    /// `None` for a dynamic that is no array.
    fn row(&self, row: usize) -> Option<Row> {
        Some(match self {
            Side::Series(texts) => Row::Series(series::numbers(texts.get(row)?)?),
            Side::Long(longs) => Row::Number(longs.get(row).map(Number::Long)),
            Side::Real(reals) => Row::Number(reals.get(row).map(Number::Real)),
        })
    }
}

impl Row {
    fn len(&self) -> usize {
        match self {
            Row::Series(numbers) => numbers.len(),
            Row::Number(_) => 0,
        }
    }

    fn at(&self, place: usize) -> Option<Number> {
        match self {
            Row::Series(numbers) => numbers.get(place).copied().flatten(),
            Row::Number(number) => *number,
        }
    }
}

fn both(args: &Args, write: impl Fn(&mut String, Number, Number) + Copy) -> Result<ArrayRef> {
    let (left, right) = (Side::of(args, 0)?, Side::of(args, 1)?);
    args.texts(|row, out| {
        let (Some(left), Some(right)) = (left.row(row), right.row(row)) else { return false };
        // A shorter series has nothing where the longer one goes on.
        let places = 0..left.len().max(right.len());
        series::write_array(out, places, |out, at| match (left.at(at), right.at(at)) {
            (Some(left), Some(right)) => {
                write(out, left, right);
                true
            }
            _ => false,
        });
        true
    })
}

fn pairs(args: &Args, of: fn(Number, Number) -> Number) -> Result<ArrayRef> {
    both(args, |out, left, right| of(left, right).write(out))
}

fn tests(args: &Args, test: fn(Number, Number) -> bool) -> Result<ArrayRef> {
    both(args, |out, left, right| out.push_str(if test(left, right) { "true" } else { "false" }))
}
