//! When people work: how busy an hour is. Times are nanoseconds since 1970, days are UTC.

use model::time::HOUR;

pub const SECOND: i64 = 1_000_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const DAY: i64 = 24 * HOUR;
/// What is left of a working hour at night, and of a working day at the weekend.
const NIGHT: f64 = 0.07;
const WEEKEND: f64 = 0.18;

/// Whether a time lies in a weekend.
pub fn is_weekend(at: i64) -> bool {
    // The first day of 1970 was a Thursday.
    matches!((at.div_euclid(DAY) + 4).rem_euclid(7), 0 | 6)
}

/// How busy the hour of a time is, from 0 to 1.
pub fn busy(at: i64) -> f64 {
    let hour = at.rem_euclid(DAY) / HOUR;
    let working = match hour {
        8..12 | 13..16 => 1.0,
        12 => 0.75,
        7 | 16 | 17 => 0.6,
        6 | 18 | 19 => 0.25,
        _ => NIGHT,
    };
    if is_weekend(at) { working * WEEKEND } else { working }
}

/// The start of the hour, and of the day, of a time.
pub fn hour_of(at: i64) -> i64 {
    at - at.rem_euclid(HOUR)
}

pub fn day_of(at: i64) -> i64 {
    at - at.rem_euclid(DAY)
}

/// The last working day that ended at least so many days before a time.
pub fn working_day(before: i64, days: i64) -> i64 {
    let mut day = day_of(before) - days * DAY;
    while is_weekend(day) {
        day -= DAY;
    }
    day
}
