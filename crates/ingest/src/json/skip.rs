//! Passing over one JSON value without keeping anything of it: any size, any depth.
//!
//! Invariant: accepts exactly what [`super::Reader`] accepts, its limits aside.

use memchr::memchr2;

use super::reader::{number_end, word_at};

/// The first position at or after `at` that is not white space.
pub fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The position after the value at `at`; `None` when there is no whole value.
pub fn skip_value(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    // The closing bracket of every container we are inside.
    let mut open: Vec<u8> = Vec::new();
    loop {
        at = match bytes.get(at)? {
            b'{' | b'[' => {
                let object = bytes[at] == b'{';
                let close = if object { b'}' } else { b']' };
                let inside = skip_space(bytes, at + 1);
                if bytes.get(inside) == Some(&close) {
                    inside + 1
                } else {
                    open.push(close);
                    at = if object { skip_key(bytes, inside)? } else { inside };
                    continue;
                }
            }
            b'"' => skip_string(bytes, at)?,
            _ => number_end(bytes, at).or_else(|| Some(at + word_at(bytes, at)?.len()))?,
        };
        // After a value: the next one of its container, or the container's end.
        loop {
            let Some(close) = open.last() else { return Some(at) };
            at = skip_space(bytes, at);
            let byte = bytes.get(at)?;
            if byte == close {
                open.pop();
                at += 1;
            } else if *byte == b',' {
                at = skip_space(bytes, at + 1);
                if *close == b'}' {
                    at = skip_key(bytes, at)?;
                }
                break;
            } else {
                return None;
            }
        }
    }
}

/// Over `"key" :` to the start of the value.
fn skip_key(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let colon = skip_space(bytes, skip_string(bytes, at)?);
    if bytes.get(colon) != Some(&b':') {
        return None;
    }
    Some(skip_space(bytes, colon + 1))
}

/// Over the string whose quote stands at `at`.
fn skip_string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += match bytes.get(at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Problem, Reader, Tape};
    use super::*;

    #[test]
    fn skipping_and_reading_agree_on_damaged_text() {
        const PIECES: &[u8] = b"\"\\{}[],:0-.e \nutnN/9";
        let whole = r#"{"a" : [1, -2.5e+3, {"b\u00e9\n": null}, NaN], "c":"\ud83d", "d":[{},[]]}"#;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap() % below
        };
        let mut read_count = 0;
        for _ in 0..20_000 {
            let mut text = whole.as_bytes().to_vec();
            for _ in 0..=next(3) {
                let at = next(text.len());
                match next(3) {
                    0 => text[at] = PIECES[next(PIECES.len())],
                    1 => text.insert(at, PIECES[next(PIECES.len())]),
                    _ => drop(text.remove(at)),
                }
            }
            let text = String::from_utf8(text).unwrap();
            let read = Reader::new(&text, 0).read(&mut Tape::default(), 1000);
            assert_ne!(read, Err(Problem::Depth));
            assert_eq!(skip_value(text.as_bytes(), 0), read.ok(), "{text}");
            read_count += usize::from(read.is_ok());
        }
        assert!(read_count > 2000, "{read_count}");
    }

    #[test]
    fn values_are_passed_over_whole() {
        for text in [
            r#"{"a":[1,{"b":"}\"]"}],"c":NaN}"#,
            "[]",
            "{ }",
            "-12.5e3",
            "\"\\ud83d\\\\\"",
            "[[[]],[{}]]",
        ] {
            let followed = format!("{text} 1");
            assert_eq!(skip_value(followed.as_bytes(), 0), Some(text.len()), "{text}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(skip_value(deep.as_bytes(), 0), Some(deep.len()));
    }

    #[test]
    fn broken_values_are_not() {
        for text in ["", "{", "[1,]", "{\"a\":1,}", "{\"a\"}", "[}", "\"\\q\"", "\"\\u12", "x"] {
            assert_eq!(skip_value(text.as_bytes(), 0), None, "{text}");
        }
    }
}
