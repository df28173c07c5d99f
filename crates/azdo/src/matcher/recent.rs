//! The last few lines of an output, for messages whose head is known only by what follows.

use std::borrow::Cow;

use super::strip;

const LINES: usize = 12;
/// Bytes of a line that are kept; heads are short.
const BYTES_MAX: usize = 1_024;

#[derive(Default)]
pub struct Recent {
    lines: [Vec<u8>; LINES],
    /// Where the next line goes.
    next: usize,
}

impl Recent {
    pub fn push(&mut self, raw: &[u8]) {
        if let Some(line) = self.lines.get_mut(self.next) {
            line.clear();
            line.extend_from_slice(raw.get(..BYTES_MAX).unwrap_or(raw));
        }
        self.next = (self.next + 1) % LINES;
    }

    /// The line `back` lines ago, 1 being the last, without ANSI sequences and white space at its
    /// end. Empty when there was none.
    pub fn back(&self, back: usize) -> String {
        let at = (self.next + LINES).checked_sub(back).map_or(0, |at| at % LINES);
        let raw = match back {
            1..=LINES => self.lines.get(at).map_or(&[][..], Vec::as_slice),
            _ => &[],
        };
        let text: Cow<'_, str> = String::from_utf8_lossy(raw);
        strip(&text).trim_end().to_owned()
    }

    /// All lines from the last one back.
    pub fn backwards(&self) -> impl Iterator<Item = String> + '_ {
        (1..=LINES).map(|back| self.back(back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_known() {
        let mut recent = Recent::default();
        assert_eq!(recent.back(1), "");
        for n in 0..30 {
            recent.push(format!("\u{1b}[1mline {n} \r").as_bytes());
        }
        assert_eq!(recent.back(1), "line 29");
        assert_eq!(recent.back(12), "line 18");
        assert_eq!(recent.back(13), "");
        recent.push(&[b'x'; 5_000]);
        assert_eq!(recent.back(1).len(), BYTES_MAX);
    }
}
