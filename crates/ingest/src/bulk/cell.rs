//! One cell read as the type of its column, by KQL's rules.
//!
//! What does not fit is `None`; the caller decides whether that is null or a rejected record.
//! Nothing is allocated for numbers, times and texts: what has to be written anew goes to a text
//! the caller keeps from record to record.

use model::Type;
use model::time::{TICK, parse_datetime, parse_timespan};

use crate::json::{Kind, Reader, Tape, Value as Json};
use crate::scalar;
use crate::time::parse_time;

/// A cell's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// `int` and `long`; nanoseconds of `datetime` and `timespan`.
    Long(i64),
    Real(f64),
    /// The text that was read, as it stands; of `string` only.
    Same,
    /// What was appended to the caller's text.
    Written,
}

/// Reads a text as `ty`. An empty text is `''` in a `string` column and null in every other;
/// outside of `string` and `dynamic` white space around the value does not count.
pub fn from_text(ty: Type, text: &str, out: &mut String) -> Option<Value> {
    if ty == Type::String {
        return Some(Value::Same);
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Some(Value::Null);
    }
    match ty {
        Type::String => Some(Value::Same),
        Type::Bool => boolean(trimmed).map(Value::Bool),
        Type::Int => whole(trimmed).filter(|n| i32::try_from(*n).is_ok()).map(Value::Long),
        Type::Long => whole(trimmed).map(Value::Long),
        Type::Real | Type::Decimal => real(trimmed).map(Value::Real),
        Type::DateTime => datetime(trimmed).map(Value::Long),
        Type::TimeSpan => parse_timespan(trimmed).map(Value::Long),
        Type::Guid => guid(trimmed, out),
        Type::Dynamic => Some(dynamic(trimmed, out)),
    }
}

/// Reads a JSON value as `ty`; null is null in every type.
pub fn from_json(ty: Type, value: Json<'_, '_>, out: &mut String) -> Option<Value> {
    if value.is_null() {
        return Some(Value::Null);
    }
    match (ty, value.kind()) {
        (Type::Dynamic, _) => {
            value.write(out);
            Some(Value::Written)
        }
        (Type::String, _) => {
            out.push_str(&scalar::text(value)?);
            Some(Value::Written)
        }
        (Type::Bool, Kind::Boolean(b)) => Some(Value::Bool(b)),
        (_, Kind::Text(text)) => from_text(ty, text, out),
        // A number is neither a time nor an id: which unit it counts only a transform can say.
        (Type::Bool | Type::Int | Type::Long | Type::Real | Type::Decimal, Kind::Number(n)) => {
            from_text(ty, n, out)
        }
        _ => None,
    }
}

/// `true`/`false` in any case, or a whole number (0 is false).
fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        whole(text).map(|n| n != 0)
    }
}

/// Decimal digits, `0x` hexadecimal ones, or a real without a fraction that a double holds exactly
/// (many programs write a whole number beside nulls as `5.0`).
fn whole(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let is_hex = hex.bytes().all(|b| b.is_ascii_hexdigit());
        return is_hex.then(|| u64::from_str_radix(hex, 16).ok()).flatten().map(u64::cast_signed);
    }
    let real = real(text)?;
    let is_exact = real == real.trunc() && real.abs() < 9_007_199_254_740_992.0;
    is_exact.then_some(real as i64)
}

/// Digits with a point and an exponent, `NaN`, `Infinity`, `inf`, with a sign.
fn real(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned.as_bytes().first()? {
        b'0'..=b'9' | b'.' => text.parse().ok(),
        _ if unsigned == "NaN" || unsigned == "nan" => Some(f64::NAN),
        _ if ["Infinity", "infinity", "Inf", "inf"].contains(&unsigned) => {
            let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
            Some(sign * f64::INFINITY)
        }
        _ => None,
    }
}

fn datetime(text: &str) -> Option<i64> {
    // The usual form by the quick reader, the rarer ones by the one that knows them all.
    match parse_time(text) {
        Some(nanos) => i64::try_from(nanos).ok(),
        None => parse_datetime(text),
    }
}

/// 32 hexadecimal digits, with or without hyphens and braces; kept in lower case.
fn guid(text: &str, out: &mut String) -> Option<Value> {
    let bare = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let is_hyphen = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let hyphened = bare.len() == 36
        && bare
            .bytes()
            .enumerate()
            .all(|(at, b)| if is_hyphen(at) { b == b'-' } else { b.is_ascii_hexdigit() });
    if hyphened {
        let start = out.len();
        out.push_str(bare);
        out[start..].make_ascii_lowercase();
        return Some(Value::Written);
    }
    if bare.len() != 32 || !bare.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (at, c) in bare.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    Some(Value::Written)
}

/// JSON text without white space; what is not JSON is a text, as `todynamic()` has it.
fn dynamic(text: &str, out: &mut String) -> Value {
    let mut tape = Tape::default();
    match Reader::new(text, 0).read(&mut tape, text.len()) {
        Ok(end) if end == text.len() => {
            if tape.root().is_null() {
                return Value::Null;
            }
            tape.root().write(out);
        }
        _ => model::json::write_string(out, text),
    }
    Value::Written
}

