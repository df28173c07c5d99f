//! Times as the service knows them: ticks of 100 ns, written with as few fraction digits as they
//! need (spec azure-devops.md §2: trailing zeros cut).

use chrono::{DateTime, Timelike};

/// Ticks of 100 ns since 1970-01-01 UTC.
pub type Ticks = i64;

/// Ticks of one second.
pub const SECOND: Ticks = 10_000_000;
/// Ticks of one day.
pub const DAY: Ticks = 86_400 * SECOND;

/// Reads `2026-11-20T12:00:00.5Z`; nothing when it is no such time.
pub fn parse(text: &str) -> Option<Ticks> {
    let nanoseconds = DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt()?;
    Some(nanoseconds.div_euclid(100))
}

/// Appends a time as the service writes it, fraction zeros cut.
pub fn write(out: &mut Vec<u8>, time: Ticks) {
    let (date, clock) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    let (year, month, day) = civil(date);
    let seconds = clock / SECOND;
    digits(out, year, 4);
    for (mark, part) in [(b'-', month), (b'-', day)] {
        out.push(mark);
        digits(out, part, 2);
    }
    for (mark, part) in [(b'T', seconds / 3_600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
        out.push(mark);
        digits(out, part, 2);
    }
    let (mut fraction, mut count) = (clock % SECOND, 7);
    if fraction > 0 {
        while fraction % 10 == 0 {
            fraction /= 10;
            count -= 1;
        }
        out.push(b'.');
        digits(out, fraction, count);
    }
    out.push(b'Z');
}

/// A time as the service writes it.
pub fn text(time: Ticks) -> String {
    let mut out = Vec::with_capacity(28);
    write(&mut out, time);
    String::from_utf8_lossy(&out).into_owned()
}

/// A time as an HTTP `Date` header, `Fri, 20 Nov 2026 12:00:00 GMT`.
pub fn http_date(time: Ticks) -> String {
    let moment = DateTime::from_timestamp(time.div_euclid(SECOND), 0).unwrap_or_default();
    let clock = (moment.hour(), moment.minute(), moment.second());
    let date = moment.date_naive().format("%a, %d %b %Y");
    format!("{date} {:02}:{:02}:{:02} GMT", clock.0, clock.1, clock.2)
}

/// Year, month and day of a day since 1970-01-01. Bodies hold thousands of times, and a library
/// that is built without optimisation would take most of the time it takes to write them.
fn civil(day: i64) -> (i64, i64, i64) {
    // Counted in eras of 400 years that begin in March, so that leap days come last.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let whole = era * 400 + year + i64::from(month <= 2);
    (whole, month, of_year - (153 * march + 2) / 5 + 1)
}

/// Appends `count` decimal digits, zeros first.
fn digits(out: &mut Vec<u8>, value: i64, count: usize) {
    let start = out.len();
    let mut rest = value;
    for _ in 0..count {
        out.push(b'0' + u8::try_from(rest.rem_euclid(10)).unwrap_or(0));
        rest /= 10;
    }
    out[start..].reverse();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_short_as_they_are() {
        for given in
            ["2026-11-20T12:00:00Z", "2026-11-20T09:10:00.5Z", "2024-02-29T23:59:59.0000001Z"]
        {
            assert_eq!(text(parse(given).expect(given)), given);
        }
        for day in (-40_000..60_000).step_by(13) {
            assert_eq!(parse(&text(day * DAY)), Some(day * DAY));
        }
        assert_eq!(parse("0001-01-01T00:00:00"), None);
        assert_eq!(
            http_date(parse("2026-11-20T12:00:00Z").expect("a time")),
            "Fri, 20 Nov 2026 12:00:00 GMT"
        );
    }
}
