//! Texts from requests as parts of KQL that we write.
//!
//! Invariant: whatever a caller sends stays inside its literal.

use std::fmt::Write;

/// `text` as a KQL string literal.
pub fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            // Line ends of every alphabet would end the literal.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An instant, nanoseconds since 1970, as a KQL literal.
pub fn datetime(nanos: i64) -> String {
    let text = model::time::format_datetime(nanos, model::time::Fraction::Trimmed);
    format!("datetime({text})")
}

/// A length of time, nanoseconds, as a KQL literal.
pub fn timespan(nanos: i64) -> String {
    format!("timespan({})", model::time::format_timespan(nanos))
}
