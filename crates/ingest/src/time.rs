//! Times and durations as clients write them (spec ingestion.md §9).

use model::time::{DAY, HOUR, MINUTE, SECOND, TICK};

/// Nanoseconds since 1970 of `yyyy-MM-ddTHH:mm:ss[.f…][Z|±hh:mm]`; no zone means UTC, digits
/// beyond 100 ns are dropped. Years outside what a row can hold are read too.
pub fn parse_time(text: &str) -> Option<i128> {
    let bytes = text.trim().as_bytes();
    let head = bytes.get(..19)?;
    let separated = head[4] == b'-'
        && head[7] == b'-'
        && matches!(head[10], b'T' | b't' | b' ')
        && head[13] == b':'
        && head[16] == b':';
    if !separated {
        return None;
    }
    let year = number(&head[..4])?;
    let (month, day) = (number(&head[5..7])?, number(&head[8..10])?);
    let (hour, minute, second) =
        (number(&head[11..13])?, number(&head[14..16])?, number(&head[17..19])?);
    // 60 is a leap second and 24:00 the end of the day: both are the next whole moment.
    let clock_valid = hour < 24 || (hour == 24 && minute == 0 && second == 0);
    if !clock_valid || minute > 59 || second > 60 || !date_exists(year, month, day) {
        return None;
    }
    let (nanos, rest) = fraction(&bytes[19..])?;
    let offset = zone(rest)?;
    let clock = hour * HOUR + minute * MINUTE + second * SECOND + nanos - offset;
    Some(i128::from(days(year, month, day)) * i128::from(DAY) + i128::from(clock))
}

/// An optional `.` with digits; nanoseconds, and what follows.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.' | b',', digits)) = bytes.split_first() else { return Some((0, bytes)) };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let mut nanos = 0;
    let mut unit = SECOND / 10;
    for digit in &digits[..count.min(7)] {
        nanos += i64::from(digit - b'0') * unit;
        unit /= 10;
    }
    Some((nanos, &digits[count..]))
}

/// Nothing, `Z` or `±hh[:]mm` as nanoseconds east of UTC.
fn zone(bytes: &[u8]) -> Option<i64> {
    let (hours, minutes, sign) = match bytes {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            (number(&[*h1, *h2])?, number(&[*m1, *m2])?, *sign)
        }
        [sign @ (b'+' | b'-'), h1, h2] => (number(&[*h1, *h2])?, 0, *sign),
        _ => return None,
    };
    let offset = hours * HOUR + minutes * MINUTE;
    (hours <= 14 && minutes < 60).then_some(if sign == b'-' { -offset } else { offset })
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + i64::from(d - b'0')))
}

fn date_exists(year: i64, month: i64, day: i64) -> bool {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=length).contains(&day)
}

/// Days from 1970-01-01, in the proleptic Gregorian calendar; years count from March so that the
/// leap day is the last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Milliseconds of a duration text; `None` when it is none of the known forms. Negative durations
/// count as 0.
pub fn parse_duration(text: &str) -> Option<f64> {
    let text = text.trim();
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let ms = if body.contains(':') {
        clock_ms(body)?
    } else if body.starts_with(['P', 'p']) {
        iso_ms(body)?
    } else if body.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
        body.parse::<f64>().ok().filter(|ms| ms.is_finite())?
    } else {
        return None;
    };
    Some(if negative || ms < 0.0 { 0.0 } else { ms })
}

/// `[d.]hh:mm:ss[.f…]` and `d:hh:mm:ss[.f…]`; hours may exceed 23.
fn clock_ms(text: &str) -> Option<f64> {
    let mut parts = [""; 4];
    let mut count = 0;
    for part in text.split(':') {
        *parts.get_mut(count)? = part;
        count += 1;
    }
    let (days, hours, minutes, seconds) = match count {
        3 => match parts[0].split_once('.') {
            Some((days, hours)) => (days, hours, parts[1], parts[2]),
            None => ("0", parts[0], parts[1], parts[2]),
        },
        4 => (parts[0], parts[1], parts[2], parts[3]),
        _ => return None,
    };
    let whole = |digits: &str| {
        // Nine digits cannot overflow below.
        ((1..=9).contains(&digits.len())).then(|| number(digits.as_bytes())).flatten()
    };
    let (minutes, second_digits) = (whole(minutes)?, seconds.split(['.', ',']).next()?);
    let whole_seconds = whole(second_digits)?;
    if minutes > 59 || whole_seconds > 59 {
        return None;
    }
    let (nanos, rest) = fraction(&seconds.as_bytes()[second_digits.len()..])?;
    if !rest.is_empty() {
        return None;
    }
    let total_seconds =
        whole(days)? * 86_400 + whole(hours)? * 3_600 + minutes * 60 + whole_seconds;
    let ticks = i128::from(total_seconds) * i128::from(SECOND / TICK) + i128::from(nanos / TICK);
    Some(ticks as f64 / 10_000.0)
}