/// Nanoseconds since 1970 of a number counting `unit` nanoseconds each, cut to 100 ns.
pub fn unix_time(text: &str, unit: i64) -> Option<i64> {
    let text = text.trim();
    let nanos = match text.parse::<i64>() {
        Ok(count) => count.checked_mul(unit)?,
        Err(_) => {
            let nanos = real(text)? * unit as f64;
            (nanos.abs() < 9.2e18).then_some(nanos as i64)?
        }
    };
    Some(nanos - nanos.rem_euclid(TICK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(ty: Type, text: &str) -> String {
        let mut out = String::new();
        match from_text(ty, text, &mut out) {
            None => "misfit".to_owned(),
            Some(Value::Null) => "null".to_owned(),
            Some(Value::Bool(b)) => b.to_string(),
            Some(Value::Long(n)) => n.to_string(),
            Some(Value::Real(r)) => format!("{r:?}"),
            Some(Value::Same) => text.trim().to_owned(),
            Some(Value::Written) => out,
        }
    }

    #[test]
    fn texts_are_read_as_their_columns_type() {
        for (ty, text, want) in [
            (Type::Bool, "TRUE", "true"),
            (Type::Bool, "0", "false"),
            (Type::Bool, "yes", "misfit"),
            (Type::Bool, "", "null"),
            (Type::Int, " 12 ", "12"),
            (Type::Int, "2147483648", "misfit"),
            (Type::Long, "-9223372036854775808", "-9223372036854775808"),
            (Type::Long, "9223372036854775808", "misfit"),
            (Type::Long, "0x10", "16"),
            (Type::Long, "0x-1", "misfit"),
            (Type::Long, "5.0", "5"),
            (Type::Long, "5.5", "misfit"),
            (Type::Long, "1e300", "misfit"),
            (Type::Long, "+7", "7"),
            (Type::Real, "1e3", "1000.0"),
            (Type::Real, "-.5", "-0.5"),
            (Type::Real, "NaN", "NaN"),
            (Type::Real, "-Infinity", "-inf"),
            (Type::Real, "infinite", "misfit"),
            (Type::Decimal, "1.25", "1.25"),
            (Type::DateTime, "1970-01-01T00:00:01Z", "1000000000"),
            (Type::DateTime, "1970-01-02", "86400000000000"),
            (Type::DateTime, "0001-01-01T00:00:00Z", "misfit"),
            (Type::DateTime, "soon", "misfit"),
            (Type::TimeSpan, "00:00:01.5", "1500000000"),
            (Type::TimeSpan, "2d", "172800000000000"),
            (Type::TimeSpan, "x", "misfit"),
            (Type::Guid, "{74BE27DE-1E4E-49D9-B579-FE0B331D3642}", GUID),
            (Type::Guid, "74be27de1e4e49d9b579fe0b331d3642", GUID),
            (Type::Guid, GUID, GUID),
            (Type::Guid, "74be27de-1e4e-49d9-b579", "misfit"),
            (Type::Dynamic, "{\"a\": [1, 2]}", "{\"a\":[1,2]}"),
            (Type::Dynamic, "plain", "\"plain\""),
            (Type::Dynamic, "null", "null"),
            (Type::Dynamic, "1 2", "\"1 2\""),
            (Type::String, " as it is ", "as it is"),
            (Type::String, "", ""),
        ] {
            assert_eq!(show(ty, text), want, "{ty} {text}");
        }
    }

    const GUID: &str = "74be27de-1e4e-49d9-b579-fe0b331d3642";

    #[test]
    fn json_values_are_read_as_their_columns_type() {
        let show = |ty: Type, text: &str| {
            let mut tape = Tape::default();
            Reader::new(text, 0).read(&mut tape, text.len()).unwrap();
            let mut out = String::new();
            from_json(ty, tape.root(), &mut out).map(|value| (value, out))
        };
        let written = |text: &str| Some((Value::Written, text.to_owned()));
        let plain = |value: Value| Some((value, String::new()));
        for (ty, text, want) in [
            (Type::Long, "5", plain(Value::Long(5))),
            (Type::Long, "5.0", plain(Value::Long(5))),
            (Type::Long, "\"5\"", plain(Value::Long(5))),
            (Type::Long, "true", None),
            (Type::Long, "[]", None),
            (Type::Long, "\"\"", plain(Value::Null)),
            (Type::Bool, "false", plain(Value::Bool(false))),
            (Type::Bool, "2", plain(Value::Bool(true))),
            (Type::DateTime, "5", None),
            (Type::DateTime, "\"1970-01-01T00:00:01Z\"", plain(Value::Long(1_000_000_000))),
            (Type::String, "1.50", written("1.5")),
            (Type::String, "{\"a\": 1}", written("{\"a\":1}")),
            (Type::String, "null", plain(Value::Null)),
            (Type::Dynamic, "\"a\"", written("\"a\"")),
            (Type::Dynamic, "[1, 2.50]", written("[1,2.50]")),
            (Type::Guid, "\"74BE27DE1E4E49D9B579FE0B331D3642\"", written(GUID)),
            (Type::Guid, "\"74be27de-1e4e-49d9-b579-fe0b331d3642\"", written(GUID)),
        ] {
            assert_eq!(show(ty, text), want, "{ty} {text}");
        }
    }

    #[test]
    fn unix_times_are_read_in_their_unit() {
        assert_eq!(unix_time("1", 1_000_000_000), Some(1_000_000_000));
        assert_eq!(unix_time("1.5", 1_000_000_000), Some(1_500_000_000));
        assert_eq!(unix_time("-1", 1_000), Some(-1_000));
        assert_eq!(unix_time("123456789", 1), Some(123_456_700));
        assert_eq!(unix_time("99999999999", 1_000_000_000), None);
        assert_eq!(unix_time("1e30", 1), None);
        assert_eq!(unix_time("x", 1), None);
    }
}
