//! JSON text → [`Tape`]: the values of one item in the order they stand in the text.
//!
//! Tolerated beyond the standard, because real clients send it: `NaN`, `Infinity`, `-Infinity`
//! (read as null), lone surrogate escapes (U+FFFD), raw control characters inside strings.

use std::borrow::Cow;

use memchr::memchr2;

use super::skip::skip_space;
use super::value::Value;

/// Arrays and objects may lie this deep in one another (spec ingestion.md §3).
pub const DEPTH_MAX: usize = 64;

/// Why a value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// It is not JSON.
    Syntax,
    /// It is nested deeper than [`DEPTH_MAX`].
    Depth,
    /// It is longer than the caller allowed.
    Size,
}

/// One value on the tape. The members of arrays and objects follow their node directly.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'a> {
    Null,
    Boolean(bool),
    /// The number as written.
    Number(&'a str),
    Text(Cow<'a, str>),
    /// `end` is the index after the last node inside.
    Array {
        end: usize,
    },
    /// As `Array`; every key is a text node before its value.
    Object {
        end: usize,
    },
}

/// The values of one item; reused from item to item.
#[derive(Debug, Default)]
pub struct Tape<'a> {
    pub(super) nodes: Vec<Node<'a>>,
}

impl<'a> Tape<'a> {
    /// The outermost value; null before anything was read.
    pub fn root(&self) -> Value<'_, 'a> {
        Value::new(self, 0)
    }

    /// The value whose [`Value::position`] this is.
    pub fn at(&self, position: usize) -> Value<'_, 'a> {
        Value::new(self, position)
    }
}

/// Reads values from one text.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// No value may start at or after this position.
    stop: usize,
}

