//! Query text to tokens (spec kql.md §2).
//!
//! Invariants: never fails; tokens are in order, do not overlap, lie on character boundaries, and
//! the last one is [`TokenKind::End`]. Keywords are plain names: what a word means depends on its
//! place, which only the parser knows. Typed literals (`datetime(…)`, `int(…)`) are one token,
//! because their bodies are not made of tokens.

mod number;
mod string;
mod typed;

pub(crate) use typed::is_distant_moment;

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::parser::DIAGNOSTICS_MAX;
use crate::syntax::Literal;

#[derive(Debug, Clone, PartialEq)]
pub enum TokenKind {
    /// A word, a digit-led name included; its text is the text of its span.
    Name,
    String {
        value: String,
        hidden: bool,
    },
    /// A number, timespan or typed literal.
    Literal(Literal),
    /// Punctuation, and the operators that are written with `!` or `~` and a word: `!in`, `in~`.
    Symbol(&'static str),
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// Symbols of several characters. Longest first, so that the first match is the right one.
const LONG_SYMBOLS: &[&str] = &[
    "!contains_cs",
    "!startswith_cs",
    "!hasprefix_cs",
    "!hassuffix_cs",
    "!endswith_cs",
    "!startswith",
    "!hasprefix",
    "!hassuffix",
    "!contains",
    "!endswith",
    "!between",
    "!has_cs",
    "!has",
    "!in~",
    "!in",
    "=~",
    "!~",
    "==",
    "!=",
    "<>",
    "<=",
    ">=",
    "=>",
    "&&",
    "..",
];

/// The symbol of one character.
fn short_symbol(c: char) -> Option<&'static str> {
    Some(match c {
        '(' => "(",
        ')' => ")",
        '[' => "[",
        ']' => "]",
        '{' => "{",
        '}' => "}",
        ',' => ",",
        ';' => ";",
        '|' => "|",
        '.' => ".",
        ':' => ":",
        '=' => "=",
        '<' => "<",
        '>' => ">",
        '+' => "+",
        '-' => "-",
        '*' => "*",
        '/' => "/",
        '%' => "%",
        '@' => "@",
        '!' => "!",
        '?' => "?",
        '~' => "~",
        _ => return None,
    })
}

/// A text as tokens.
pub struct Lexed {
    /// Ends with `End`.
    pub tokens: Vec<Token>,
    pub diagnostics: Vec<Diagnostic>,
    /// Places of findings whose meaning is clear all the same: a token stands for it, or none is
    /// needed.
    pub repaired: Vec<Span>,
}

/// All tokens of `text`, with what could not be read.
pub fn lex(text: &str) -> Lexed {
    let (tokens, diagnostics, repaired) = (Vec::new(), Vec::new(), Vec::new());
    let mut lexer = Lexer { text, at: 0, tokens, diagnostics, repaired };
    while lexer.at < text.len() {
        lexer.step();
    }
    lexer.push(TokenKind::End, text.len());
    let Lexer { tokens, diagnostics, repaired, .. } = lexer;
    Lexed { tokens, diagnostics, repaired }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    diagnostics: Vec<Diagnostic>,
    repaired: Vec<Span>,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// White space as KQL knows it: also the zero-width and no-break characters that come with
/// text pasted from web pages.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{180e}')
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// A token from `start` to the present place.
    fn push(&mut self, kind: TokenKind, start: usize) {
        self.tokens.push(Token { kind, span: Span::new(start, self.at) });
    }

    fn report(&mut self, code: &'static str, start: usize, message: String, help: Option<String>) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            let mut finding = Diagnostic::new(code, Span::new(start, self.at), message);
            finding.help = help;
            self.diagnostics.push(finding);
        }
    }

    fn step(&mut self) {
        let Some(c) = self.rest().chars().next() else { return };
        if is_space(c) {
            self.at += c.len_utf8();
        } else if self.rest().starts_with("/*") || c == '#' {
            self.foreign_comment(c);
        } else if self.rest().starts_with("//") {
            self.at += self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
        } else if self.string() {
            // The string pushed itself.
        } else if c.is_ascii_digit() {
            self.number();
        } else if c.is_ascii_alphabetic() || c == '_' || c == '$' {
            self.word();
        } else {
            self.symbol(c);
        }
    }

