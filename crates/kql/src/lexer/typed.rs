//! Typed literals with raw bodies: `datetime(…)`, `timespan(…)`, `int(…)`, `guid(…)`, …
//!
//! `dynamic(…)` is not here: its body is made of tokens.

use model::Type;

use super::number::parse_hex;
use super::{Lexer, TokenKind, is_space};
use crate::codes;
use crate::syntax::Literal;

/// Why a body is no value.
enum Bad {
    Malformed,
    Range,
    /// A datetime that exists and cannot be represented.
    Moment,
}

impl Lexer<'_> {
    /// Reads `(body)` when `word` (just read, from `start`) names a type and a `(` follows.
    pub(super) fn typed_literal(&mut self, start: usize, word: &str) -> bool {
        let Some(ty) = literal_type(word) else { return false };
        let after = self.rest().trim_start_matches(is_space);
        let Some(body) = after.strip_prefix('(') else { return false };
        let open = self.text.len() - after.len();
        // A body never holds these, so a forgotten `)` does not swallow the query.
        let end = body.find([')', ';', '|']).unwrap_or(body.len());
        let closed = body[end..].starts_with(')');
        let raw = if closed { &body[..end] } else { body[..end].lines().next().unwrap_or("") };
        self.at = open + 1 + raw.len() + usize::from(closed);
        if !closed {
            let message = format!("`{word}(` is not closed");
            let help = Some("add the closing `)`".to_owned());
            self.report(codes::UNCLOSED_BRACKET, start, message, help);
            self.push(TokenKind::Literal(Literal::Null(ty)), start);
            return true;
        }
        let literal = match value(ty, unquoted(raw.trim_matches(is_space))) {
            Ok(literal) => literal,
            Err(bad) => {
                self.bad_body(start, word, ty, raw.trim(), &bad);
                Literal::Null(ty)
            }
        };
        self.push(TokenKind::Literal(literal), start);
        true
    }

    fn bad_body(&mut self, start: usize, word: &str, ty: Type, raw: &str, bad: &Bad) {
        let shown: String = raw.chars().take(40).collect();
        let (code, message) = match bad {
            Bad::Malformed => (codes::BAD_LITERAL, format!("`{shown}` is no `{ty}` literal")),
            Bad::Range => (codes::OUT_OF_RANGE, format!("`{shown}` does not fit `{ty}`")),
            Bad::Moment => {
                let message = format!("the datetime `{shown}` cannot be represented");
                (codes::MOMENT_OUT_OF_RANGE, message)
            }
        };
        let help = match (ty, bad) {
            (_, Bad::Moment) => "dates from 1677-09-22 to 2262-04-10 can be used".to_owned(),
            (Type::DateTime, _) => "write it like `datetime(2024-01-31 13:45:00)`".to_owned(),
            (Type::TimeSpan, _) => "write it like `timespan(1.02:03:04)` or `2h`".to_owned(),
            (Type::Guid, _) => "a guid has 32 hexadecimal digits".to_owned(),
            (_, Bad::Range) => "write a larger type, such as `long(…)` or `real(…)`".to_owned(),
            _ => format!("`{word}(…)` holds a literal; `to{ty}(…)` converts a value"),
        };
        self.report(code, start, message, Some(help));
    }
}

fn literal_type(word: &str) -> Option<Type> {
    Some(match word {
        "bool" | "boolean" => Type::Bool,
        "int" | "int32" => Type::Int,
        "long" | "int64" => Type::Long,
        "real" | "double" => Type::Real,
        "decimal" => Type::Decimal,
        "datetime" | "date" => Type::DateTime,
        "timespan" | "time" => Type::TimeSpan,
        "guid" | "uuid" | "uniqueid" => Type::Guid,
        _ => return None,
    })
}

fn unquoted(raw: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = raw.strip_prefix(quote).and_then(|r| r.strip_suffix(quote)) {
            return inner.trim();
        }
    }
    raw
}

