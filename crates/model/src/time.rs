//! Texts of `datetime` and `timespan`, read and written by KQL's rules (spec kql.md §2, §4, §9).
//!
//! Datetimes are nanoseconds since 1970-01-01T00:00:00Z, timespans nanoseconds; both keep 100 ns
//! (one *tick*). Outside 1677-09-21…2262-04-11 there is no value.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

pub const TICK: i64 = 100;
pub const SECOND: i64 = 1_000_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;
/// Ticks from 0001-01-01 to 1970-01-01: what `tolong(datetime)` counts from.
pub const EPOCH_TICKS: i64 = 621_355_968_000_000_000;

/// How many fraction digits a printed datetime has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fraction {
    /// Always seven: `tostring()`, datetimes inside `dynamic`.
    Seven,
    /// None when zero, else without trailing zeros: rows of the query APIs.
    Trimmed,
}

/// Nanoseconds of a calendar date and a time of day; `None` when there is no such moment.
pub fn from_parts(year: i32, month: u32, day: u32, nanos_of_day: i64) -> Option<i64> {
    let days = NaiveDate::from_ymd_opt(year, month, day)?
        .signed_duration_since(NaiveDate::from_ymd_opt(1970, 1, 1)?)
        .num_days();
    days.checked_mul(DAY)?.checked_add(nanos_of_day)
}

/// The datetime a text means: ISO 8601 with or without time, fraction and zone, `yyyy-MM-dd HH:mm`,
/// RFC 1123 and RFC 850 dates, `MM/dd/yyyy [HH:mm[:ss]] [AM|PM]`, a bare year or year and month.
pub fn parse_datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() || !text.is_ascii() {
        return None;
    }
    if text.as_bytes()[0].is_ascii_alphabetic() {
        return parse_named_month(text.split_once(',').map_or(text, |(_, rest)| rest));
    }
    if text.contains('/') {
        return parse_us(text);
    }
    let slashes = || parse_us(&slashed(text)?);
    parse_iso(text).or_else(|| parse_named_month(text)).or_else(slashes)
}

/// `12-31-2024`, `2024.12.31` and `2024, 12, 31` as they are written with slashes. One of the
/// outer numbers must be a year, so that no version and no address is taken for a date.
fn slashed(text: &str) -> Option<String> {
    let mut d = Digits::new(text);
    let first = d.number(1, 4)?;
    let separator = d.peek().filter(|byte| matches!(byte, b'-' | b'.' | b','))?;
    d.eat(separator);
    d.spaces();
    let second = d.number(1, 2)?;
    if !d.eat(separator) {
        return None;
    }
    d.spaces();
    let third = d.number(1, 4)?;
    let year = first > 999 || third > 999;
    year.then(|| format!("{first}/{second}/{third}{}", &text[d.at..]))
}

struct Digits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Digits<'a> {
    fn new(text: &'a str) -> Digits<'a> {
        Digits { bytes: text.as_bytes(), at: 0 }
    }
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
    fn eat(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }
    fn spaces(&mut self) {
        while self.eat(b' ') {}
    }
    fn done(&self) -> bool {
        self.at == self.bytes.len()
    }
    /// Between `min` and `max` digits.
    fn number(&mut self, min: usize, max: usize) -> Option<i64> {
        let start = self.at;
        while self.at - start < max && self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at - start < min {
            return None;
        }
        std::str::from_utf8(&self.bytes[start..self.at]).ok()?.parse().ok()
    }
    /// Fraction digits as nanoseconds, cut to 100 ns.
    fn fraction(&mut self) -> Option<i64> {
        let mut nanos = 0;
        let mut unit = SECOND / 10;
        let start = self.at;
        while let Some(b) = self.peek().filter(u8::is_ascii_digit) {
            if unit >= TICK {
                nanos += i64::from(b - b'0') * unit;
            }
            unit /= 10;
            self.at += 1;
        }
        (self.at > start).then_some(nanos)
    }
    /// `HH:mm[:ss[.f]]`, as nanoseconds of the day.
    fn time_of_day(&mut self) -> Option<i64> {
        let hour = self.number(1, 2)?;
        if !self.eat(b':') {
            return None;
        }
        let minute = self.number(2, 2)?;
        let mut nanos = 0;
        let mut second = 0;
        if self.eat(b':') {
            second = self.number(2, 2)?;
            if self.eat(b'.') || self.eat(b',') {
                nanos = self.fraction()?;
            }
        }
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(hour * HOUR + minute * MINUTE + second * SECOND + nanos)
    }
    /// Nothing, `Z`, `UTC`, `GMT` or `±hh[:]mm`: the zone's distance from UTC.
    fn zone(&mut self) -> Option<i64> {
        self.spaces();
        if self.eat(b'Z') || self.eat(b'z') {
            return Some(0);
        }
        let rest = &self.bytes[self.at..];
        if rest.eq_ignore_ascii_case(b"GMT") || rest.eq_ignore_ascii_case(b"UTC") {
            self.at = self.bytes.len();
            return Some(0);
        }
        let sign = match self.peek() {
            None => return Some(0),
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return None,
        };
        self.at += 1;
        let hours = self.number(1, 2)?;
        self.eat(b':');
        let minutes = if self.done() { 0 } else { self.number(2, 2)? };
        (hours <= 14 && minutes < 60).then_some(sign * (hours * HOUR + minutes * MINUTE))
    }
}

