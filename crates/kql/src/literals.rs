//! Query text without its literals: what may be written down about a query.
//!
//! Invariant: no part of a literal is ever written. A text whose tokens or syntax are broken is
//! written only up to the place where a literal could have gone wrong, as names may be its pieces.

use crate::lexer::{Lexed, Token, TokenKind, lex};
use crate::parser::{ParseLimits, parse_within};

/// Longest text written, in bytes; what is cut off is marked by `…`.
pub const WITHOUT_LITERALS_BYTES_MAX: usize = 4096;

/// Longest text read, in bytes: of a longer one only the beginning counts.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// Deeper nesting counts as broken: this runs where stacks are small.
const DEPTH_MAX: usize = 100;

/// The text on one line with every literal replaced by `?`: strings, numbers, times, flags, all of
/// `dynamic(…)`. Comments are left out.
pub fn without_literals(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or("");
    let Lexed { tokens, diagnostics, .. } = lex(text);
    let limits = ParseLimits { depth_max: DEPTH_MAX, ..ParseLimits::default() };
    let is_broken = !diagnostics.is_empty() || !parse_within(text, limits).diagnostics.is_empty();
    let first_finding = diagnostics.iter().map(|d| d.span.start).min().unwrap_or(usize::MAX);
    let mut writer = Writer { text, out: String::new(), end: 0 };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let is_text = matches!(token.kind, TokenKind::String { .. });
        if token.kind == TokenKind::End || (is_broken && is_text) {
            break;
        }
        if token.span.start >= first_finding || token.span.end > first_finding {
            break;
        }
        at += 1;
        match &token.kind {
            TokenKind::Symbol(symbol) => writer.put(token, symbol),
            TokenKind::Name if word(text, token).starts_with(|c: char| c.is_ascii_digit()) => {
                writer.put(token, "?");
            }
            TokenKind::Name => writer.put(token, word(text, token)),
            _ => writer.put(token, "?"),
        }
        let opens = tokens.get(at).is_some_and(|next| next.kind == TokenKind::Symbol("("));
        if opens && token.kind == TokenKind::Name && word(text, token) == "dynamic" {
            let Some(length) = bracketed(&tokens[at..]).filter(|_| !is_broken) else { break };
            writer.out.push_str("(?)");
            at += length;
            writer.end = tokens[at - 1].span.end;
        }
        if writer.out.len() > WITHOUT_LITERALS_BYTES_MAX {
            break;
        }
    }
    writer.finish()
}

fn word<'a>(text: &'a str, token: &Token) -> &'a str {
    text.get(token.span.start..token.span.end).unwrap_or("")
}

/// How many tokens from an opening bracket to the one that closes it.
fn bracketed(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Symbol("(" | "[" | "{") => depth += 1,
            TokenKind::Symbol(")" | "]" | "}") => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(i + 1);
        }
    }
    None
}

struct Writer<'a> {
    text: &'a str,
    out: String,
    /// Where the last token written ended.
    end: usize,
}

impl Writer<'_> {
    /// Writes a token, one space before it where there was a gap.
    fn put(&mut self, token: &Token, text: &str) {
        let is_apart = self.text.get(self.end..token.span.start).is_some_and(|gap| !gap.is_empty());
        if is_apart && !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(text);
        self.end = token.span.end;
    }

    fn finish(mut self) -> String {
        if self.out.len() > WITHOUT_LITERALS_BYTES_MAX {
            self.out.truncate(self.out.floor_char_boundary(WITHOUT_LITERALS_BYTES_MAX));
            self.out.push('…');
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_become_question_marks() {
        for (text, want) in [
            ("traces | where message has 'secret'", "traces | where message has ?"),
            ("traces | take 10", "traces | take ?"),
            ("x\n  | where a==-1.5e3", "x | where a==-?"),
            ("x | where t > ago(1.5h) // of Ann\n| count", "x | where t > ago(?) | count"),
            ("print datetime(2024-01-02), timespan(1.02:03)", "print ?, ?"),
            ("print guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", "print ?"),
            ("print dynamic({\"a\":[1,{'b':'secret'}]}), 1", "print dynamic(?), ?"),
            ("print h'token', H\"t\", h@'t'", "print ?, ?, ?"),
            ("print @'C:\\secret\\', @\"a\"\"b\"", "print ?, ?"),
            ("print ```two\nlines 'of' it```, ~~~x~~~", "print ?, ?"),
            ("print 'it\\'s', \"a // b\"", "print ?, ?"),
            ("x | where a in (1, 'b', true, null)", "x | where a in (?, ?, ?, null)"),
            ("x | project ['my column'], d['k'].v", "x | project [?], d[?].v"),
            ("let n = 5; x | take n", "let n = ?; x | take n"),
            ("datatable(a:string)['x','y']", "datatable(a:string)[?,?]"),
            ("x | parse m with 'id=' id:long ' '", "x | parse m with ? id:long ?"),
            ("x | where 2xx == 1", "x | where ? == ?"),
            ("print 0xFF, real(nan), int(null)", "print ?, ?, ?"),
            (".show tables", ".show tables"),
            ("", ""),
        ] {
            assert_eq!(without_literals(text), want, "{text}");
        }
    }

    #[test]
    fn of_broken_text_only_the_safe_start_is_written() {
        for (text, want) in [
            ("x | where a == 'it's secret'", "x | where a =="),
            ("x | where a == \"open", "x | where a =="),
            ("x | where a == 'b' and c ==", "x | where a =="),
            ("x | where a == “secret”", "x | where a =="),
            ("x | where a == 1 # secret", "x | where a == ?"),
            ("x | where t > datetime(secret", "x | where t >"),
            ("x | where t > datetime(secret)", "x | where t >"),
            ("print dynamic({secret", "print dynamic"),
            ("print 'a' 'b' c d", "print"),
            ("x | where a == 99999999999999999999 or b", "x | where a =="),
            ("/* secret */ x", ""),
            ("geheim€ | x", "geheim"),
        ] {
            assert_eq!(without_literals(text), want, "{text}");
        }
    }

    #[test]
    fn long_texts_are_cut() {
        for text in [
            format!("x | where {}1", "a == 1 or ".repeat(1000)),
            format!("x{}", " | where a == 1".repeat(100_000)),
        ] {
            let written = without_literals(&text);
            assert!(written.len() <= WITHOUT_LITERALS_BYTES_MAX + '…'.len_utf8());
            assert!(written.ends_with('…'));
        }
    }

    #[test]
    fn deep_nesting_is_written_up_to_its_first_string() {
        let text = format!("x | where {}1{} == 'secret'", "(".repeat(1000), ")".repeat(1000));
        let written = without_literals(&text);
        assert!(written.ends_with("==") && !written.contains("secret"), "{written}");
    }
}