/// `P[nD][T[nH][nM][nS]]`.
fn iso_ms(text: &str) -> Option<f64> {
    let mut ms = 0.0;
    let mut in_time = false;
    let mut seen = false;
    let mut rest = &text[1..];
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix(['T', 't']) {
            in_time = true;
            rest = time;
            continue;
        }
        let split = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let count: f64 = rest[..split].parse().ok()?;
        let unit_ms = match (in_time, rest.as_bytes()[split]) {
            (false, b'D' | b'd') => 86_400_000.0,
            (false, b'W' | b'w') => 604_800_000.0,
            (true, b'H' | b'h') => 3_600_000.0,
            (true, b'M' | b'm') => 60_000.0,
            (true, b'S' | b's') => 1_000.0,
            _ => return None,
        };
        ms += count * unit_ms;
        seen = true;
        rest = &rest[split + 1..];
    }
    (seen && f64::is_finite(ms)).then_some(ms)
}

/// The `performanceBucket` of a duration; lower bounds are inclusive (spec ingestion.md §10.1).
pub fn performance_bucket(duration_ms: f64) -> &'static str {
    const BUCKETS: [(f64, &str); 10] = [
        (250.0, "<250ms"),
        (500.0, "250ms-500ms"),
        (1_000.0, "500ms-1sec"),
        (3_000.0, "1sec-3sec"),
        (7_000.0, "3sec-7sec"),
        (15_000.0, "7sec-15sec"),
        (30_000.0, "15sec-30sec"),
        (60_000.0, "30sec-1min"),
        (120_000.0, "1min-2min"),
        (300_000.0, "2min-5min"),
    ];
    BUCKETS.iter().find(|(below, _)| duration_ms < *below).map_or(">=5min", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use model::time::{Fraction, format_datetime};

    use super::*;

    #[test]
    fn times_of_every_client_are_read() {
        for (text, want) in [
            ("2026-11-21T03:30:00Z", "2026-11-21T03:30:00.0000000Z"),
            ("2026-11-21T03:30:00", "2026-11-21T03:30:00.0000000Z"),
            ("2026-11-21T03:30:00.723Z", "2026-11-21T03:30:00.7230000Z"),
            ("2026-11-21T03:30:00.645862Z", "2026-11-21T03:30:00.6458620Z"),
            ("2026-11-21T03:30:00.123456789Z", "2026-11-21T03:30:00.1234567Z"),
            ("2026-11-21T05:30:00.000+02:00", "2026-11-21T03:30:00.0000000Z"),
            ("2026-11-20T22:00:00-05:30", "2026-11-21T03:30:00.0000000Z"),
            ("2024-02-29T23:59:60Z", "2024-03-01T00:00:00.0000000Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59.0000000Z"),
            ("2000-01-01 00:00:00", "2000-01-01T00:00:00.0000000Z"),
        ] {
            let nanos = parse_time(text).and_then(|n| i64::try_from(n).ok()).unwrap();
            assert_eq!(format_datetime(nanos, Fraction::Seven), want, "{text}");
        }
        assert_eq!(parse_time("0001-01-01T00:00:00"), Some(-62_135_596_800_000_000_000));
    }

    #[test]
    fn other_times_are_not() {
        for text in [
            "",
            "yesterday",
            "2026-11-21",
            "2026-11-21T03:30Z",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-21T25:00:00Z",
            "2026-11-21T03:30:00.Z",
            "2026-11-21T03:30:00x",
            "2026-11-21T03:30:00+25:00",
            "2026-11-21T03:30:0éZ",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn durations_of_every_client_are_read() {
        for (text, want) in [
            ("00:00:01.2345678", Some(1234.5678)),
            ("1.01:01:01.001", Some(90_061_001.0)),
            ("0.00:00:00.013", Some(13.0)),
            ("00:00:01", Some(1000.0)),
            ("00:00:00.013000", Some(13.0)),
            ("1:02:03:04", Some(93_784_000.0)),
            ("1.02:03:04.5000000", Some(93_784_500.0)),
            ("30:00:00", Some(108_000_000.0)),
            ("00:00:00.00000019", Some(0.0001)),
            ("1500", Some(1500.0)),
            ("12.5", Some(12.5)),
            ("PT0.012S", Some(12.0)),
            ("P1DT1H1M1S", Some(90_061_000.0)),
            ("-00:00:01", Some(0.0)),
            ("-5", Some(0.0)),
            ("later", None),
            ("", None),
            ("00:01", None),
            ("00:99:00", None),
            ("a:b:c", None),
            ("PT", None),
            ("99999999999:00:00", None),
            ("1e999", None),
        ] {
            assert_eq!(parse_duration(text), want, "{text}");
        }
    }

    #[test]
    fn buckets_include_their_lower_bound() {
        for (ms, want) in [
            (0.0, "<250ms"),
            (249.9, "<250ms"),
            (250.0, "250ms-500ms"),
            (1000.0, "1sec-3sec"),
            (299_999.0, "2min-5min"),
            (300_000.0, ">=5min"),
        ] {
            assert_eq!(performance_bucket(ms), want);
        }
    }
}
