//! Literals as text that reads back as the same value.

use model::time::{Fraction, format_datetime, format_timespan};

use super::Printer;
use crate::syntax::Literal;

impl Printer {
    pub(super) fn literal(&mut self, literal: &Literal) {
        let text = match literal {
            Literal::Null(ty) => format!("{ty}(null)"),
            Literal::Bool(value) => value.to_string(),
            Literal::Int(value) => format!("int({value})"),
            Literal::Long(value) if *value < 0 => format!("long({value})"),
            Literal::Long(value) => value.to_string(),
            Literal::Real(value) if value.is_sign_negative() || !value.is_finite() => {
                format!("real({})", real(*value))
            }
            Literal::Real(value) => real(*value),
            Literal::Decimal(value) => format!("decimal({})", real(*value)),
            Literal::String { value, hidden } => {
                self.text(if *hidden { "h" } else { "" });
                return self.string(value);
            }
            Literal::DateTime(nanos) => {
                format!("datetime({})", format_datetime(*nanos, Fraction::Trimmed))
            }
            Literal::TimeSpan(nanos) => format!("timespan({})", format_timespan(*nanos)),
            Literal::Guid(text) => format!("guid({text})"),
            Literal::Dynamic(text) => format!("dynamic({text})"),
        };
        self.text(&text);
    }

    /// A quoted string with escapes.
    pub(super) fn string(&mut self, value: &str) {
        self.out.push('"');
        for c in value.chars() {
            match c {
                '"' => self.text("\\\""),
                '\\' => self.text("\\\\"),
                '\n' => self.text("\\n"),
                '\r' => self.text("\\r"),
                '\t' => self.text("\\t"),
                c if c.is_control() => self.text(&format!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

/// The shortest text of a double that reads back as it, always with a point or an exponent.
fn real(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+inf" } else { "-inf" }.to_owned();
    }
    format!("{value:?}")
}
