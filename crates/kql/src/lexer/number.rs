//! Numbers, timespans (`1.5h`) and names that start with a digit (`2xx`).

use super::{Lexer, TokenKind, is_word};
use crate::codes;
use crate::syntax::Literal;

impl Lexer<'_> {
    /// A token that starts with a digit.
    pub(super) fn number(&mut self) {
        let start = self.at;
        self.digits();
        let whole_end = self.at;
        self.fraction();
        let number_end = self.at;
        let has_fraction = number_end > whole_end;
        while self.byte(0).is_some_and(is_word) {
            self.at += 1;
        }
        let suffix = &self.text[number_end..self.at];
        let number = &self.text[start..number_end];
        if suffix.is_empty() {
            self.plain(start, number, has_fraction);
        } else if number == "0" && suffix.starts_with(['x', 'X']) && is_hex(&suffix[1..]) {
            self.hex(start);
        } else if self.exponent(number_end) {
            self.real(start);
        } else if let Some(nanos) = timespan(number, suffix) {
            match nanos {
                Some(nanos) => self.push(TokenKind::Literal(Literal::TimeSpan(nanos)), start),
                None => {
                    let message = format!("the timespan `{number}{suffix}` is too long");
                    self.report(codes::OUT_OF_RANGE, start, message, None);
                    self.push(TokenKind::Literal(Literal::TimeSpan(0)), start);
                }
            }
        } else if has_fraction {
            // `1.5foo`: keep the number, let the parser object to the word.
            self.at = number_end;
            self.plain(start, number, true);
        } else {
            self.push(TokenKind::Name, start);
        }
    }

    fn digits(&mut self) {
        while self.byte(0).is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
    }

    /// `.5`, or a lone `.` at the end of a number; not the `..` of a range nor a member's dot.
    fn fraction(&mut self) {
        if self.byte(0) != Some(b'.') {
            return;
        }
        match self.byte(1) {
            Some(b) if b.is_ascii_digit() => {
                self.at += 1;
                self.digits();
            }
            Some(b) if is_word(b) || matches!(b, b'.' | b'[') => {}
            _ => self.at += 1,
        }
    }

    /// Whether an exponent stands at `from`; moves behind it.
    fn exponent(&mut self, from: usize) -> bool {
        let bytes = self.text.as_bytes();
        if !matches!(bytes.get(from), Some(b'e' | b'E')) {
            return false;
        }
        let mut at = from + 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        let digits = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at == digits || bytes.get(at).copied().is_some_and(is_word) {
            return false;
        }
        self.at = at;
        true
    }

    fn plain(&mut self, start: usize, number: &str, is_real: bool) {
        if is_real {
            return self.real(start);
        }
        let value = number.parse().unwrap_or_else(|_| {
            let message = format!("`{number}` does not fit `long`");
            let help = "write `real(…)` or `decimal(…)` for larger numbers".to_owned();
            self.report(codes::OUT_OF_RANGE, start, message, Some(help));
            0
        });
        self.push(TokenKind::Literal(Literal::Long(value)), start);
    }

    fn real(&mut self, start: usize) {
        let text = &self.text[start..self.at];
        let value = text.parse::<f64>().unwrap_or(f64::INFINITY);
        let value = if value.is_finite() {
            value
        } else {
            self.report(codes::OUT_OF_RANGE, start, format!("`{text}` does not fit `real`"), None);
            0.0
        };
        self.push(TokenKind::Literal(Literal::Real(value)), start);
    }

    fn hex(&mut self, start: usize) {
        let text = &self.text[start..self.at];
        let value = parse_hex(text).unwrap_or_else(|| {
            self.report(codes::OUT_OF_RANGE, start, format!("`{text}` does not fit `long`"), None);
            0
        });
        self.push(TokenKind::Literal(Literal::Long(value)), start);
    }
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// `0x…` as 64 bits, wrapping into the sign (spec kql.md §2).
pub(super) fn parse_hex(text: &str) -> Option<i64> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    u64::from_str_radix(digits, 16).ok().filter(|_| is_hex(digits)).map(u64::cast_signed)
}

/// `None`: not a unit; `Some(None)`: does not fit.
fn timespan(number: &str, unit: &str) -> Option<Option<i64>> {
    let count: f64 = number.parse().ok()?;
    match unit {
        "millisec" | "millisecs" => return timespan(number, "ms"),
        "microsec" | "microsecs" => return timespan(number, "micro"),
        // Below the resolution of 100 ns: rounded to it.
        "nano" | "nanos" | "nanosec" | "nanosecs" | "nanosecond" | "nanoseconds" => {
            return Some(model::time::timespan((count / 100.0).round(), "tick"));
        }
        _ => {}
    }
    model::time::timespan(0.0, unit)?;
    if !number.contains('.') {
        // Exact for counts a double cannot hold.
        let one = model::time::timespan(1.0, unit)?;
        return Some(number.parse::<i64>().ok().and_then(|count| count.checked_mul(one)));
    }
    Some(model::time::timespan(count, unit))
}
