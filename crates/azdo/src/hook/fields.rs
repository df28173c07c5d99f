//! Single values of a payload, read leniently: one odd value must not lose an event.

use serde_json::Value;

/// A text or number as text; everything else `''`.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// A whole number, with or without quotes.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A time in nanoseconds since 1970; the zero date is none.
pub(super) fn time(value: &Value) -> Option<i64> {
    value.as_str().and_then(model::time::parse_datetime)
}