fn value(ty: Type, body: &str) -> Result<Literal, Bad> {
    if body == "null" {
        return Ok(Literal::Null(ty));
    }
    match ty {
        Type::Bool => match body {
            "true" | "True" | "TRUE" | "1" => Ok(Literal::Bool(true)),
            "false" | "False" | "FALSE" | "0" => Ok(Literal::Bool(false)),
            _ => Err(Bad::Malformed),
        },
        Type::Int => integer(body, 32)
            .and_then(|v| i32::try_from(v).map(Literal::Int).map_err(|_| Bad::Range)),
        Type::Long => integer(body, 64).map(Literal::Long),
        Type::Real => real(body).map(Literal::Real),
        Type::Decimal => match real(body)? {
            v if v.is_finite() => Ok(Literal::Decimal(v)),
            _ => Err(Bad::Malformed),
        },
        Type::DateTime => datetime(body).map(Literal::DateTime),
        Type::TimeSpan => match model::time::parse_timespan(body) {
            Some(nanos) => Ok(Literal::TimeSpan(nanos)),
            None => Err(Bad::Malformed),
        },
        Type::Guid => guid(body).map(Literal::Guid).ok_or(Bad::Malformed),
        Type::String | Type::Dynamic => Err(Bad::Malformed),
    }
}

/// Decimal, or hexadecimal wrapping into the sign: `int(0xFFFFFFFF)` is -1 (spec kql.md §2).
fn integer(body: &str, bits: u32) -> Result<i64, Bad> {
    let (negative, digits) = match body.strip_prefix('-') {
        Some(digits) => (true, digits.trim_start()),
        None => (false, body.strip_prefix('+').unwrap_or(body).trim_start()),
    };
    if let Some(value) = parse_hex(digits) {
        let value = match (bits, u32::try_from(value)) {
            (32, Ok(low)) => i64::from(low.cast_signed()),
            _ => value,
        };
        return if negative { value.checked_neg().ok_or(Bad::Range) } else { Ok(value) };
    }
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Bad::Malformed);
    }
    let signed = if negative { format!("-{digits}") } else { digits.to_owned() };
    signed.parse().map_err(|_| Bad::Range)
}

fn real(body: &str) -> Result<f64, Bad> {
    match body {
        "nan" | "NaN" => return Ok(f64::NAN),
        "inf" | "+inf" | "Infinity" => return Ok(f64::INFINITY),
        "-inf" | "-Infinity" => return Ok(f64::NEG_INFINITY),
        _ => {}
    }
    if !body.ends_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Err(Bad::Malformed);
    }
    match body.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(Bad::Range),
        Err(_) => Err(Bad::Malformed),
    }
}

fn datetime(body: &str) -> Result<i64, Bad> {
    if let Some(nanos) = model::time::parse_datetime(body) {
        return Ok(nanos);
    }
    // A moment that exists but not in 64 bits of nanoseconds: the same text in another year reads.
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let year: u32 = body[..digits].parse().unwrap_or(0);
    let elsewhere = format!("2000{}", &body[digits..]);
    let outside = digits == 4 && year != 0 && !(1678..2262).contains(&year);
    match outside && model::time::parse_datetime(&elsewhere).is_some() {
        true => Err(Bad::Moment),
        false => Err(Bad::Malformed),
    }
}

/// Whether the text is an instant that exists and cannot be held.
pub(crate) fn is_distant_moment(text: &str) -> bool {
    matches!(datetime(text), Err(Bad::Moment))
}

fn guid(body: &str) -> Option<String> {
    let body = body.strip_prefix('{').and_then(|b| b.strip_suffix('}')).unwrap_or(body);
    let groups: Vec<usize> = body.split('-').map(str::len).collect();
    let digits: String = body.chars().filter(|c| *c != '-').collect();
    let shape = groups == [32] || groups == [8, 4, 4, 4, 12];
    if !shape || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let low = digits.to_ascii_lowercase();
    Some([&low[..8], &low[8..12], &low[12..16], &low[16..20], &low[20..]].join("-"))
}
