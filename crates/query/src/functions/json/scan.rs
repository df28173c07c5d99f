//! Reading JSON text in place: no tree is built, parts are slices of the text.
//!
//! Invariant: the text is what `dynamic` holds, valid JSON; on anything else the answers are
//! missing values, never a panic.

use std::borrow::Cow;

/// What a JSON text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Null,
    Bool,
    Long,
    Real,
    Text,
    Array,
    Bag,
}

/// The kind, by the first bytes.
pub fn kind(json: &str) -> Kind {
    let json = json.trim_start();
    match json.as_bytes().first() {
        Some(b'{') => Kind::Bag,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::Text,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'-' | b'0'..=b'9') => {
            if json.bytes().any(|b| matches!(b, b'.' | b'e' | b'E')) {
                Kind::Real
            } else {
                Kind::Long
            }
        }
        _ => Kind::Null,
    }
}

pub fn is_null(json: &str) -> bool {
    json.is_empty() || json.trim() == "null"
}

pub fn boolean(json: &str) -> Option<bool> {
    match json.trim() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A number, or one of the texts JSON writes for what it has no number for.
pub fn number(json: &str) -> Option<f64> {
    match kind(json) {
        Kind::Long | Kind::Real => json.trim().parse().ok(),
        _ => match json.trim() {
            "\"NaN\"" => Some(f64::NAN),
            "\"Infinity\"" => Some(f64::INFINITY),
            "\"-Infinity\"" => Some(f64::NEG_INFINITY),
            _ => None,
        },
    }
}

/// A whole number; `2.0` counts.
pub fn exact_long(json: &str) -> Option<i64> {
    match kind(json) {
        Kind::Long => json.trim().parse().ok(),
        Kind::Real => number(json).filter(|v| *v == v.trunc() && v.abs() < 9e18).map(|v| v as i64),
        _ => None,
    }
}

fn spaces(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The end of the string that starts at the quote `at`: behind the closing quote.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The end of the value that starts at `at`.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => string_end(bytes, at),
        b'{' | b'[' => {
            let mut depth = 0_usize;
            let mut at = at;
            loop {
                match bytes.get(at)? {
                    b'"' => {
                        at = string_end(bytes, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let rest = &bytes[at..];
            let stop = |b: &u8| matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
            Some(at + rest.iter().position(stop).unwrap_or(rest.len()))
        }
    }
}

/// Steps over `[` or `{` at the start, or `None` when the text is something else.
fn open(json: &str, with: u8) -> Option<usize> {
    let bytes = json.as_bytes();
    let at = spaces(bytes, 0);
    (bytes.get(at) == Some(&with)).then_some(at + 1)
}

/// The elements of an array, as they are written.
pub struct Elements<'j> {
    json: &'j str,
    at: usize,
}

impl<'j> Iterator for Elements<'j> {
    type Item = &'j str;
    fn next(&mut self) -> Option<&'j str> {
        let bytes = self.json.as_bytes();
        let mut at = spaces(bytes, self.at);
        if bytes.get(at) == Some(&b',') {
            at = spaces(bytes, at + 1);
        }
        if bytes.get(at) == Some(&b']') {
            return None;
        }
        let end = value_end(bytes, at)?;
        self.at = end;
        self.json.get(at..end).filter(|part| !part.is_empty())
    }
}

/// The elements of an array one by one; `None` for anything else.
pub fn each_element(json: &str) -> Option<Elements<'_>> {
    Some(Elements { json, at: open(json, b'[')? })
}

/// The elements of an array; `None` for anything else.
pub fn elements(json: &str) -> Option<Vec<&str>> {
    Some(each_element(json)?.collect())
}

/// The properties of a bag: the key as written (escaped, unquoted) and the value.
pub struct Members<'j> {
    json: &'j str,
    at: usize,
}

impl<'j> Iterator for Members<'j> {
    type Item = (&'j str, &'j str);
    fn next(&mut self) -> Option<(&'j str, &'j str)> {
        let bytes = self.json.as_bytes();
        let mut at = spaces(bytes, self.at);
        if bytes.get(at) == Some(&b',') {
            at = spaces(bytes, at + 1);
        }
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let key_end = string_end(bytes, at)?;
        let key = self.json.get(at + 1..key_end - 1)?;
        let colon = spaces(bytes, key_end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let start = spaces(bytes, colon + 1);
        let end = value_end(bytes, start)?;
        self.at = end;
        Some((key, self.json.get(start..end)?))
    }
}

/// The properties of a bag one by one; `None` for anything else.
pub fn each_member(json: &str) -> Option<Members<'_>> {
    Some(Members { json, at: open(json, b'{')? })
}

/// The value of property `key` of a bag; the first of several.
pub fn property<'j>(json: &'j str, key: &str) -> Option<&'j str> {
    each_member(json)?.find(|(k, _)| key_is(k, key)).map(|(_, value)| value)
}

/// Whether the key written as `raw` means `key`.
pub fn key_is(raw: &str, key: &str) -> bool {
    raw == key || (raw.contains('\\') && unescape(raw) == key)
}

/// Element `index` of an array; negative counts from the end.
pub fn element(json: &str, index: i64) -> Option<&str> {
    let mut elements = each_element(json)?;
    match usize::try_from(index) {
        Ok(index) => elements.nth(index),
        Err(_) => {
            let all: Vec<&str> = elements.collect();
            let back = usize::try_from(index.unsigned_abs()).ok()?;
            all.get(all.len().checked_sub(back)?).copied()
        }
    }
}

/// The meaning of the inside of a JSON string.
pub fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    // serde reads the rare escapes; a text it refuses stays as it is.
    match serde_json::from_str::<String>(&format!("\"{raw}\"")) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(raw),
    }
}

/// The text of a value: a string without its quotes, null as `''`, everything else as written.
pub fn plain(json: &str) -> Cow<'_, str> {
    let json = json.trim();
    if let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return unescape(inner);
    }
    Cow::Borrowed(if json == "null" { "" } else { json })
}

/// [`plain`], owned.
pub fn text_of(json: &str) -> String {
    plain(json).into_owned()
}

/// Appends `json` without the spaces between its parts.
pub fn write_compact(out: &mut String, json: &str) {
    let bytes = json.as_bytes();
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at).unwrap_or(bytes.len()).min(bytes.len());
            }
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.push_str(json.get(start..at).unwrap_or(""));
                at += 1;
                start = at;
            }
            _ => at += 1,
        }
    }
    out.push_str(json.get(start..).unwrap_or(""));
}

/// Appends an element to the array or bag under construction in `out`.
pub fn separate(out: &mut String) {
    if !out.ends_with(['[', '{']) {
        out.push(',');
    }
}

/// Whether two scalars or structures are equal: numbers by value, everything else by meaning.
pub fn same(a: &str, b: &str) -> bool {
    let (a_kind, b_kind) = (kind(a), kind(b));
    let numeric = |k| matches!(k, Kind::Long | Kind::Real);
    if numeric(a_kind) && numeric(b_kind) {
        if a_kind == Kind::Long && b_kind == Kind::Long {
            return a.trim() == b.trim();
        }
        return number(a) == number(b);
    }
    a_kind == b_kind && (a.trim() == b.trim() || (a_kind == Kind::Text && plain(a) == plain(b)))
}