fn parse_iso(text: &str) -> Option<i64> {
    let mut d = Digits::new(text);
    let year = i32::try_from(d.number(4, 4)?).ok()?;
    let (mut month, mut day) = (1, 1);
    if d.eat(b'-') {
        month = u32::try_from(d.number(1, 2)?).ok()?;
        if d.eat(b'-') {
            day = u32::try_from(d.number(1, 2)?).ok()?;
        }
    } else if d.peek().is_some_and(|b| b.is_ascii_digit()) {
        month = u32::try_from(d.number(2, 2)?).ok()?;
        day = u32::try_from(d.number(2, 2)?).ok()?;
    }
    let mut nanos = 0;
    let mut offset = 0;
    if !d.done() {
        if d.eat(b'T') || d.eat(b't') || d.peek() == Some(b' ') {
            d.spaces();
            nanos = d.time_of_day()?;
        }
        offset = d.zone()?;
    }
    if !d.done() {
        return None;
    }
    from_parts(year, month, day, nanos)?.checked_sub(offset)
}

fn parse_us(text: &str) -> Option<i64> {
    let mut d = Digits::new(text);
    let first = d.number(1, 4)?;
    d.eat(b'/');
    let second = u32::try_from(d.number(1, 2)?).ok()?;
    if !d.eat(b'/') {
        return None;
    }
    let third = d.number(1, 4)?;
    let (year, month, day) = if first > 31 {
        (first, second, u32::try_from(third).ok()?)
    } else {
        (third, u32::try_from(first).ok()?, second)
    };
    let mut nanos = 0;
    d.spaces();
    if !d.done() {
        nanos = d.time_of_day()?;
        d.spaces();
        let rest = &d.bytes[d.at..];
        if rest.eq_ignore_ascii_case(b"PM") {
            nanos += if nanos < 12 * HOUR { 12 * HOUR } else { 0 };
        } else if rest.eq_ignore_ascii_case(b"AM") {
            nanos -= if nanos >= 12 * HOUR { 12 * HOUR } else { 0 };
        } else if !rest.is_empty() {
            return None;
        }
    }
    from_parts(i32::try_from(year).ok()?, month, day, nanos)
}

fn parse_named_month(text: &str) -> Option<i64> {
    let mut parts = text.split([' ', '-']).filter(|p| !p.is_empty());
    let day: u32 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
            .iter()
            .position(|m| name.get(..3).is_some_and(|n| n.eq_ignore_ascii_case(m)))?;
    let year: i32 = parts.next()?.parse().ok()?;
    let year = if year < 50 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    let mut nanos = 0;
    if let Some(time) = parts.next() {
        let mut d = Digits::new(time);
        nanos = d.time_of_day()?;
        if !d.done() {
            return None;
        }
    }
    match parts.next() {
        None => {}
        Some(zone) if zone.eq_ignore_ascii_case("GMT") || zone.eq_ignore_ascii_case("UTC") => {}
        Some(_) => return None,
    }
    from_parts(year, u32::try_from(month + 1).ok()?, day, nanos)
}

/// The timespan a text means: `[-][d.]hh:mm[:ss[.fffffff]]`, or a number with a unit (`1.5h`,
/// `90s`).
/// A bare number has no meaning here (`"1.5"` → none; spec kql.md §4) except a whole number of
/// days.
pub fn parse_timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = if rest.contains(':') { parse_clock(rest)? } else { parse_unit(rest)? };
    Some(if negative { -value } else { value })
}

fn parse_clock(text: &str) -> Option<i64> {
    let (days, clock) = match text.split_once(':')?.0.split_once('.') {
        Some((days, _)) => (days.parse::<i64>().ok()?, &text[days.len() + 1..]),
        None => (0, text),
    };
    let mut d = Digits::new(clock);
    let hours = d.number(1, 2)?;
    d.eat(b':');
    let minutes = d.number(1, 2)?;
    let mut seconds = 0;
    let mut nanos = 0;
    if d.eat(b':') {
        seconds = d.number(1, 2)?;
        if d.eat(b'.') {
            nanos = d.fraction()?;
        }
    }
    if !d.done() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    days.checked_mul(DAY)?.checked_add(hours * HOUR + minutes * MINUTE + seconds * SECOND + nanos)
}

