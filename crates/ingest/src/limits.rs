//! How long texts may be: counted in UTF-16 code units, the clients' "characters"
//! (spec ingestion.md §5.1).

use std::borrow::Cow;

/// Number of UTF-16 code units of `text`.
pub fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Whether `text` has at most `units_max` UTF-16 code units.
pub fn fits(text: &str, units_max: usize) -> bool {
    // A text never has more UTF-16 units than bytes.
    text.len() <= units_max || utf16_length(text) <= units_max
}

/// The longest start of `text` with at most `units_max` UTF-16 units that keeps no half of a
/// surrogate pair; the whole text when it fits.
pub fn cut(text: &str, units_max: usize) -> &str {
    if text.len() <= units_max {
        return text;
    }
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > units_max {
            return &text[..at];
        }
    }
    text
}

/// [`cut`] of a text that may be owned.
pub fn cut_cow(text: Cow<'_, str>, units_max: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(cut(text, units_max)),
        Cow::Owned(mut text) => {
            let keep = cut(&text, units_max).len();
            text.truncate(keep);
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_utf16_units_and_never_inside_a_pair() {
        for (text, units_max, want) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "abc"),
            ("ééé", 3, "ééé"),
            ("éééé", 3, "ééé"),
            ("a😀b", 4, "a😀b"),
            ("a😀b", 3, "a😀"),
            ("a😀b", 2, "a"),
            ("😀", 1, ""),
            ("x", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(cut(text, units_max), want, "{text} {units_max}");
            assert_eq!(cut_cow(Cow::Owned(text.to_owned()), units_max), want);
            assert_eq!(fits(text, units_max), text == want, "{text} {units_max}");
        }
    }
}
