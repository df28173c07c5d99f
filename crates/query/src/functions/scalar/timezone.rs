//! `datetime_utc_to_local`, `datetime_local_to_utc`, `datetime_list_timezones`: IANA time zones.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use datafusion::arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, lit};
use kql::codes;
use model::json;
use model::time::SECOND;

use super::super::json::scan;
use super::super::kernel::Args;
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("datetime_utc_to_local", |c| zoned(c, |a| each(a, to_local))),
    ("datetime_local_to_utc", |c| zoned(c, |a| each(a, to_utc))),
    ("datetime_list_timezones", |_| Ok(lit(ScalarValue::Utf8View(Some(list()))))),
];

/// Refuses a constant that names no time zone.
fn zoned(call: Call, kernel: super::super::kernel::Kernel) -> Result<Expr, Error> {
    if let Some(Expr::Literal(value, _)) = call.args.get(1)
        && let Some(Some(name)) = value.try_as_str()
        && name.parse::<Tz>().is_err()
    {
        let message = format!("no time zone `{name}`; `datetime_list_timezones()` lists them");
        return Err(Error::Argument { argument: 1, code: codes::UNKNOWN_NAME, message });
    }
    call.kernel(kernel)
}

/// A zone of a row that does not exist gives null.
fn each(args: &Args, change: fn(i64, Tz) -> Option<i64>) -> Result<ArrayRef> {
    let (times, zones) = (args.long(0)?, args.text(1)?);
    let constant = zones.constant().map(|name| name.parse::<Tz>().ok());
    args.whole(|row| {
        let zone = match constant {
            Some(zone) => zone?,
            None => zones.text(row).parse().ok()?,
        };
        change(times.get(row)?, zone)
    })
}

fn naive(nanos: i64) -> NaiveDateTime {
    DateTime::from_timestamp_nanos(nanos).naive_utc()
}

fn to_local(nanos: i64, zone: Tz) -> Option<i64> {
    let offset = zone.offset_from_utc_datetime(&naive(nanos)).fix();
    nanos.checked_add(i64::from(offset.local_minus_utc()) * SECOND)
}

/// Of two instants with this local time the earlier one; a local time that the clocks skip is read
/// with the offset behind the gap.
fn to_utc(nanos: i64, zone: Tz) -> Option<i64> {
    const STEP: TimeDelta = TimeDelta::minutes(15);
    /// The longest gap there was is a day.
    const STEPS_MAX: usize = 100;
    let mut local = naive(nanos);
    for _ in 0..STEPS_MAX {
        let offset = match zone.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix(),
            LocalResult::None => {
                local = local.checked_add_signed(STEP)?;
                continue;
            }
        };
        return nanos.checked_sub(i64::from(offset.local_minus_utc()) * SECOND);
    }
    None
}

fn list() -> String {
    let mut out = String::from("[");
    for zone in TZ_VARIANTS {
        scan::separate(&mut out);
        json::write_string(&mut out, zone.name());
    }
    out.push(']');
    out
}
