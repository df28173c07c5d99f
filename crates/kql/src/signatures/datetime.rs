//! Functions over datetimes and timespans (spec kql.md §9).

use model::Type;

use super::short::*;
use super::{Naming, Overload, Signature, over, scalar};

const PERIOD: &[Overload] = &[over(&[DATETIME, LONG], Type::DateTime).optional(1)];
/// Long, as the engine answers; the vendor's binder says int.
const PART: &[Overload] = &[over(&[DATETIME], Type::Long)];
const UNIX: &[Overload] = &[over(&[LONG], Type::DateTime), over(&[REAL], Type::DateTime)];

const ZONED: &[Overload] = &[over(&[DATETIME, STRING], Type::DateTime)];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar(
        "now",
        &[over(&[TIMESPAN], Type::DateTime).optional(1)],
        "the instant of the query, plus an offset",
    )
    .takes("offset")
    .by_binder(),
    scalar(
        "ago",
        &[over(&[TIMESPAN], Type::DateTime)],
        "the instant of the query minus a timespan",
    )
    .takes("span")
    .by_binder(),
    scalar(
        "ingestion_time",
        &[over(&[], Type::DateTime)],
        "when the row came in; null where rows do not stand for rows of a table",
    )
    .named(Naming::Special)
    .by_binder(),
    scalar("startofday", PERIOD, "the start of the day, moved by a number of days")
        .takes("time, offset")
        .keeps_name(),
    scalar("startofweek", PERIOD, "the start of the week (Sunday), moved by a number of weeks")
        .takes("time, offset"),
    scalar("startofmonth", PERIOD, "the start of the month, moved by a number of months")
        .takes("time, offset"),
    scalar("startofyear", PERIOD, "the start of the year, moved by a number of years")
        .takes("time, offset"),
    scalar("endofday", PERIOD, "the last tick of the day, moved by a number of days")
        .takes("time, offset"),
    scalar("endofweek", PERIOD, "the last tick of the week (Saturday), moved by a number of weeks")
        .takes("time, offset"),
    scalar("endofmonth", PERIOD, "the last tick of the month, moved by a number of months")
        .takes("time, offset"),
    scalar("endofyear", PERIOD, "the last tick of the year, moved by a number of years")
        .takes("time, offset"),
    scalar(
        "dayofweek",
        &[over(&[DATETIME], Type::TimeSpan)],
        "days since the last Sunday, as a timespan",
    )
    .takes("time"),
    scalar("dayofmonth", PART, "the day in the month, from 1").takes("time"),
    scalar("dayofyear", PART, "the day in the year, from 1").takes("time"),
    scalar("hourofday", PART, "the hour in the day, from 0").takes("time"),
    scalar("monthofyear", PART, "the month, from 1").takes("time").also(&["getmonth"]),
    scalar("getyear", PART, "the year").takes("time"),
    scalar("week_of_year", PART, "the ISO 8601 week of the year")
        .takes("time")
        .also(&["weekofyear"]),
    scalar(
        "datetime_part",
        &[over(&[WORD, DATETIME], Type::Long)],
        "a part of a datetime by name: Year, Quarter, Month, …, Nanosecond",
    )
    .takes("part, time")
    .also(&["datepart"]),
    scalar(
        "datetime_add",
        &[over(&[WORD, LONG, DATETIME], Type::DateTime)],
        "a datetime moved by a number of units (unit, amount, datetime)",
    )
    .takes("unit, amount, time"),
    scalar(
        "datetime_diff",
        &[over(&[WORD, DATETIME, DATETIME], Type::Long)],
        "the number of unit boundaries from the second datetime to the first",
    )
    .takes("unit, later, earlier"),
    scalar(
        "format_datetime",
        &[over(&[DATETIME, STRING], Type::String)],
        "a datetime as text by a format",
    )
    .takes("time, format")
    .keeps_name(),
    scalar(
        "format_timespan",
        &[over(&[TIMESPAN, STRING], Type::String)],
        "a timespan as text by a format",
    )
    .takes("span, format")
    .keeps_name(),
    scalar(
        "make_datetime",
        &[
            over(&[LONG, LONG, LONG, LONG, LONG, REAL], Type::DateTime).optional(3),
            over(&[REAL, REAL, REAL, REAL, REAL, REAL], Type::DateTime).optional(3),
        ],
        "the datetime of year, month, day, hour, minute, second; null when there is none",
    )
    .takes("year, month, day, hour, minute, second")
    .named(Naming::OnlyArgument),
    scalar(
        "make_timespan",
        &[
            over(&[LONG, LONG, REAL], Type::TimeSpan).optional(1),
            over(&[LONG, LONG, LONG, REAL], Type::TimeSpan),
        ],
        "the timespan of [days,] hours, minutes and seconds; null when out of range",
    )
    .takes("days, hours, minutes, seconds")
    .named(Naming::OnlyArgument),
    scalar("datetime_utc_to_local", ZONED, "the local time of an instant in a time zone")
        .takes("datetime, timezone"),
    scalar("datetime_local_to_utc", ZONED, "the instant of a local time in a time zone")
        .takes("datetime, timezone"),
    scalar(
        "datetime_list_timezones",
        &[over(&[], Type::Dynamic)],
        "the array of the names of all time zones",
    ),
    scalar("unixtime_seconds_todatetime", UNIX, "the datetime of seconds since 1970")
        .takes("count"),
    scalar("unixtime_milliseconds_todatetime", UNIX, "the datetime of milliseconds since 1970")
        .takes("count"),
    scalar("unixtime_microseconds_todatetime", UNIX, "the datetime of microseconds since 1970")
        .takes("count"),
    scalar("unixtime_nanoseconds_todatetime", UNIX, "the datetime of nanoseconds since 1970")
        .takes("count"),
];
