//! `series_periods_detect`, `series_periods_validate`, `series_seasonal` (spec kql.md §9).
//!
//! Null for a series with an element that is no number.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::kernel::Args;
use super::super::series::{self, periods::Agreement};
use super::series_decompose::{count_of, period_of, seasons};

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("series_periods_detect", |c| c.kernel(detect)),
    ("series_periods_validate", |c| c.kernel(validate)),
    ("series_seasonal", |c| c.kernel(seasonal)),
];

/// The most periods of one answer.
const PERIODS_MAX: usize = 1024;
/// The score from which on `series_seasonal()` takes a period for one.
const THRESHOLD: f64 = 0.7;

fn write(out: &mut String, periods: &[(f64, f64)]) {
    out.push('[');
    series::write_reals(out, periods.iter().map(|(period, _)| *period));
    out.push(',');
    series::write_reals(out, periods.iter().map(|(_, score)| *score));
    out.push(']');
}

/// `(series, min, max, count)`: always `count` periods, zeros behind those found.
fn detect(args: &Args) -> Result<ArrayRef> {
    let (arrays, low, high) = (args.text(0)?, args.real(1)?, args.real(2)?);
    let counts = args.long(3)?;
    args.texts(|row, out| {
        let (Some(values), Some(low), Some(high), Some(count)) =
            (arrays.get(row).and_then(series::reals), low.get(row), high.get(row), counts.get(row))
        else {
            return false;
        };
        // Casts of reals end at the ends of the type.
        let found = Agreement::of(&values).periods(low.ceil() as usize, high.floor() as usize);
        let found = found.into_iter().map(|p| (p.lag as f64, p.score));
        let count = usize::try_from(count).unwrap_or(0).min(PERIODS_MAX);
        let filled: Vec<_> = found.chain(std::iter::repeat((0.0, 0.0))).take(count).collect();
        write(out, &filled);
        true
    })
}

/// `(series, period, …)`.
fn validate(args: &Args) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    let asked = (1..args.count()).map(|k| args.real(k)).collect::<Result<Vec<_>>>()?;
    args.texts(|row, out| {
        let Some(values) = arrays.get(row).and_then(series::reals) else { return false };
        let agreement = Agreement::of(&values);
        let scored: Vec<_> = asked
            .iter()
            .map(|period| {
                let period = period.get(row).unwrap_or(0.0);
                (period, agreement.score(period.round() as usize))
            })
            .collect();
        write(out, &scored);
        true
    })
}

/// `(series[, period[, test_points]])`.
fn seasonal(args: &Args) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    let periods = if args.has(1) { Some(args.long(1)?) } else { None };
    let tests = if args.has(2) { Some(args.long(2)?) } else { None };
    args.texts(|row, out| {
        let Some(values) = arrays.get(row).and_then(series::reals) else { return false };
        let learned = values.len() - count_of(tests.as_ref(), row, values.len());
        let period = period_of(periods.as_ref(), row, &values[..learned], THRESHOLD);
        series::write_reals(out, seasons(&values[..learned], values.len(), period));
        true
    })
}
