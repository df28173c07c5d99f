//! The words of an OData expression.

use super::{CHARS_MAX, Fault};
use crate::api::appinsights::properties::BAGS;
use crate::timespan::parse_duration;

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A name, keyword or property path, by its parts.
    Path(Vec<String>),
    Text(String),
    /// A whole number as it was written.
    Whole(i64),
    Real(f64),
    /// Nanoseconds since 1970.
    Time(i64),
    /// Nanoseconds.
    Span(i64),
    Open,
    Close,
    Comma,
    Slash,
}

/// A word and the character it starts at, from 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    pub token: Token,
    pub at: usize,
}

/// The words of `text`.
pub fn words(text: &str) -> Result<Vec<Word>, Fault> {
    let chars: Vec<char> = text.chars().take(CHARS_MAX + 1).collect();
    if chars.len() > CHARS_MAX {
        return Err(Fault::new(
            CHARS_MAX + 1,
            format!("the text is longer than {CHARS_MAX} characters"),
        ));
    }
    let mut lexer = Lexer { chars, at: 0 };
    let mut words = Vec::new();
    while let Some(word) = lexer.next()? {
        words.push(word);
    }
    Ok(words)
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take_while(&mut self, test: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&test) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    fn next(&mut self) -> Result<Option<Word>, Fault> {
        self.take_while(char::is_whitespace);
        let at = self.at + 1;
        let Some(c) = self.peek() else { return Ok(None) };
        let single = match c {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            ',' => Some(Token::Comma),
            '/' => Some(Token::Slash),
            _ => None,
        };
        let token = match single {
            Some(token) => {
                self.at += 1;
                token
            }
            None if c == '\'' => Token::Text(self.quoted()?),
            None if c.is_ascii_digit() || c == '-' => self.number(at)?,
            None if is_name(c) || c == '$' => self.path(at)?,
            None => return Err(Fault::new(at, format!("`{c}` has no meaning here"))),
        };
        Ok(Some(Word { token, at }))
    }

    /// A text in single quotes, where two stand for one.
    fn quoted(&mut self) -> Result<String, Fault> {
        let start = self.at + 1;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(Fault::new(start, "the text has no closing quote")),
                Some('\'') if self.chars.get(self.at + 1) == Some(&'\'') => {
                    text.push('\'');
                    self.at += 2;
                }
                Some('\'') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
    }

    /// A number or an instant; both start with a digit.
    fn number(&mut self, at: usize) -> Result<Token, Fault> {
        let text = self.take_while(|c| c.is_ascii_alphanumeric() || "-+.:".contains(c));
        if let Ok(whole) = text.parse() {
            return Ok(Token::Whole(whole));
        }
        let plain = text.strip_suffix(['L', 'l', 'F', 'f', 'D', 'd', 'M', 'm']).unwrap_or(&text);
        if let Ok(whole) = plain.parse() {
            return Ok(Token::Whole(whole));
        }
        if let Some(real) = plain.parse().ok().filter(|real: &f64| real.is_finite()) {
            return Ok(Token::Real(real));
        }
        match model::time::parse_datetime(&text) {
            Some(time) if text.len() >= "2024-01-01".len() => Ok(Token::Time(time)),
            _ => Err(Fault::new(at, format!("`{}` is no number and no time", shorten(&text)))),
        }
    }

    /// A name, a path, or a literal that starts with the name of its type.
    fn path(&mut self, at: usize) -> Result<Token, Fault> {
        let first = self.take_while(|c| is_name(c) || c == '$');
        if self.peek() == Some('\'') {
            let text = self.quoted()?;
            return literal(&first, text, at);
        }
        let mut parts = vec![first];
        while self.peek() == Some('/') {
            self.at += 1;
            let is_key = parts.len() == 1 && BAGS.contains(&parts[0].as_str());
            let part = match self.peek() {
                Some('\'') => self.quoted()?,
                // A key may contain whatever does not end a word.
                _ if is_key => self.take_while(|c| !c.is_whitespace() && !"(),'".contains(c)),
                _ => self.take_while(is_name),
            };
            if part.is_empty() {
                return Err(Fault::new(self.at + 1, "a property is missing after `/`"));
            }
            parts.push(part);
        }
        Ok(Token::Path(parts))
    }
}

fn literal(name: &str, text: String, at: usize) -> Result<Token, Fault> {
    let wrong = |what: &str| Fault::new(at, format!("`{}` is no {what}", shorten(&text)));
    match name {
        "duration" => parse_duration(&text).map(Token::Span).ok_or_else(|| wrong("duration")),
        "datetime" | "datetimeoffset" => {
            model::time::parse_datetime(&text).map(Token::Time).ok_or_else(|| wrong("time"))
        }
        "guid" => Ok(Token::Text(text)),
        _ => Err(Fault::new(at, format!("literals of type `{}` are not supported", shorten(name)))),
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A text of the caller as a message shows it.
pub fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}
