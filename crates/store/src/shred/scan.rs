//! Finding the members of one JSON object text without building a tree of it.
//!
//! Invariant: a text is either taken apart wholly or not at all, so nothing of it can get lost.

use std::borrow::Cow;

/// One member of an object.
#[derive(Debug, PartialEq)]
pub(super) struct Member<'a> {
    pub key: Cow<'a, str>,
    pub value: Value<'a>,
    /// The member as written: `"key":value`.
    pub raw: &'a str,
}

/// A member's value as far as shredding cares.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    /// The text of a number as JSON writes it.
    Number(&'a str),
    /// `true`, `false`, `null`, an array or an object.
    Other,
}

/// Appends the members of the object `text` to `members`, in order, repeats included.
///
/// Answers whether `text` is one object; if not, `members` holds nothing usable.
pub(super) fn scan<'a>(text: &'a str, members: &mut Vec<Member<'a>>) -> bool {
    Scanner { text, bytes: text.as_bytes(), at: 0 }.object(members).is_some()
}

/// Bytes before the first quote or backslash, looked at eight at a time: bags are mostly strings,
/// and every one is scanned twice.
fn plain_bytes(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The high bit of the lowest byte that is zero; bytes above it may be marked wrongly.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (words, tail) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(number * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let found = tail.iter().position(|&byte| byte == b'"' || byte == b'\\')?;
    Some(words.len() * 8 + found)
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn object(&mut self, members: &mut Vec<Member<'a>>) -> Option<()> {
        self.space();
        self.expect(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return self.end();
        }
        loop {
            self.space();
            let start = self.at;
            let key = self.string()?;
            self.space();
            self.expect(b':')?;
            self.space();
            let value = self.value()?;
            members.push(Member { key, value, raw: self.text.get(start..self.at)? });
            self.space();
            match self.next()? {
                b',' => {}
                b'}' => return self.end(),
                _ => return None,
            }
        }
    }

    fn end(&mut self) -> Option<()> {
        self.space();
        (self.at == self.bytes.len()).then_some(())
    }

    fn value(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Value::Text),
            b'{' | b'[' => self.nested(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Option<Value<'a>> {
        self.bytes.get(self.at..)?.starts_with(word.as_bytes()).then(|| {
            self.at += word.len();
            Value::Other
        })
    }

    /// Steps over an array or object: what it holds is kept as written.
    fn nested(&mut self) -> Option<Value<'a>> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(Value::Other);
            }
        }
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        self.skip_if(b'-');
        if !self.skip_if(b'0') {
            self.digits()?;
        }
        if self.skip_if(b'.') {
            self.digits()?;
        }
        if self.skip_if(b'e') || self.skip_if(b'E') {
            let _sign = self.skip_if(b'+') || self.skip_if(b'-');
            self.digits()?;
        }
        self.text.get(start..self.at).map(Value::Number)
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        self.expect(b'"')?;
        let rest = self.bytes.get(self.at..)?;
        self.at += plain_bytes(rest)?;
        if self.bytes.get(self.at) == Some(&b'"') {
            let text = self.text.get(start + 1..self.at)?;
            self.at += 1;
            return Some(Cow::Borrowed(text));
        }
        loop {
            match self.next()? {
                b'\\' => self.at += 1,
                b'"' => break,
                _ => {}
            }
        }
        serde_json::from_str(self.text.get(start..self.at)?).ok().map(Cow::Owned)
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn skip_if(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.skip_if(byte).then_some(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Option<Vec<(String, String, String)>> {
        let mut members = Vec::new();
        scan(text, &mut members).then(|| {
            let show = |m: Member| (m.key.into_owned(), format!("{:?}", m.value), m.raw.to_owned());
            members.into_iter().map(show).collect()
        })
    }

    #[test]
    fn members_come_in_order_with_their_text_as_written() {
        let text = r#" { "a" : "x" , "b\"é":"\u00e9\n","":-1.5e+3,"n":[1,{"}":"]"}],"t":true} "#;
        let expected = [
            ("a", "Text(\"x\")", r#""a" : "x""#),
            ("b\"é", "Text(\"é\\n\")", r#""b\"é":"\u00e9\n""#),
            ("", "Number(\"-1.5e+3\")", r#""":-1.5e+3"#),
            ("n", "Other", r#""n":[1,{"}":"]"}]"#),
            ("t", "Other", r#""t":true"#),
        ];
        let expected = expected.map(|(k, v, r)| (k.to_owned(), v.to_owned(), r.to_owned()));
        assert_eq!(members(text), Some(expected.to_vec()));
        assert_eq!(members("{}"), Some(Vec::new()));
    }

    #[test]
    fn the_first_quote_or_backslash_is_found_at_any_place() {
        for place in 0..20 {
            for end in ["\"", "\\", "\"\\", "\\\"", "\"#", "\\]"] {
                let text = format!("{}{end}é\u{1}!\"", "#]é"[..1].repeat(place));
                assert_eq!(plain_bytes(text.as_bytes()), Some(place), "{text}");
            }
            assert_eq!(plain_bytes("\u{80}#".repeat(place).as_bytes()), None);
        }
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        let cases = [
            "",
            " ",
            "[]",
            "null",
            "\"a\"",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{\"a\":1}x",
            "{\"a\":1}{}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":.5}",
            "{\"a\":1.}",
            "{\"a\":1e}",
            "{\"a\":-}",
            "{\"a\":NaN}",
            "{\"a\":tru}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"b\\",
            "{\"a\":[",
        ];
        for text in cases {
            assert_eq!(members(text), None, "{text}");
        }
    }

    #[test]
    fn every_cut_of_a_text_is_refused() {
        let text = r#"{"a":"é\n","b":[1,"x\"",{"c":null}],"d":-0.5e1}"#;
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            assert_eq!(members(&text[..end]), None, "{}", &text[..end]);
        }
        assert_eq!(members(text).map(|m| m.len()), Some(3));
    }
}
