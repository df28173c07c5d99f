//! What happens to texts before they are drawn: cleaning, trimming, cutting, letter case, escapes.

use std::borrow::Cow;

/// Most characters of a label or message outside of compatible mode.
pub const TEXT_CHARS_MAX: usize = 256;

/// White space as the original's language has it: U+0085 is none, U+FEFF is.
pub(super) fn is_space(c: char) -> bool {
    (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}'
}

/// What XML 1.0 §2.2 admits.
pub(super) fn is_xml(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// `text` without what XML does not admit, trimmed, and cut to the limit with a `…`.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    let clean: Cow<'_, str> = match text.chars().all(is_xml) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.chars().filter(|c| is_xml(*c)).collect()),
    };
    let trimmed = clean.trim_matches(is_space);
    match trimmed.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", trimmed.get(..end).unwrap_or_default())),
        None if trimmed.len() == text.len() => Cow::Borrowed(text),
        None => Cow::Owned(trimmed.to_owned()),
    }
}

/// The first letter in upper case. The original looks at one UTF-16 unit: letters outside of the
/// Basic Multilingual Plane stay as they are.
pub(super) fn capitalised(text: &str) -> Cow<'_, str> {
    let mut rest = text.chars();
    match rest.next() {
        Some(first) if first.len_utf16() == 1 => {
            let upper: String = first.to_uppercase().collect();
            match text.starts_with(upper.as_str()) && upper.chars().count() == 1 {
                true => Cow::Borrowed(text),
                false => Cow::Owned(upper + rest.as_str()),
            }
        }
        _ => Cow::Borrowed(text),
    }
}

/// Appends `text` with the five characters escaped that mean something in XML.
pub(super) fn escape(out: &mut String, text: &str) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&apos;",
            _ => continue,
        };
        out.push_str(text.get(from..at).unwrap_or_default());
        out.push_str(entity);
        from = at + 1;
    }
    out.push_str(text.get(from..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_texts_hold_what_xml_admits_and_end_at_the_limit() {
        assert_eq!(safe(" a\u{7}\tb\u{ffff}\0 \u{feff}"), "a\tb");
        assert_eq!(safe("\u{1} \u{2}x"), "x");
        assert_eq!(safe("\u{85}"), "\u{85}");
        let long = "é".repeat(256);
        assert_eq!(safe(&long), long);
        assert_eq!(safe(&format!("{long}é")), format!("{long}…"));
    }

    #[test]
    fn first_letters_are_capitalised_as_utf16_sees_them() {
        assert_eq!(capitalised("éclair"), "Éclair");
        assert_eq!(capitalised("ßa"), "SSa");
        assert_eq!(capitalised("\u{10428}x"), "\u{10428}x");
        assert_eq!(capitalised("A"), "A");
        assert_eq!(capitalised(""), "");
    }
}
