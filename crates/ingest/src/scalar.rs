//! One value read as the type a column wants, whatever type it came as (spec ingestion.md §9).

use std::borrow::Cow;

use crate::json::{Kind, Value};
use crate::time::parse_duration;

/// Text: numbers in shortest decimal form, arrays and objects as compact JSON; null is no text.
pub fn text<'t>(value: Value<'t, '_>) -> Option<Cow<'t, str>> {
    Some(match value.kind() {
        Kind::Null => return None,
        Kind::Text(text) => Cow::Borrowed(text.as_ref()),
        Kind::Boolean(true) => Cow::Borrowed("true"),
        Kind::Boolean(false) => Cow::Borrowed("false"),
        Kind::Number(number) => number_text(number),
        Kind::Array | Kind::Object => Cow::Owned(value.compact()),
    })
}

fn number_text(number: &str) -> Cow<'_, str> {
    // Whole numbers keep every digit, also those a double could not hold.
    if !number.contains(['.', 'e', 'E']) {
        return Cow::Borrowed(number);
    }
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() => {
            Cow::Owned(if value != 0.0 && !(1e-7..1e21).contains(&value.abs()) {
                format!("{value:e}")
            } else {
                format!("{value}")
            })
        }
        _ => Cow::Borrowed(number),
    }
}

/// A finite number, or text holding one.
pub fn number(value: Value<'_, '_>) -> Option<f64> {
    match value.kind() {
        Kind::Number(number) => number.parse().ok().filter(|n: &f64| n.is_finite()),
        Kind::Text(text) => number_in(text),
        _ => None,
    }
}

fn number_in(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

/// `true`/`false` in any case, `1`/`0`, numbers (0 is false).
pub fn boolean(value: Value<'_, '_>) -> Option<bool> {
    match value.kind() {
        Kind::Boolean(b) => Some(b),
        Kind::Number(_) => number(value).map(|n| n != 0.0),
        Kind::Text(text) => {
            let text = text.trim();
            if text.eq_ignore_ascii_case("true") {
                Some(true)
            } else if text.eq_ignore_ascii_case("false") {
                Some(false)
            } else {
                number_in(text).map(|n| n != 0.0)
            }
        }
        _ => None,
    }
}

/// A duration in milliseconds; unreadable ones are none.
pub fn duration_ms(value: Value<'_, '_>) -> Option<f64> {
    match value.kind() {
        Kind::Number(_) => number(value).map(|ms| ms.max(0.0)),
        Kind::Text(text) => parse_duration(text),
        _ => None,
    }
}

/// The names of severities 0 to 4 (spec ingestion.md §7).
pub const SEVERITIES: [&str; 5] = ["Verbose", "Information", "Warning", "Error", "Critical"];

/// A severity 0…4 from its number or its name.
pub fn severity(value: Value<'_, '_>) -> Option<u8> {
    if let Some(number) = number(value) {
        return [0_u8, 1, 2, 3, 4].into_iter().find(|s| f64::from(*s) == number);
    }
    let Kind::Text(name) = value.kind() else { return None };
    let at = SEVERITIES.iter().position(|s| s.eq_ignore_ascii_case(name.trim()))?;
    u8::try_from(at).ok()
}

/// The nearest whole number an `int` column can hold.
pub fn clamp_to_int(number: f64) -> i64 {
    // The conversion saturates, so the bounds hold for any number.
    (number.round() as i64).clamp(i64::from(i32::MIN), i64::from(i32::MAX))
}

/// The type of a value as fault texts name it.
pub fn type_name(value: Value<'_, '_>) -> &'static str {
    match value.kind() {
        Kind::Null => "null",
        Kind::Boolean(_) => "boolean",
        Kind::Number(n) if n.contains(['.', 'e', 'E']) => "double",
        Kind::Number(_) => "integer",
        Kind::Text(_) => "string",
        Kind::Array => "array",
        Kind::Object => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Reader, Tape};

    fn with<T>(json: &str, check: impl FnOnce(Value<'_, '_>) -> T) -> T {
        let mut tape = Tape::default();
        Reader::new(json, 0).read(&mut tape, 1000).unwrap();
        check(tape.root())
    }

    #[test]
    fn anything_reads_as_text() {
        for (json, want) in [
            ("5", Some("5")),
            ("1.50", Some("1.5")),
            ("3.0", Some("3")),
            ("1e3", Some("1000")),
            ("12345678901234567890", Some("12345678901234567890")),
            ("1e300", Some("1e300")),
            ("-0.0000000001", Some("-1e-10")),
            ("0.1", Some("0.1")),
            ("true", Some("true")),
            ("{\"a\": [1, null]}", Some("{\"a\":[1,null]}")),
            ("\"x\"", Some("x")),
            ("null", None),
        ] {
            with(json, |v| assert_eq!(text(v).as_deref(), want, "{json}"));
        }
    }

    #[test]
    fn numbers_booleans_and_severities_are_read_from_text_too() {
        for (json, want) in [
            ("1.5", Some(1.5)),
            ("\" 12 \"", Some(12.0)),
            ("\"abc\"", None),
            ("\"NaN\"", None),
            ("\"inf\"", None),
            ("1e999", None),
            ("true", None),
        ] {
            with(json, |v| assert_eq!(number(v), want, "{json}"));
        }
        for (json, want) in [
            ("\"TRUE\"", Some(true)),
            ("\"0\"", Some(false)),
            ("2", Some(true)),
            ("\"maybe\"", None),
            ("[]", None),
        ] {
            with(json, |v| assert_eq!(boolean(v), want, "{json}"));
        }
        for (json, want) in
            [("3", Some(3)), ("\"error\"", Some(3)), ("\"2\"", Some(2)), ("9", None), ("1.5", None)]
        {
            with(json, |v| assert_eq!(severity(v), want, "{json}"));
        }
        assert_eq!(clamp_to_int(1e300), 2_147_483_647);
        assert_eq!(clamp_to_int(f64::NAN), 0);
    }
}
