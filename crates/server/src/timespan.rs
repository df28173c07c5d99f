//! Time ranges of the query API: ISO 8601 durations and intervals (spec query-api.md §4).
//!
//! Years count 365 days and months 30, as in the vendor's own reader of such texts.

use model::time::{DAY, HOUR, MINUTE, SECOND, TICK, parse_datetime};

/// The half-open range `[start, end)` in nanoseconds that `text` means at `now`:
/// a duration up to now, `start/end`, `start/duration` or `duration/end`.
pub fn parse_range(text: &str, now: i64) -> Option<(i64, i64)> {
    let text = text.trim();
    // The range is half-open, and a row may carry this very moment.
    let up_to = |end: i64| end.saturating_add(TICK);
    let Some((left, right)) = text.split_once('/') else {
        let length = parse_duration(text)?;
        return Some((now.checked_sub(length)?, up_to(now)));
    };
    let (left, right) = (left.trim(), right.trim());
    let range = match (parse_duration(left), parse_duration(right)) {
        (None, Some(length)) => {
            let start = parse_datetime(left)?;
            (start, start.checked_add(length)?)
        }
        (Some(length), None) => {
            let end = parse_datetime(right)?;
            (end.checked_sub(length)?, end)
        }
        (None, None) => (parse_datetime(left)?, parse_datetime(right)?),
        (Some(_), Some(_)) => return None,
    };
    (range.0 <= range.1).then(|| (range.0, up_to(range.1)))
}

/// Nanoseconds of `P1DT2H`, `PT86400.0S`, `P2W`, …; not negative.
pub fn parse_duration(text: &str) -> Option<i64> {
    let text = text.to_ascii_uppercase();
    let mut rest = text.strip_prefix('P')?;
    if rest.is_empty() || rest.ends_with('T') {
        return None;
    }
    let mut is_time = false;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            if is_time {
                return None;
            }
            is_time = true;
            rest = after;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')?;
        let count: f64 = rest[..end].replace(',', ".").parse().ok()?;
        let unit = match (rest.as_bytes()[end], is_time) {
            (b'Y', false) => 365 * DAY,
            (b'M', false) => 30 * DAY,
            (b'W', false) => 7 * DAY,
            (b'D', false) => DAY,
            (b'H', true) => HOUR,
            (b'M', true) => MINUTE,
            (b'S', true) => SECOND,
            _ => return None,
        };
        let nanos = count * unit as f64;
        if nanos > i64::MAX as f64 / 2.0 {
            return None;
        }
        total = total.checked_add(nanos.round() as i64)?;
        rest = &rest[end + 1..];
    }
    Some(total)
}
