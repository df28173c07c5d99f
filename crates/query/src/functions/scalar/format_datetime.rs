//! `format_datetime`, `format_timespan`: .NET-like pictures without names (spec kql.md §9).

use std::fmt::Write;

use chrono::{DateTime, Datelike};
use model::time::{DAY, HOUR, MINUTE, SECOND, TICK};

use super::super::Build;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("format_datetime", |c| {
        c.kernel(|args| {
            let (times, pictures) = (args.long(0)?, args.text(1)?);
            args.texts(|row, out| {
                times.get(row).is_some_and(|at| {
                    write_picture(out, pictures.text(row), &Parts::of_datetime(at));
                    true
                })
            })
        })
    }),
    ("format_timespan", |c| {
        c.kernel(|args| {
            let (spans, pictures) = (args.long(0)?, args.text(1)?);
            args.texts(|row, out| {
                spans.get(row).is_some_and(|span| {
                    write_picture(out, pictures.text(row), &Parts::of_timespan(span));
                    true
                })
            })
        })
    }),
];

struct Parts {
    /// `None` for a timespan.
    date: Option<(i32, u32)>,
    day: i64,
    /// Nanoseconds since midnight.
    clock: i64,
}

impl Parts {
    fn of_datetime(at: i64) -> Parts {
        let date = DateTime::from_timestamp_nanos(at);
        Parts {
            date: Some((date.year(), date.month())),
            day: i64::from(date.day()),
            clock: at.rem_euclid(DAY),
        }
    }
    fn of_timespan(span: i64) -> Parts {
        let size = span.saturating_abs();
        Parts { date: None, day: size / DAY, clock: size % DAY }
    }
}

fn write_picture(out: &mut String, picture: &str, parts: &Parts) {
    let mut rest = picture;
    while let Some(c) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(c).len();
        rest = &rest[run..];
        write_run(out, c, run / c.len_utf8(), parts);
    }
}

/// One run of the same picture character. Writing to a String cannot fail.
fn write_run(out: &mut String, c: char, run: usize, parts: &Parts) {
    let clock = parts.clock;
    let number = |out: &mut String, value: i64, longest: usize| {
        // Longer runs start over: `dddd` is `dd` twice.
        let mut left = run;
        while left > 0 {
            let width = left.min(longest);
            let _ = write!(out, "{value:0width$}");
            left -= width;
        }
    };
    match (c, parts.date) {
        ('y', Some((year, _))) => match run {
            1 => drop(write!(out, "{}", year % 100)),
            2 => drop(write!(out, "{:02}", year % 100)),
            _ => drop(write!(out, "{year:0run$}")),
        },
        ('M', Some((_, month))) => number(out, i64::from(month), 2),
        ('d', Some(_)) => number(out, parts.day, 2),
        ('d', None) => drop(write!(out, "{:0run$}", parts.day)),
        ('H', _) => number(out, clock / HOUR, 2),
        ('h', None) => number(out, clock / HOUR, 2),
        ('h', Some(_)) => number(out, (clock / HOUR + 11) % 12 + 1, 2),
        ('m', _) => number(out, clock / MINUTE % 60, 2),
        ('s', _) => number(out, clock / SECOND % 60, 2),
        ('t', Some(_)) => {
            let half = if clock < 12 * HOUR { "AM" } else { "PM" };
            out.push_str(&half[..run.min(2)]);
        }
        ('f' | 'F', _) => {
            let ticks = clock % SECOND / TICK;
            let digits = format!("{ticks:07}");
            let shown = &digits[..run.min(7)];
            // `F` prints nothing when all its digits are zero.
            if c == 'f' || shown.bytes().any(|b| b != b'0') {
                out.push_str(shown);
            }
        }
        _ => out.extend(std::iter::repeat_n(c, run)),
    }
}
