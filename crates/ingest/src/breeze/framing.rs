//! Where the items of a body begin and end (spec ingestion.md §3).
//!
//! Invariants: the body decides, never its declared type; one broken line costs one item; memory
//! is bounded by the longest item allowed, not by the body.

use memchr::memchr_iter;

use crate::json::{Problem, Reader, Tape, Value, skip_space, skip_value};

/// One item of a body.
#[derive(Debug)]
pub(super) enum Framed<'t, 'a> {
    /// A JSON value and its length in bytes.
    Item(Value<'t, 'a>, usize),
    /// It could not be read.
    Broken(Problem),
}

/// Takes the items of one body in order. Framing may begin anew once, when it finds that the lines
/// of a body are not its items.
pub(super) trait Items {
    /// Forgets every item so far.
    fn restart(&mut self);
    /// Whether further items are only counted: they need not be read.
    fn is_full(&self) -> bool;
    /// An item beyond the full.
    fn count(&mut self);
    fn item(&mut self, item: Framed<'_, '_>);
}

/// Hands over the items of `text`; none may be longer than `bytes_max`.
pub(super) fn read(text: &str, bytes_max: usize, items: &mut impl Items) {
    let text = trim(text);
    if text.starts_with('[') {
        if read_array(text, bytes_max, items).is_none() {
            items.restart();
            items.item(Framed::Broken(Problem::Syntax));
        }
    } else {
        read_lines(text, bytes_max, items);
    }
}

/// The elements of an array; `None` when it is broken.
fn read_array(text: &str, bytes_max: usize, items: &mut impl Items) -> Option<()> {
    let bytes = text.as_bytes();
    let mut tape = Tape::default();
    let mut at = skip_space(bytes, 1);
    if bytes.get(at) == Some(&b']') {
        at += 1;
    } else {
        loop {
            at = skip_space(bytes, read_at(text, at, bytes_max, &mut tape, items)?);
            at += 1;
            match bytes.get(at - 1)? {
                b',' => at = skip_space(bytes, at),
                b']' => break,
                _ => return None,
            }
        }
    }
    (at == bytes.len()).then_some(())
}

/// The value at `at`; the position after it, `None` when there is none.
fn read_at<'a>(
    text: &'a str,
    at: usize,
    bytes_max: usize,
    tape: &mut Tape<'a>,
    items: &mut impl Items,
) -> Option<usize> {
    if items.is_full() {
        let end = skip_value(text.as_bytes(), at)?;
        items.count();
        return Some(end);
    }
    match Reader::new(text, at).read(tape, bytes_max) {
        Ok(end) => {
            items.item(Framed::Item(tape.root(), end - at));
            Some(end)
        }
        Err(Problem::Syntax) => None,
        Err(problem) => {
            let end = skip_value(text.as_bytes(), at)?;
            items.item(Framed::Broken(problem));
            Some(end)
        }
    }
}

/// One item per line that is not blank, or values one after the other when the lines are none.
fn read_lines(text: &str, bytes_max: usize, items: &mut impl Items) {
    let mut tape = Tape::default();
    let mut lines_decided = false;
    let mut start = 0;
    // The end of the last line is the end of the text.
    for end in memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
        let line = trim(&text[start..end]);
        start = end + 1;
        if line.is_empty() {
            continue;
        }
        if items.is_full() {
            items.count();
            continue;
        }
        match read_line(line, bytes_max, &mut tape) {
            Ok(()) => items.item(Framed::Item(tape.root(), line.len())),
            Err(problem) => {
                if problem == Problem::Syntax && !lines_decided {
                    if is_sequence(text) {
                        items.restart();
                        return read_sequence(text, bytes_max, items);
                    }
                    lines_decided = true;
                }
                items.item(Framed::Broken(problem));
            }
        }
    }
}

