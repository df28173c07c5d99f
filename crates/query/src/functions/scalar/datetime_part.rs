//! Parts of a datetime: `datetime_part`, `dayof…`, `hourofday`, `monthofyear`, `getyear`,
//! `week_of_year`.

use chrono::{DateTime, Datelike};
use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::time::{DAY, HOUR, MINUTE, SECOND};

use super::super::Build;
use super::super::kernel::Args;
use super::datetime_add::check_period;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("datetime_part", |c| {
        check_period(&c, &PARTS)?;
        c.kernel(|args| {
            let (units, times) = (args.text(0)?, args.long(1)?);
            args.whole(|row| part(units.text(row), times.get(row)?))
        })
    }),
    ("dayofmonth", |c| c.kernel(|a| of(a, "day"))),
    ("dayofyear", |c| c.kernel(|a| of(a, "dayofyear"))),
    ("hourofday", |c| c.kernel(|a| of(a, "hour"))),
    ("monthofyear", |c| c.kernel(|a| of(a, "month"))),
    ("getyear", |c| c.kernel(|a| of(a, "year"))),
    ("week_of_year", |c| c.kernel(|a| of(a, "weekofyear"))),
    // A timespan: `3.00:00:00` for Wednesday (spec kql.md §9).
    ("dayofweek", |c| {
        c.kernel(|args| {
            let times = args.long(0)?;
            args.whole(|row| Some(weekday(times.get(row)?) * DAY))
        })
    }),
];

const PARTS: [&str; 13] = [
    "year",
    "quarter",
    "month",
    "week_of_year",
    "weekofyear",
    "day",
    "dayofyear",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "nanosecond",
];

fn of(args: &Args, unit: &str) -> Result<ArrayRef> {
    let times = args.long(0)?;
    args.whole(|row| part(unit, times.get(row)?))
}

/// Sunday is 0; 1970-01-01 was a Thursday.
fn weekday(at: i64) -> i64 {
    (at.div_euclid(DAY) + 4).rem_euclid(7)
}

fn part(unit: &str, at: i64) -> Option<i64> {
    let date = || DateTime::from_timestamp_nanos(at);
    let of_day = at.rem_euclid(DAY);
    Some(match unit.to_ascii_lowercase().as_str() {
        "year" => i64::from(date().year()),
        "quarter" => i64::from(date().month0() / 3 + 1),
        "month" => i64::from(date().month()),
        "weekofyear" | "week_of_year" => i64::from(date().iso_week().week()),
        "day" => i64::from(date().day()),
        "dayofyear" => i64::from(date().ordinal()),
        "hour" => of_day / HOUR,
        "minute" => of_day / MINUTE % 60,
        "second" => of_day / SECOND % 60,
        "millisecond" => of_day / 1_000_000 % 1000,
        "microsecond" => of_day / 1000 % 1_000_000,
        "nanosecond" => of_day % SECOND,
        _ => return None,
    })
}
