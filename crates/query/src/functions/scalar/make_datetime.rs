//! `make_datetime`, `make_timespan`, `unixtime_*_todatetime`: null out of range.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::time::{self, DAY, HOUR, MINUTE, SECOND};

use super::super::Build;
use super::super::kernel::Args;
use super::arithmetic::ticks;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("make_datetime", |c| c.kernel(make_datetime)),
    ("make_timespan", |c| c.kernel(make_timespan)),
    ("unixtime_seconds_todatetime", |c| c.kernel(|a| unixtime(a, SECOND))),
    ("unixtime_milliseconds_todatetime", |c| c.kernel(|a| unixtime(a, 1_000_000))),
    ("unixtime_microseconds_todatetime", |c| c.kernel(|a| unixtime(a, 1_000))),
    ("unixtime_nanoseconds_todatetime", |c| c.kernel(|a| unixtime(a, 1))),
];

/// The whole parts given, then zeros; the last one given to either function may have a fraction.
fn parts(args: &Args, count: usize) -> Result<impl Fn(usize) -> Option<Vec<f64>>> {
    let columns: Vec<_> =
        (0..args.count().min(count)).map(|k| args.real(k)).collect::<Result<_>>()?;
    Ok(move |row| {
        let mut parts: Vec<f64> = columns.iter().map(|c| c.get(row)).collect::<Option<_>>()?;
        parts.resize(count, 0.0);
        Some(parts)
    })
}

fn within(value: f64, low: f64, end: f64) -> Option<i64> {
    (value >= low && value < end).then_some(value as i64)
}

/// `(year, month, day[, hour, minute[, second]])`.
fn make_datetime(args: &Args) -> Result<ArrayRef> {
    let parts = parts(args, 6)?;
    let days_given = args.count() >= 3;
    args.whole(|row| {
        let parts = parts(row)?;
        let year = within(parts[0], 1.0, 10_000.0)?;
        let month = within(parts[1], 1.0, 13.0)?;
        let day = if days_given { within(parts[2], 1.0, 32.0)? } else { 1 };
        let clock = clock(parts[3], parts[4], parts[5])?;
        let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
        time::from_parts(i32::try_from(year).ok()?, month, day, clock)
    })
}

fn clock(hour: f64, minute: f64, second: f64) -> Option<i64> {
    let hour = within(hour, 0.0, 24.0)?;
    let minute = within(minute, 0.0, 60.0)?;
    within(second, 0.0, 60.0)?;
    Some(hour * HOUR + minute * MINUTE + ticks(second * SECOND as f64)?)
}

/// `(hour, minute)`, `(hour, minute, second)` or `(day, hour, minute, second)`.
fn make_timespan(args: &Args) -> Result<ArrayRef> {
    let parts = parts(args, 4)?;
    let with_day = args.count() == 4;
    args.whole(|row| {
        let parts = parts(row)?;
        if with_day {
            let days = within(parts[0], 0.0, 100_000.0)?;
            return Some(days * DAY + clock(parts[1], parts[2], parts[3])?);
        }
        clock(parts[0], parts[1], parts[2])
    })
}

fn unixtime(args: &Args, unit: i64) -> Result<ArrayRef> {
    if matches!(args.types[0], model::Type::Real | model::Type::Decimal) {
        let values = args.real(0)?;
        return args.whole(|row| ticks(values.get(row)? * unit as f64));
    }
    let values = args.long(0)?;
    args.whole(|row| values.get(row)?.checked_mul(unit).map(|v| v - v.rem_euclid(time::TICK)))
}