fn parse_unit(text: &str) -> Option<i64> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    if unit.is_empty() {
        return number.parse::<i64>().ok()?.checked_mul(DAY);
    }
    timespan(number.parse().ok()?, unit.trim())
}

/// `count` of a KQL timespan unit (`d`, `hours`, `ms`, `tick`, …) in nanoseconds.
pub fn timespan(count: f64, unit: &str) -> Option<i64> {
    let size = match unit {
        "d" | "day" | "days" => DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "s" | "sec" | "secs" | "second" | "seconds" => SECOND,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "tick" | "ticks" => TICK,
        _ => return None,
    };
    // Whole counts stay exact; fractions are rounded to ticks.
    let nanos = if count == count.trunc() && count.abs() < 9.0e15 {
        (count as i64).checked_mul(size)?
    } else {
        let ticks = (count * (size as f64) / TICK as f64).round();
        if ticks.abs() > i64::MAX as f64 / TICK as f64 {
            return None;
        }
        (ticks as i64).checked_mul(TICK)?
    };
    Some(nanos)
}

/// `2024-01-02T03:04:05.1234567Z`.
pub fn format_datetime(nanos: i64, fraction: Fraction) -> String {
    use std::fmt::Write;
    let at = DateTime::from_timestamp_nanos(nanos).naive_utc();
    let mut out = String::with_capacity(28);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    push_fraction(&mut out, i64::from(at.nanosecond()) / TICK, fraction);
    out.push('Z');
    out
}

/// `[-][d.]hh:mm:ss[.fffffff]`, the fraction with seven digits when there is one.
pub fn format_timespan(nanos: i64) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(20);
    let total = nanos.unsigned_abs();
    if nanos < 0 {
        out.push('-');
    }
    let (day, hour, minute, second) =
        (DAY.unsigned_abs(), HOUR.unsigned_abs(), MINUTE.unsigned_abs(), SECOND.unsigned_abs());
    if total >= day {
        let _ = write!(out, "{}.", total / day);
    }
    let _ = write!(
        out,
        "{:02}:{:02}:{:02}",
        total % day / hour,
        total % hour / minute,
        total % minute / second
    );
    let ticks = total % second / TICK.unsigned_abs();
    if ticks != 0 {
        let _ = write!(out, ".{ticks:07}");
    }
    out
}

fn push_fraction(out: &mut String, ticks: i64, fraction: Fraction) {
    use std::fmt::Write;
    if fraction == Fraction::Trimmed && ticks == 0 {
        return;
    }
    let _ = write!(out, ".{ticks:07}");
    if fraction == Fraction::Trimmed {
        out.truncate(out.trim_end_matches('0').len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<String> {
        parse_datetime(text).map(|t| format_datetime(t, Fraction::Trimmed))
    }

    #[test]
    fn datetimes_are_read_in_every_spelling_users_write() {
        for (text, want) in [
            ("2024-01-02", "2024-01-02T00:00:00Z"),
            ("2024-01-02 03:04:05.1234567", "2024-01-02T03:04:05.1234567Z"),
            ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
            ("2024-01-02T03:04:05.120+02:00", "2024-01-02T01:04:05.12Z"),
            ("2024-01-02 03:04", "2024-01-02T03:04:00Z"),
            ("1/2/2024", "2024-01-02T00:00:00Z"),
            ("01/02/2024 03:04:05 PM", "2024-01-02T15:04:05Z"),
            ("Tue, 02 Jan 2024 03:04:05 GMT", "2024-01-02T03:04:05Z"),
            ("2024-03", "2024-03-01T00:00:00Z"),
            ("3-15-2024", "2024-03-15T00:00:00Z"),
            ("2024.03.15 06:07:08.9", "2024-03-15T06:07:08.9Z"),
            ("2024, 3, 15", "2024-03-15T00:00:00Z"),
            ("2024", "2024-01-01T00:00:00Z"),
        ] {
            assert_eq!(iso(text).as_deref(), Some(want), "{text}");
        }
        for text in
            ["", "yesterday", "2024-13-01", "2024-01-02T25:00:00", "0001-01-01", "2024-01-02x"]
                .into_iter()
                .chain(["15-3-2024", "1.2.3", "10.0.0.1", "2024.3", "2024.3-15"])
        {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn timespans_are_read_and_printed() {
        for (text, want) in [
            ("1.02:03:04.5", "1.02:03:04.5000000"),
            ("01:00:00", "01:00:00"),
            ("1d", "1.00:00:00"),
            ("90s", "00:01:30"),
            ("-00:00:01", "-00:00:01"),
            ("1.5h", "01:30:00"),
            ("1tick", "00:00:00.0000001"),
        ] {
            assert_eq!(parse_timespan(text).map(format_timespan).as_deref(), Some(want), "{text}");
        }
        assert_eq!(parse_timespan("1.5"), None);
        assert_eq!(parse_timespan("25:00:00"), None);
    }
}