impl<'a> Reader<'a> {
    /// A reader standing at byte `at` of `text`.
    pub fn new(text: &'a str, at: usize) -> Reader<'a> {
        Reader { text, at, stop: usize::MAX }
    }

    /// Reads the value at `at` onto `tape` (what it held is dropped) and returns the position
    /// after it.
    ///
    /// # Errors
    /// [`Problem`]; the tape then holds nothing of use.
    pub fn read(&mut self, tape: &mut Tape<'a>, size_max: usize) -> Result<usize, Problem> {
        tape.nodes.clear();
        let start = self.at;
        self.stop = start.saturating_add(size_max);
        self.value(tape, 0)?;
        if self.at - start > size_max { Err(Problem::Size) } else { Ok(self.at) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        if self.peek().is_some_and(|b| b <= b' ') {
            self.at = skip_space(self.text.as_bytes(), self.at);
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        self.at += usize::from(hit);
        hit
    }

    fn value(&mut self, tape: &mut Tape<'a>, depth: usize) -> Result<(), Problem> {
        if self.at >= self.stop {
            return Err(Problem::Size);
        }
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                let text = self.string()?;
                tape.nodes.push(Node::Text(text));
            }
            Some(b'{') => self.object(tape, depth + 1)?,
            Some(b'[') => self.array(tape, depth + 1)?,
            Some(b'-' | b'0'..=b'9') => {
                let node = self.number()?;
                tape.nodes.push(node);
            }
            _ => {
                let node = self.word()?;
                tape.nodes.push(node);
            }
        }
        Ok(())
    }

    fn object(&mut self, tape: &mut Tape<'a>, depth: usize) -> Result<(), Problem> {
        if depth > DEPTH_MAX {
            return Err(Problem::Depth);
        }
        self.at += 1;
        let head = tape.nodes.len();
        tape.nodes.push(Node::Object { end: 0 });
        self.space();
        if !self.eat(b'}') {
            loop {
                if !self.eat(b'"') {
                    return Err(Problem::Syntax);
                }
                let key = self.string()?;
                tape.nodes.push(Node::Text(key));
                self.space();
                if !self.eat(b':') {
                    return Err(Problem::Syntax);
                }
                self.space();
                self.value(tape, depth)?;
                self.space();
                if self.eat(b',') {
                    self.space();
                } else if self.eat(b'}') {
                    break;
                } else {
                    return Err(Problem::Syntax);
                }
            }
        }
        let end = tape.nodes.len();
        tape.nodes[head] = Node::Object { end };
        Ok(())
    }

    fn array(&mut self, tape: &mut Tape<'a>, depth: usize) -> Result<(), Problem> {
        if depth > DEPTH_MAX {
            return Err(Problem::Depth);
        }
        self.at += 1;
        let head = tape.nodes.len();
        tape.nodes.push(Node::Array { end: 0 });
        self.space();
        if !self.eat(b']') {
            loop {
                self.value(tape, depth)?;
                self.space();
                if self.eat(b',') {
                    self.space();
                } else if self.eat(b']') {
                    break;
                } else {
                    return Err(Problem::Syntax);
                }
            }
        }
        let end = tape.nodes.len();
        tape.nodes[head] = Node::Array { end };
        Ok(())
    }

    fn number(&mut self) -> Result<Node<'a>, Problem> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        match number_end(bytes, start) {
            Some(end) => {
                self.at = end;
                Ok(Node::Number(&self.text[start..end]))
            }
            None => self.word(),
        }
    }

    fn word(&mut self) -> Result<Node<'a>, Problem> {
        let (node, length) = match word_at(self.text.as_bytes(), self.at) {
            Some("true") => (Node::Boolean(true), 4),
            Some("false") => (Node::Boolean(false), 5),
            Some(word) => (Node::Null, word.len()),
            None => return Err(Problem::Syntax),
        };
        self.at += length;
        Ok(node)
    }

    /// The string whose opening quote was just read.
    fn string(&mut self) -> Result<Cow<'a, str>, Problem> {
        let start = self.at;
        match find_mark(self.text.as_bytes(), start) {
            Some(end) if self.text.as_bytes()[end] == b'"' => {
                self.at = end + 1;
                Ok(Cow::Borrowed(&self.text[start..end]))
            }
            Some(escape) => self.escaped(start, escape).map(Cow::Owned),
            None => Err(Problem::Syntax),
        }
    }

    /// A string with its first backslash at `escape`.
    fn escaped(&mut self, start: usize, escape: usize) -> Result<String, Problem> {
        let bytes = self.text.as_bytes();
        let mut out = String::with_capacity((escape - start) * 2 + 16);
        let mut from = start;
        let mut mark = escape;
        loop {
            out.push_str(&self.text[from..mark]);
            if bytes[mark] == b'"' {
                self.at = mark + 1;
                return Ok(out);
            }
            self.at = mark + 1;
            out.push(self.escape()?);
            from = self.at;
            mark = find_mark(bytes, from).ok_or(Problem::Syntax)?;
        }
    }

    /// The character an escape means; the backslash was just read.
    fn escape(&mut self) -> Result<char, Problem> {
        let byte = self.peek().ok_or(Problem::Syntax)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(Problem::Syntax),
        })
    }

    /// `\uXXXX`, joined with a following low surrogate where one belongs to it.
    fn unicode(&mut self) -> Result<char, Problem> {
        let bytes = self.text.as_bytes();
        let first = hex4(bytes, self.at).ok_or(Problem::Syntax)?;
        self.at += 4;
        if (0xD800..0xDC00).contains(&first) && bytes[self.at..].starts_with(b"\\u") {
            // A high surrogate followed by anything else stands alone; what follows is read anew.
            let second = hex4(bytes, self.at + 2).ok_or(Problem::Syntax)?;
            if (0xDC00..0xE000).contains(&second) {
                self.at += 6;
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        // U+0000 is not kept either (spec ingestion.md §9).
        Ok(char::from_u32(first).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

/// The position of the next `"` or `\`.
fn find_mark(bytes: &[u8], from: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let mut at = from;
    // Most strings are too short for a vector search to pay: eight bytes at a time first.
    for _ in 0..4 {
        let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) else { break };
        let word = u64::from_le_bytes(*word);
        // The lowest high bit set marks the first byte that is zero after the exclusive or.
        let (quote, slash) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
        let zeros = |x: u64| x.wrapping_sub(ONES) & !x;
        let found = (zeros(quote) | zeros(slash)) & HIGHS;
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    memchr2(b'"', b'\\', bytes.get(at..)?).map(|i| at + i)
}

fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    let mut code = 0;
    for digit in digits {
        code = code * 16 + char::from(*digit).to_digit(16)?;
    }
    Some(code)
}

/// Where the number starting at `start` ends; `None` when there is none.
pub(super) fn number_end(bytes: &[u8], start: usize) -> Option<usize> {
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let whole = start + usize::from(bytes.get(start) == Some(&b'-'));
    let mut end = digits(whole);
    if end == whole {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits(fraction);
        if end == fraction {
            return None;
        }
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = digits(exponent);
        if end == exponent {
            return None;
        }
    }
    Some(end)
}

/// The bare word at `at`.
pub(super) fn word_at(bytes: &[u8], at: usize) -> Option<&'static str> {
    let rest = bytes.get(at..)?;
    ["true", "false", "null", "NaN", "Infinity", "-Infinity"]
        .into_iter()
        .find(|word| rest.starts_with(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Problem> {
        let mut tape = Tape::default();
        let end = Reader::new(text, 0).read(&mut tape, 1 << 20)?;
        assert_eq!(end, text.len(), "{text}");
        Ok(tape.root().compact())
    }

    #[test]
    fn what_clients_send_is_read() {
        for (text, want) in [
            (r#"{"a":1,"b":[true,false,null,"x"]}"#, r#"{"a":1,"b":[true,false,null,"x"]}"#),
            ("{ \"a\" :\r\n -1.50e+3 }", r#"{"a":-1.50e+3}"#),
            ("[NaN, Infinity, -Infinity]", "[null,null,null]"),
            (r#""lone \ud83d""#, "\"lone \u{FFFD}\""),
            (r#""\ud83d\ude00 \ude00\ud83d""#, "\"😀 \u{FFFD}\u{FFFD}\""),
            (r#""\ud83dA""#, "\"\u{FFFD}A\""),
            (r#""\u0000\u00e9\/\b""#, "\"\u{FFFD}é/\\u0008\""),
            ("\"raw \u{1} control\"", "\"raw \\u0001 control\""),
            ("{}", "{}"),
            ("[]", "[]"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "[",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "\"open",
            "\"\\x\"",
            "\"\\ud8\"",
            "-",
            "1.",
            "1e",
            "tru",
            "nul",
            "{\"a\":1,}",
            "'a'",
            "\"\\ud83d\\u12\"",
        ] {
            let mut tape = Tape::default();
            assert_eq!(Reader::new(text, 0).read(&mut tape, 99), Err(Problem::Syntax), "{text}");
        }
    }

    #[test]
    fn nesting_is_read_to_the_limit_and_not_beyond() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(read(&nested(DEPTH_MAX)).is_ok());
        assert_eq!(read(&nested(DEPTH_MAX + 1)), Err(Problem::Depth));
    }

    #[test]
    fn marks_are_found_wherever_they_stand() {
        for length in 0..80 {
            for mark in ["\"", "\\", "\\\""] {
                // `é` and `#` are neighbours of the marks in single bits.
                let text = format!("{}{mark}#{}", "#".repeat(length), "é!".repeat(20));
                assert_eq!(find_mark(text.as_bytes(), 0), Some(length), "{text}");
            }
            assert_eq!(find_mark("é#]".repeat(length).as_bytes(), 0), None);
        }
    }

    #[test]
    fn a_long_value_is_not_read_to_its_end() {
        let text = format!("[{}1]", "1,".repeat(100));
        let mut tape = Tape::default();
        assert_eq!(Reader::new(&text, 0).read(&mut tape, 50), Err(Problem::Size));
        assert!(tape.nodes.len() < 30);
        assert_eq!(Reader::new(&text, 0).read(&mut tape, text.len()), Ok(text.len()));
    }
}
