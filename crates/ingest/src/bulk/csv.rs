//! Delimited text → the fields of one record (RFC 4180).
//!
//! Beyond the standard, because files have it: a quote inside an unquoted field is an ordinary
//! character, a line may end with LF alone, empty lines are passed over.

use memchr::{memchr, memchr2};

/// One field of a record: a range of the record's bytes, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub start: usize,
    pub end: usize,
    /// Two quotes in it stand for one.
    pub is_escaped: bool,
}

/// What stands at the start of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// A whole record; its line break ends at this position.
    Record { end: usize },
    /// A record that is damaged; the next one may start at this position.
    Damaged { end: usize, reason: &'static str },
    /// A line without a character, its break included.
    Empty { end: usize },
    /// A record whose end is not in the text.
    Incomplete,
}

const OPEN: &str = "a quoted field is not closed";
const FOLLOWED: &str = "text follows the closing quote of a field";

/// Splits the record at the start of `bytes` into `fields`. `is_end` says that nothing follows.
pub fn split(bytes: &[u8], delimiter: u8, is_end: bool, fields: &mut Vec<Field>) -> Split {
    fields.clear();
    let mut at = 0;
    loop {
        let field = match bytes.get(at) {
            Some(b'"') => match quoted(bytes, at, is_end) {
                Ok(field) => field,
                Err(split) => return split,
            },
            _ => match memchr2(delimiter, b'\n', &bytes[at..]) {
                Some(length) => Field { start: at, end: at + length, is_escaped: false },
                None if is_end => Field { start: at, end: bytes.len(), is_escaped: false },
                None => return Split::Incomplete,
            },
        };
        let is_quoted = field.start > at;
        let mut next = field.end + usize::from(is_quoted);
        let mut field = field;
        match bytes.get(next) {
            Some(b) if *b == delimiter => {
                fields.push(field);
                at = next + 1;
                continue;
            }
            Some(b'\r') if is_quoted => match bytes.get(next + 1) {
                None if !is_end => return Split::Incomplete,
                None => next += 1,
                Some(b'\n') => next += 2,
                Some(_) => return damaged(bytes, next, is_end, FOLLOWED),
            },
            Some(b'\n') => {
                if !is_quoted && field.end > field.start && bytes[field.end - 1] == b'\r' {
                    field.end -= 1;
                }
                next += 1;
            }
            None if is_quoted && !is_end => return Split::Incomplete,
            None => {
                if !is_quoted && field.end > field.start && bytes[field.end - 1] == b'\r' {
                    field.end -= 1;
                }
            }
            Some(_) => return damaged(bytes, next, is_end, FOLLOWED),
        }
        if fields.is_empty() && !is_quoted && field.start == field.end {
            return Split::Empty { end: next };
        }
        fields.push(field);
        return Split::Record { end: next };
    }
}

/// The field whose opening quote stands at `at`.
fn quoted(bytes: &[u8], at: usize, is_end: bool) -> Result<Field, Split> {
    let mut from = at + 1;
    let mut is_escaped = false;
    loop {
        let Some(length) = memchr(b'"', &bytes[from..]) else {
            // The quote may be a stray one: only its own line is given up.
            return Err(if is_end { damaged(bytes, at, true, OPEN) } else { Split::Incomplete });
        };
        let quote = from + length;
        match bytes.get(quote + 1) {
            Some(b'"') => {
                is_escaped = true;
                from = quote + 2;
            }
            None if !is_end => return Err(Split::Incomplete),
            _ => return Ok(Field { start: at + 1, end: quote, is_escaped }),
        }
    }
}

/// A damaged record, given up to the end of the line `at` lies in.
pub fn damaged(bytes: &[u8], at: usize, is_end: bool, reason: &'static str) -> Split {
    match memchr(b'\n', &bytes[at..]) {
        Some(length) => Split::Damaged { end: at + length + 1, reason },
        None if is_end => Split::Damaged { end: bytes.len(), reason },
        None => Split::Incomplete,
    }
}

/// Replaces two quotes by one within an escaped field.
pub fn unescape(bytes: &mut [u8], field: &mut Field) {
    if !field.is_escaped {
        return;
    }
    let (mut from, mut to) = (field.start, field.start);
    while from < field.end {
        let byte = bytes[from];
        bytes[to] = byte;
        to += 1;
        from += if byte == b'"' { 2 } else { 1 };
    }
    field.end = to;
    field.is_escaped = false;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All records of a text, fields joined by `|`, damage in brackets.
    fn read(text: &str) -> Vec<String> {
        let mut bytes = text.as_bytes().to_vec();
        let mut out = Vec::new();
        let mut fields = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &mut bytes[at..];
            match split(rest, b',', true, &mut fields) {
                Split::Record { end } => {
                    let mut texts = Vec::new();
                    for field in &mut fields {
                        unescape(rest, field);
                        let field = &rest[field.start..field.end];
                        texts.push(String::from_utf8(field.to_vec()).unwrap());
                    }
                    out.push(texts.join("|"));
                    at += end;
                }
                Split::Damaged { end, reason } => {
                    out.push(format!("[{reason}]"));
                    at += end;
                }
                Split::Empty { end } => at += end,
                Split::Incomplete => panic!("incomplete at the end"),
            }
        }
        out
    }

    #[test]
    fn records_are_split_as_rfc_4180_has_it() {
        for (text, want) in [
            ("a,b\nc,d", vec!["a|b", "c|d"]),
            ("a,b\r\nc,d\r\n", vec!["a|b", "c|d"]),
            ("\"a,\"\"x\"\"\",\"b\nc\"\n", vec!["a,\"x\"|b\nc"]),
            ("\"a\"\r\n\"b\"", vec!["a", "b"]),
            (",\n", vec!["|"]),
            ("a,", vec!["a|"]),
            ("\n\r\n\na", vec!["a"]),
            ("\"\"\n", vec![""]),
            ("6\" pipe,b\n", vec!["6\" pipe|b"]),
            ("\"a\"b,c\nd,e\n", vec!["[text follows the closing quote of a field]", "d|e"]),
            ("\"open,c\nd,e\n", vec!["[a quoted field is not closed]", "d|e"]),
            ("\"a\"\rb\nd", vec!["[text follows the closing quote of a field]", "d"]),
            ("\"\"\"\"", vec!["\""]),
            ("a\r", vec!["a"]),
        ] {
            assert_eq!(read(text), want, "{text:?}");
        }
    }

    #[test]
    fn a_record_cut_anywhere_is_incomplete_or_its_first_part_is_not_misread() {
        let text = b"ab,\"c\"\"d\ne\",\"\",f\r\nnext";
        let mut fields = Vec::new();
        for cut in 0..18 {
            assert_eq!(split(&text[..cut], b',', false, &mut fields), Split::Incomplete, "{cut}");
        }
        assert_eq!(split(text, b',', false, &mut fields), Split::Record { end: 18 });
        assert_eq!(fields.len(), 4);
    }
}
