//! Where the JSON records of a text start and end.

use memchr::memchr;

use crate::json::{skip_space, skip_value};

/// What stands next in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A record between two positions; the next one is looked for from `next`.
    Record { start: usize, end: usize, next: usize },
    /// Nothing up to this position.
    Blank { next: usize },
    /// What is there is not whole.
    Incomplete,
    /// From this position on the text is not JSON.
    Broken { at: usize },
}

/// How the records stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// One per line.
    Lines,
    /// One after the other, over any number of lines; `in_array`: inside an array of them.
    Documents { in_array: bool },
}

impl Framing {
    /// The next record of `bytes` at or after `at`. `is_end` says that nothing follows.
    pub fn next(&mut self, bytes: &[u8], at: usize, is_end: bool) -> Frame {
        match self {
            Framing::Lines => line(bytes, at, is_end),
            Framing::Documents { in_array } => document(bytes, at, is_end, in_array),
        }
    }
}

fn line(bytes: &[u8], at: usize, is_end: bool) -> Frame {
    let (end, next) = match memchr(b'\n', &bytes[at..]) {
        Some(length) => (at + length, at + length + 1),
        None if is_end => (bytes.len(), bytes.len()),
        None => return Frame::Incomplete,
    };
    let start = skip_space(&bytes[..end], at);
    let trimmed = start + bytes[start..end].trim_ascii_end().len();
    if start == trimmed {
        return if next == at { Frame::Incomplete } else { Frame::Blank { next } };
    }
    Frame::Record { start, end: trimmed, next }
}

fn document(bytes: &[u8], at: usize, is_end: bool, in_array: &mut bool) -> Frame {
    let mut start = skip_space(bytes, at);
    loop {
        match bytes.get(start) {
            None if start > at => return Frame::Blank { next: start },
            None => return Frame::Incomplete,
            Some(b'[') if !*in_array => *in_array = true,
            Some(b']') if *in_array => *in_array = false,
            Some(b',') if *in_array => {}
            Some(_) => break,
        }
        start = skip_space(bytes, start + 1);
    }
    match skip_value(bytes, start) {
        // A number or word at the end of what was read may go on.
        Some(end) if end == bytes.len() && !is_end => incomplete(start, at),
        Some(end) => Frame::Record { start, end, next: end },
        None if is_end => Frame::Broken { at: start },
        None => incomplete(start, at),
    }
}

/// Brackets that were passed are not passed again.
fn incomplete(start: usize, at: usize) -> Frame {
    if start > at { Frame::Blank { next: start } } else { Frame::Incomplete }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, mut framing: Framing) -> Vec<&str> {
        let mut out = Vec::new();
        let mut at = 0;
        loop {
            match framing.next(text.as_bytes(), at, true) {
                Frame::Record { start, end, next } => {
                    out.push(&text[start..end]);
                    at = next;
                }
                Frame::Blank { next } => at = next,
                Frame::Incomplete => return out,
                Frame::Broken { .. } => {
                    out.push("broken");
                    return out;
                }
            }
        }
    }

    #[test]
    fn records_stand_in_lines() {
        let text = "{\"a\":1}\r\n\n  {\"b\":\n 2}\nlast";
        assert_eq!(read(text, Framing::Lines), ["{\"a\":1}", "{\"b\":", "2}", "last"]);
    }

    #[test]
    fn records_stand_in_documents_and_arrays() {
        let documents = Framing::Documents { in_array: false };
        for (text, want) in [
            ("{\"a\":\n1}{\"b\":2} \n{}", vec!["{\"a\":\n1}", "{\"b\":2}", "{}"]),
            ("[{\"a\":[1]},\n {} ]\n[{}]", vec!["{\"a\":[1]}", "{}", "{}"]),
            ("[1, {}]", vec!["1", "{}"]),
            (" ", vec![]),
            ("{} {\"a\":", vec!["{}", "broken"]),
            ("{} x", vec!["{}", "broken"]),
        ] {
            assert_eq!(read(text, documents), want, "{text}");
        }
    }
}
