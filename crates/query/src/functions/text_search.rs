//! Finding a needle in many texts: exact or ignoring case, anywhere or at term boundaries.
//!
//! Invariant: no regular expression, no allocation per text as long as needle and text are ASCII.
//! A term is a run of Unicode letters and digits; `_` is a boundary (spec kql.md §5).

use memchr::memmem;

/// Where in a text the needle must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Anywhere,
    Start,
    End,
    /// Bounded on both sides (`has`).
    Term,
    /// Bounded on the left (`hasprefix`).
    TermStart,
    /// Bounded on the right (`hassuffix`).
    TermEnd,
}

/// A needle, prepared once for many texts.
pub struct Needle<'n> {
    pub(super) place: Place,
    pub(super) text: &'n str,
    pub(super) search: Search<'n>,
}

pub(super) enum Search<'n> {
    Exact(Box<memmem::Finder<'n>>),
    /// ASCII ignoring case: the lower-case needle, the byte looked for and its place.
    Ascii {
        lower: Vec<u8>,
        rare: usize,
    },
    /// Other scripts: both sides are lower-cased.
    Folded(String),
}

impl<'n> Needle<'n> {
    pub fn new(text: &'n str, place: Place, case_sensitive: bool) -> Needle<'n> {
        let search = if case_sensitive {
            Search::Exact(Box::new(memmem::Finder::new(text.as_bytes())))
        } else if text.is_ascii() {
            let lower = text.to_ascii_lowercase().into_bytes();
            let rare = rarest(&lower);
            Search::Ascii { lower, rare }
        } else {
            Search::Folded(text.to_lowercase())
        };
        Needle { place, text, search }
    }

    /// Whether `text` holds the needle where it must lie.
    pub fn is_in(&self, text: &str) -> bool {
        match &self.search {
            Search::Exact(finder) => self.exact(finder, text),
            Search::Ascii { lower, rare } => self.ascii(lower, *rare, text),
            Search::Folded(lower) => {
                let folded = text.to_lowercase();
                let needle = Needle::new(lower, self.place, true);
                needle.is_in(&folded)
            }
        }
    }

    fn exact(&self, finder: &memmem::Finder<'_>, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self.place {
            Place::Start => text.starts_with(self.text),
            Place::End => text.ends_with(self.text),
            Place::Anywhere => finder.find(bytes).is_some(),
            _ => {
                let mut from = 0;
                while let Some(at) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
                    if self.bounded(text, from + at) {
                        return true;
                    }
                    from += at + 1;
                }
                false
            }
        }
    }

    fn ascii(&self, lower: &[u8], rare: usize, text: &str) -> bool {
        let bytes = text.as_bytes();
        if lower.len() > bytes.len() {
            return false;
        }
        let same = |at: usize| {
            bytes.get(at..at + lower.len()).is_some_and(|part| part.eq_ignore_ascii_case(lower))
        };
        match self.place {
            Place::Start => return same(0),
            Place::End => return same(bytes.len() - lower.len()),
            _ if lower.is_empty() => return true,
            _ => {}
        }
        // The rare byte of a match lies in this window.
        let last = bytes.len() - lower.len() + rare;
        let window = &bytes[rare..=last];
        let found =
            |at: usize| same(at) && (self.place == Place::Anywhere || self.bounded(text, at));
        let byte = lower[rare];
        if byte.is_ascii_alphabetic() {
            memchr::memchr2_iter(byte, byte.to_ascii_uppercase(), window).any(found)
        } else {
            memchr::memchr_iter(byte, window).any(found)
        }
    }

    /// Whether the needle found at byte `at` has the boundaries its place asks for. A boundary is
    /// only asked for at an end of the needle that is itself a term character.
    pub(super) fn bounded(&self, text: &str, at: usize) -> bool {
        let end = at + self.text.len();
        let left = matches!(self.place, Place::Term | Place::TermStart);
        let right = matches!(self.place, Place::Term | Place::TermEnd);
        let open = |inner: Option<char>, outer: Option<char>| {
            !inner.is_some_and(is_term) || !outer.is_some_and(is_term)
        };
        (!left || open(self.text.chars().next(), before(text, at)))
            && (!right || open(self.text.chars().next_back(), after(text, end)))
    }
}

fn before(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at.wrapping_sub(1)) {
        Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
        _ => text.get(..at)?.chars().next_back(),
    }
}

fn after(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
        _ => text.get(at..)?.chars().next(),
    }
}

fn is_term(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { c.is_alphanumeric() }
}

/// The place of the byte that is likely the rarest in telemetry texts.
fn rarest(lower: &[u8]) -> usize {
    const COMMON_LAST: &[u8] = b"qzjxkvwybfgpumhd0123456789lcnsr/.-:_oiate ";
    let rank = |byte: &u8| COMMON_LAST.iter().position(|c| c == byte).unwrap_or(0);
    lower.iter().enumerate().min_by_key(|(_, byte)| rank(byte)).map_or(0, |(at, _)| at)
}
