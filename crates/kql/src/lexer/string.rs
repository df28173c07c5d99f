//! String literals: quoted with escapes, verbatim `@"…"`, multi-line, each with an optional `h`.

use super::{Lexer, TokenKind};
use crate::codes;
use crate::diagnostic::Span;

impl Lexer<'_> {
    /// Reads a string when one starts here.
    pub(super) fn string(&mut self) -> bool {
        let start = self.at;
        let rest = self.rest();
        let hidden = rest.starts_with(['h', 'H']);
        let body = if hidden { &rest[1..] } else { rest };
        let prefix = usize::from(hidden);
        for fence in ["```", "~~~"] {
            if body.starts_with(fence) {
                self.at += prefix;
                self.fenced(start, fence, hidden);
                return true;
            }
        }
        if body.starts_with(['"', '\'']) {
            self.at += prefix;
            self.escaped(start, hidden);
            true
        } else if body.starts_with("@\"") || body.starts_with("@'") {
            self.at += prefix + 1;
            self.verbatim(start, hidden);
            true
        } else {
            !hidden && self.curly()
        }
    }

    /// Text in curly quotes, as word processors make them: a string, and reported.
    fn curly(&mut self) -> bool {
        const QUOTES: [char; 5] = ['“', '”', '„', '‘', '’'];
        let (start, rest) = (self.at, self.rest());
        let Some(inside) = rest.strip_prefix(QUOTES) else { return false };
        let opening = rest.len() - inside.len();
        let end = inside.find(['\n', '\r']).unwrap_or(inside.len());
        let Some(length) = inside.get(..end).and_then(|line| line.find(QUOTES)) else {
            return false;
        };
        let value = inside.get(..length).unwrap_or("").to_owned();
        let closing = inside[length..].chars().next().map_or(0, char::len_utf8);
        self.at += opening;
        let mark = &rest[..opening];
        let help = Some("use straight quotes, `\"` or `'`".to_owned());
        self.repaired.push(Span::new(start, self.at));
        self.report(codes::BAD_CHARACTER, start, format!("unexpected `{mark}`"), help);
        self.at += length + closing;
        self.push(TokenKind::String { value, hidden: false }, start);
        true
    }

    fn fenced(&mut self, start: usize, fence: &str, hidden: bool) {
        self.at += fence.len();
        let rest = self.rest();
        let (value, end) = match rest.find(fence) {
            Some(end) => (&rest[..end], end + fence.len()),
            None => (rest, rest.len()),
        };
        let closed = end > value.len();
        self.at += end;
        if !closed {
            let message = "this string does not end".to_owned();
            let help = format!("add the closing {fence}");
            self.report(codes::UNCLOSED_STRING, start, message, Some(help));
        }
        self.push(TokenKind::String { value: value.to_owned(), hidden }, start);
    }

    fn verbatim(&mut self, start: usize, hidden: bool) {
        let Some(quote) = self.rest().chars().next() else { return };
        self.at += 1;
        let mut value = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.find([quote, '\n', '\r']) else {
                value.push_str(rest);
                self.at = self.text.len();
                return self.unclosed(start, quote, value, hidden);
            };
            value.push_str(&rest[..end]);
            self.at += end;
            if !self.rest().starts_with(quote) {
                return self.unclosed(start, quote, value, hidden);
            }
            self.at += 1;
            if !self.rest().starts_with(quote) {
                break;
            }
            value.push(quote);
            self.at += 1;
        }
        self.push(TokenKind::String { value, hidden }, start);
    }

    fn escaped(&mut self, start: usize, hidden: bool) {
        let Some(quote) = self.rest().chars().next() else { return };
        self.at += 1;
        let mut value = String::new();
        loop {
            let rest = self.rest();
            let end = rest.find([quote, '\\', '\n', '\r']).unwrap_or(rest.len());
            value.push_str(&rest[..end]);
            self.at += end;
            match self.rest().chars().next() {
                Some('\\') => self.escape(&mut value),
                Some(c) if c == quote => break,
                _ => return self.unclosed(start, quote, value, hidden),
            }
        }
        self.at += 1;
        self.push(TokenKind::String { value, hidden }, start);
    }

    /// The string ends with its line: reported, and the rest of the query is read as usual.
    fn unclosed(&mut self, start: usize, quote: char, value: String, hidden: bool) {
        let message = "this string does not end".to_owned();
        let help = format!("add the closing `{quote}`; text of several lines goes into ```…```");
        self.report(codes::UNCLOSED_STRING, start, message, Some(help));
        self.push(TokenKind::String { value, hidden }, start);
    }

    /// One escape, its backslash at the present place.
    fn escape(&mut self, value: &mut String) {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.rest().chars().next() else { return };
        if c == '\n' || c == '\r' {
            return;
        }
        self.at += c.len_utf8();
        let plain = match c {
            '\\' | '"' | '\'' => c,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '0'..='7' => return self.octal(c, value),
            'x' => return self.coded(start, 2, value),
            'u' => return self.coded(start, 4, value),
            'U' => return self.coded(start, 8, value),
            _ => {
                let message = format!("`\\{c}` is no escape");
                let help = "write `\\\\` for a backslash, or a verbatim string `@'…'`".to_owned();
                self.repaired.push(Span::new(start, self.at));
                self.report(codes::BAD_ESCAPE, start, message, Some(help));
                value.push('\\');
                c
            }
        };
        value.push(plain);
    }

    fn octal(&mut self, first: char, value: &mut String) {
        let mut code = first.to_digit(8).unwrap_or(0);
        let digits_max = if code <= 3 { 3 } else { 2 };
        for _ in 1..digits_max {
            match self.rest().chars().next().and_then(|c| c.to_digit(8)) {
                Some(digit) => code = code * 8 + digit,
                None => break,
            }
            self.at += 1;
        }
        value.extend(char::from_u32(code));
    }

    /// `\xHH`, `\uHHHH` (also a surrogate pair of two) or `\UHHHHHHHH`.
    fn coded(&mut self, start: usize, digits: usize, value: &mut String) {
        let Some(mut code) = self.hex_digits(digits) else {
            return self.bad_code(start, digits);
        };
        if (0xD800..0xDC00).contains(&code) && self.rest().starts_with("\\u") {
            self.at += 2;
            match self.hex_digits(4) {
                Some(low) if (0xDC00..0xE000).contains(&low) => {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                }
                _ => return self.bad_code(start, digits),
            }
        }
        match char::from_u32(code) {
            Some(c) => value.push(c),
            None => self.bad_code(start, digits),
        }
    }

    fn hex_digits(&mut self, count: usize) -> Option<u32> {
        let text = self.rest().get(..count)?;
        let code = text.bytes().all(|b| b.is_ascii_hexdigit()).then_some(text)?;
        self.at += count;
        u32::from_str_radix(code, 16).ok()
    }

    fn bad_code(&mut self, start: usize, digits: usize) {
        let text = self.text[start..self.at].to_owned();
        let message = format!("`{text}` is no escape");
        let help = format!("it takes {digits} hexadecimal digits that name a character");
        self.repaired.push(Span::new(start, self.at));
        self.report(codes::BAD_ESCAPE, start, message, Some(help));
    }
}