/// Reads a line that has to be one value and nothing else.
fn read_line<'a>(line: &'a str, bytes_max: usize, tape: &mut Tape<'a>) -> Result<(), Problem> {
    match Reader::new(line, 0).read(tape, bytes_max) {
        Ok(end) if end == line.len() => Ok(()),
        Ok(_) | Err(Problem::Syntax) => Err(Problem::Syntax),
        Err(problem) => match skip_value(line.as_bytes(), 0) {
            Some(end) if end == line.len() => Err(problem),
            _ => Err(Problem::Syntax),
        },
    }
}

/// Whether the whole text is values with nothing but white space between.
fn is_sequence(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let Some(end) = skip_value(bytes, at) else { return false };
        at = skip_space(bytes, end);
    }
    true
}

fn read_sequence(text: &str, bytes_max: usize, items: &mut impl Items) {
    let mut tape = Tape::default();
    let mut at = 0;
    while at < text.len() {
        let Some(end) = read_at(text, at, bytes_max, &mut tape, items) else {
            return items.item(Framed::Broken(Problem::Syntax));
        };
        at = skip_space(text.as_bytes(), end);
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen {
        items: Vec<String>,
        counted: usize,
        full_at: Option<usize>,
    }

    impl Items for Seen {
        fn restart(&mut self) {
            self.items.clear();
        }
        fn is_full(&self) -> bool {
            self.full_at.is_some_and(|full| self.items.len() >= full)
        }
        fn count(&mut self) {
            self.counted += 1;
        }
        fn item(&mut self, item: Framed<'_, '_>) {
            self.items.push(match item {
                Framed::Item(value, size_bytes) => format!("{} {size_bytes}", value.compact()),
                Framed::Broken(problem) => format!("{problem:?}"),
            });
        }
    }

    fn frame(text: &str) -> Vec<String> {
        let mut seen = Seen::default();
        read(text, 20, &mut seen);
        seen.items
    }

    #[test]
    fn every_framing_is_sniffed() {
        let deep = "[".repeat(99) + &"]".repeat(99);
        for (text, want) in [
            ("", vec![]),
            (" \r\n", vec![]),
            ("[]", vec![]),
            ("[ ] ", vec![]),
            ("[1, {\"a\" : 2}]", vec!["1 1", "{\"a\":2} 9"]),
            ("{}\n{\"a\":1}\r\n\n{}", vec!["{} 2", "{\"a\":1} 7", "{} 2"]),
            ("{\n \"a\": 1\n}", vec!["{\"a\":1} 11"]),
            ("{}{}\n{}", vec!["{} 2", "{} 2", "{} 2"]),
            ("{}\n{\n}\n{}", vec!["{} 2", "{} 3", "{} 2"]),
            ("{}\n{\"a\":\n{}", vec!["{} 2", "Syntax", "{} 2"]),
            ("hello\nworld", vec!["Syntax", "Syntax"]),
            ("[1,2", vec!["Syntax"]),
            ("[1,]", vec!["Syntax"]),
            ("[1] 2", vec!["Syntax"]),
            ("{}\n\"0123456789012345678901\"\n1", vec!["{} 2", "Size", "1 1"]),
            ("[\"0123456789012345678901\",1]", vec!["Size", "1 1"]),
            ("1 2\"0123456789012345678901\"", vec!["1 1", "2 1", "Size"]),
        ] {
            assert_eq!(frame(text), want, "{text}");
        }
        let mut seen = Seen::default();
        read(&format!("[{deep},1]"), 1000, &mut seen);
        read(&format!("{{}}\n{deep}\n1"), 1000, &mut seen);
        assert_eq!(seen.items, ["Depth", "1 1", "{} 2", "Depth", "1 1"]);
    }

    #[test]
    fn items_beyond_the_full_are_counted() {
        for text in ["1\n2\n3\nx", "[1,2,3,4]", "1 2 3 4"] {
            let mut seen = Seen { full_at: Some(2), ..Seen::default() };
            read(text, 20, &mut seen);
            assert_eq!((seen.items.len(), seen.counted), (2, 2), "{text}");
        }
    }
}