    /// `# …` and `/* … */`: passed over and reported.
    fn foreign_comment(&mut self, first: char) {
        let start = self.at;
        let (end, close) = if first == '#' { ("\n", 0) } else { ("*/", 2) };
        let rest = self.rest();
        self.at += rest.find(end).map_or(rest.len(), |at| at + close);
        let mark = if first == '#' { "#" } else { "/*" };
        let help = Some("a comment starts with `//` and ends with the line".to_owned());
        let finding_end = start + mark.len();
        let end = std::mem::replace(&mut self.at, finding_end);
        self.repaired.push(Span::new(start, self.at));
        self.report(codes::BAD_CHARACTER, start, format!("unexpected `{mark}`"), help);
        self.at = end;
    }

    fn word(&mut self) {
        let start = self.at;
        self.at += 1;
        while self.byte(0).is_some_and(is_word) {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        if word == "in" && self.byte(0) == Some(b'~') {
            self.at += 1;
            self.push(TokenKind::Symbol("in~"), start);
            return;
        }
        if self.typed_literal(start, word) {
            return;
        }
        let kind = match word {
            "true" | "True" | "TRUE" => TokenKind::Literal(Literal::Bool(true)),
            "false" | "False" | "FALSE" => TokenKind::Literal(Literal::Bool(false)),
            _ => TokenKind::Name,
        };
        self.push(kind, start);
    }

    fn symbol(&mut self, c: char) {
        let start = self.at;
        let rest = self.rest();
        let matches = |symbol: &&&str| {
            let whole_word = !symbol.ends_with(|c: char| c.is_ascii_alphabetic())
                || !rest.as_bytes().get(symbol.len()).copied().is_some_and(is_word);
            rest.starts_with(**symbol) && whole_word
        };
        let long = matches!(c, '!' | '=' | '<' | '>' | '&' | '.');
        let found = if long { LONG_SYMBOLS.iter().find(matches).copied() } else { None };
        if let Some(symbol) = found.or_else(|| short_symbol(c)) {
            self.at += symbol.len();
            self.push(TokenKind::Symbol(symbol), start);
            return;
        }
        self.at += c.len_utf8();
        if c.is_alphabetic() {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            self.at += self.rest().find(|c| !word(c)).unwrap_or(self.rest().len());
        }
        let text = &self.text[start..self.at];
        let help = match c {
            '“' | '”' | '„' | '‘' | '’' => Some("use straight quotes, `\"` or `'`"),
            '–' | '—' | '−' => Some("use the plain minus `-`"),
            '\\' => Some("a backslash has a meaning in strings only"),
            _ if c.is_alphabetic() => Some("names with other letters are written `['name']`"),
            _ => None,
        };
        let message = format!("unexpected `{text}`");
        self.report(codes::BAD_CHARACTER, start, message, help.map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        let Lexed { tokens, diagnostics, .. } = lex(text);
        assert_eq!(diagnostics, [], "{text}");
        tokens[..tokens.len() - 1].iter().map(|t| &text[t.span.start..t.span.end]).collect()
    }

    #[test]
    fn words_numbers_and_symbols_are_told_apart() {
        for (text, want) in [
            ("a-b", vec!["a", "-", "b"]),
            ("project-away x", vec!["project", "-", "away", "x"]),
            ("2xx=1", vec!["2xx", "=", "1"]),
            ("1..5", vec!["1", "..", "5"]),
            ("1.5..2.5", vec!["1.5", "..", "2.5"]),
            ("x !in~ (1)", vec!["x", "!in~", "(", "1", ")"]),
            ("x in~(1)", vec!["x", "in~", "(", "1", ")"]),
            ("x !has_cs y", vec!["x", "!has_cs", "y"]),
            ("x!=y", vec!["x", "!=", "y"]),
            ("a //b\nc", vec!["a", "c"]),
            ("datetime (2024-01-02 03:04)", vec!["datetime (2024-01-02 03:04)"]),
            ("h'x'@\"y\"", vec!["h'x'", "@\"y\""]),
            ("$left.a", vec!["$left", ".", "a"]),
            ("\u{feff}a\u{a0}b", vec!["a", "b"]),
            ("5microsecond", vec!["5microsecond"]),
            ("0xFFg", vec!["0xFFg"]),
        ] {
            assert_eq!(texts(text), want, "{text}");
        }
    }
}
