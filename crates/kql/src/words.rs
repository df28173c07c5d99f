//! What a text names, told by its tokens alone: it works on every text, finished or not.
//!
//! Invariant: no meaning is looked up. A name may be a column, a table or a function; whoever asks
//! knows which ones matter.

use std::collections::BTreeSet;

use crate::lexer::{Token, TokenKind, lex};

/// Every name of the text, names in brackets and quotes included. Other strings and comments are
/// not looked at.
pub fn names(text: &str) -> BTreeSet<String> {
    let tokens = lex(text).tokens;
    (0..tokens.len()).filter_map(|at| name(text, &tokens, at)).map(str::to_owned).collect()
}

/// Whether `wanted` is among the [`names`].
pub fn has_name(text: &str, wanted: &str) -> bool {
    // Nearly every text is told without looking at its tokens.
    text.contains(wanted) && names(text).contains(wanted)
}

/// Whether a `where` (or `filter`) of the text tests a name that `is_time`: who writes so chose
/// the time of the rows.
pub fn filters_by(text: &str, is_time: impl Fn(&str) -> bool) -> bool {
    let tokens = lex(text).tokens;
    let is_where = |at: &usize| {
        let follows_pipe = at.checked_sub(1).is_some_and(|before| is_symbol(&tokens[before], "|"));
        follows_pipe && matches!(word(text, &tokens[*at]), "where" | "filter")
    };
    (0..tokens.len()).filter(is_where).any(|at| {
        predicate(&tokens, at + 1).any(|at| name(text, &tokens, at).is_some_and(&is_time))
    })
}

/// The places of the tokens from `start` up to where an operator ends: the next `|` or `;` or the
/// bracket around it.
fn predicate(tokens: &[Token], start: usize) -> impl Iterator<Item = usize> {
    let mut depth = 0usize;
    (start..tokens.len()).take_while(move |at| match tokens[*at].kind {
        TokenKind::Symbol("(" | "[" | "{") => {
            depth += 1;
            true
        }
        TokenKind::Symbol(")" | "]" | "}") if depth == 0 => false,
        TokenKind::Symbol(")" | "]" | "}") => {
            depth -= 1;
            true
        }
        TokenKind::Symbol("|" | ";") => depth > 0,
        TokenKind::End => false,
        _ => true,
    })
}

/// The name the token at this place is, if it is one: a word, or a string in brackets of its own.
fn name<'a>(text: &'a str, tokens: &'a [Token], at: usize) -> Option<&'a str> {
    let token = tokens.get(at)?;
    match &token.kind {
        TokenKind::Name => Some(word(text, token)),
        TokenKind::String { value, .. } => {
            let opens = at.checked_sub(1).is_some_and(|before| is_symbol(&tokens[before], "["));
            let closes = tokens.get(at + 1).is_some_and(|next| is_symbol(next, "]"));
            (opens && closes).then_some(value)
        }
        _ => None,
    }
}

fn word<'a>(text: &'a str, token: &Token) -> &'a str {
    text.get(token.span.start..token.span.end).unwrap_or("")
}

fn is_symbol(token: &Token, symbol: &str) -> bool {
    matches!(token.kind, TokenKind::Symbol(found) if found == symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_by_time_is_found_wherever_it_stands() {
        for (text, wanted) in [
            ("requests | where timestamp > ago(1d)", true),
            ("requests\n| filter name == 'a' and timestamp between (a .. b) | count", true),
            ("requests | where ['timestamp'] > ago(1d)", true),
            ("let T = requests | where timestamp > ago(1d); T | count", true),
            ("requests | where id in ((traces | where timestamp > ago(1d) | project id))", true),
            ("requests | where name == 'timestamp'", false),
            ("requests | where name == 'a' | extend t = timestamp", false),
            ("requests | summarize count() by bin(timestamp, 1h)", false),
            ("requests // | where timestamp > ago(1d)\n| count", false),
            ("timestamp | where", false),
            ("| where (timestamp", true),
            ("", false),
        ] {
            assert_eq!(filters_by(text, |name| name == "timestamp"), wanted, "{text}");
        }
    }

    #[test]
    fn names_are_words_and_quoted_names() {
        let found = names("T | where ['a b'] == now() and x == 'now' // ago\n| take 5");
        let wanted = ["T", "a b", "now", "take", "where", "x", "and"];
        assert_eq!(found, wanted.into_iter().map(str::to_owned).collect());
    }
}
