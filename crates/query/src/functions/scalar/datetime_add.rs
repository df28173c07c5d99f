//! `datetime_add`, `datetime_diff`: calendar steps and boundaries crossed (spec kql.md §9).

use chrono::{DateTime, Datelike};
use datafusion::logical_expr::Expr;
use kql::codes;
use model::time::{self, DAY, HOUR, MINUTE, SECOND};

use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("datetime_add", |c| {
        check_period(&c, &PERIODS)?;
        c.kernel(|args| {
            let (units, counts, times) = (args.text(0)?, args.long(1)?, args.long(2)?);
            args.whole(|row| add(units.text(row), counts.get(row)?, times.get(row)?))
        })
    }),
    ("datetime_diff", |c| {
        check_period(&c, &PERIODS)?;
        c.kernel(|args| {
            let (units, a, b) = (args.text(0)?, args.long(1)?, args.long(2)?);
            args.whole(|row| {
                let unit = units.text(row);
                ordinal(unit, a.get(row)?)?.checked_sub(ordinal(unit, b.get(row)?)?)
            })
        })
    }),
];

const PERIODS: [&str; 11] = [
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
    "nanosecond",
];

/// Refuses a first argument that is written out and is none of `known`, in any case of letters.
pub(super) fn check_period(call: &Call, known: &[&str]) -> Result<(), Error> {
    if let Some(Expr::Literal(value, _)) = call.args.first()
        && let Some(Some(name)) = value.try_as_str()
        && !known.iter().any(|k| k.eq_ignore_ascii_case(name))
    {
        let message = format!("no period `{name}`: they are {}", known.join(", "));
        return Err(Error::Argument { argument: 0, code: codes::UNKNOWN_NAME, message });
    }
    Ok(())
}

/// Nanoseconds of the units that have a fixed length.
fn fixed(unit: &str) -> Option<i64> {
    Some(match unit {
        "week" => 7 * DAY,
        "day" => DAY,
        "hour" => HOUR,
        "minute" => MINUTE,
        "second" => SECOND,
        "millisecond" => 1_000_000,
        "microsecond" => 1_000,
        "nanosecond" => 1,
        _ => return None,
    })
}

fn months_in(unit: &str) -> Option<i64> {
    Some(match unit {
        "year" => 12,
        "quarter" => 3,
        "month" => 1,
        _ => return None,
    })
}

fn months(at: i64) -> i64 {
    let date = DateTime::from_timestamp_nanos(at);
    i64::from(date.year()) * 12 + i64::from(date.month0())
}

fn add(unit: &str, count: i64, at: i64) -> Option<i64> {
    let unit = unit.to_ascii_lowercase();
    if let Some(size) = fixed(&unit) {
        return at.checked_add(count.checked_mul(size)?);
    }
    let months = months(at).checked_add(count.checked_mul(months_in(&unit)?)?)?;
    let year = i32::try_from(months.div_euclid(12)).ok()?;
    let month = u32::try_from(months.rem_euclid(12)).ok()? + 1;
    let day = DateTime::from_timestamp_nanos(at).day();
    // The last day there is, when the month is shorter.
    (28..=day.max(28))
        .rev()
        .map(|last| day.min(last))
        .find_map(|day| time::from_parts(year, month, day, at.rem_euclid(DAY)))
}

/// The number of the unit the moment lies in; weeks start on Sunday.
fn ordinal(unit: &str, at: i64) -> Option<i64> {
    let unit = unit.to_ascii_lowercase();
    if unit == "week" {
        return Some((at.div_euclid(DAY) - 3).div_euclid(7));
    }
    if let Some(size) = fixed(&unit) {
        return Some(at.div_euclid(size));
    }
    Some(months(at).div_euclid(months_in(&unit)?))
}
