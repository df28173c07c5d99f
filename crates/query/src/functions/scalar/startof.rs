//! `startofday/week/month/year`, `endof…`: the period a moment lies in, or one some periods away.

use chrono::{DateTime, Datelike};
use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::time::{self, DAY, TICK};

use super::super::Build;
use super::super::kernel::Args;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("startofday", |c| c.kernel(|a| period(a, day, 0))),
    ("startofweek", |c| c.kernel(|a| period(a, week, 0))),
    ("startofmonth", |c| c.kernel(|a| period(a, month, 0))),
    ("startofyear", |c| c.kernel(|a| period(a, year, 0))),
    ("endofday", |c| c.kernel(|a| period(a, day, 1))),
    ("endofweek", |c| c.kernel(|a| period(a, week, 1))),
    ("endofmonth", |c| c.kernel(|a| period(a, month, 1))),
    ("endofyear", |c| c.kernel(|a| period(a, year, 1))),
];

/// Starts of periods: of the one holding the moment, moved on by so many.
type Start = fn(i64, i64) -> Option<i64>;

/// `past` 1 asks for the last tick of the period instead of its start.
fn period(args: &Args, start: Start, past: i64) -> Result<ArrayRef> {
    let times = args.long(0)?;
    let offsets = if args.has(1) { Some(args.long(1)?) } else { None };
    args.whole(|row| {
        let offset = match &offsets {
            Some(offsets) => offsets.get(row)?,
            None => 0,
        };
        let at = start(times.get(row)?, offset.checked_add(past)?)?;
        if past == 0 { Some(at) } else { at.checked_sub(TICK) }
    })
}

fn day(at: i64, offset: i64) -> Option<i64> {
    at.div_euclid(DAY).checked_add(offset)?.checked_mul(DAY)
}

/// Weeks start on Sunday; 1970-01-04 was one.
fn week(at: i64, offset: i64) -> Option<i64> {
    let week = (at.div_euclid(DAY) - 3).div_euclid(7);
    week.checked_add(offset)?.checked_mul(7)?.checked_add(3)?.checked_mul(DAY)
}

fn month(at: i64, offset: i64) -> Option<i64> {
    let date = DateTime::from_timestamp_nanos(at);
    let months = (i64::from(date.year()) * 12 + i64::from(date.month0())).checked_add(offset)?;
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    time::from_parts(year, u32::try_from(months.rem_euclid(12)).ok()? + 1, 1, 0)
}

fn year(at: i64, offset: i64) -> Option<i64> {
    let year = i64::from(DateTime::from_timestamp_nanos(at).year()).checked_add(offset)?;
    time::from_parts(i32::try_from(year).ok()?, 1, 1, 0)
}
