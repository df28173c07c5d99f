//! Colours and other sequences for terminals, taken out of a text.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';

/// The text without sequences of ECMA-48: `ESC [ … letter`, `ESC ] … BEL`, `ESC x`.
pub fn strip(text: &str) -> Cow<'_, str> {
    if !text.contains(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != ESCAPE {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('[') => {
                // Parameters and intermediates stand below `@`, the final byte at or above it.
                let _ = chars.by_ref().find(|c| ('@'..='~').contains(c));
            }
            Some(']') => {
                let mut previous = ' ';
                for c in chars.by_ref() {
                    if c == '\u{7}' || (previous == ESCAPE && c == '\\') {
                        break;
                    }
                    previous = c;
                }
            }
            // Sequences of one intermediate and a final byte, such as the choice of a charset.
            Some('(' | ')' | '#') => {
                let _ = chars.next();
            }
            _ => {}
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_taken_out_and_nothing_else() {
        for (text, want) in [
            ("plain", "plain"),
            ("\u{1b}[1;31merror\u{1b}[0m: x", "error: x"),
            ("\u{1b}]8;;https://x\u{1b}\\link\u{1b}]8;;\u{7}!", "link!"),
            ("a\u{1b}(Bb\u{1b}Mc", "abc"),
            ("cut \u{1b}[31", "cut "),
            ("cut \u{1b}", "cut "),
        ] {
            assert_eq!(strip(text), want);
        }
    }
}
