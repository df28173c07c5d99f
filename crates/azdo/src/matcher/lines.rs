//! Bytes that arrive in pieces, as lines.
//!
//! Invariant: at most [`LINE_BYTES_MAX`] bytes are held; the rest of a longer line is passed over
//! and the line counted, so that who reads can say so.

/// Bytes of a line that are looked at.
pub const LINE_BYTES_MAX: usize = 16 * 1_024;

#[derive(Debug, Default)]
pub struct Lines {
    partial: Vec<u8>,
    /// Whether more of the line came than is held.
    is_cut: bool,
    /// Lines of which only the beginning was looked at.
    pub cut: u64,
}

impl Lines {
    /// Calls `each` for every line that is complete now, without its line feed.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            bytes = rest.get(1..).unwrap_or_default();
            if self.partial.is_empty() && line.len() <= LINE_BYTES_MAX {
                each(line);
                continue;
            }
            self.hold(line);
            each(&self.partial);
            self.close();
        }
        if !bytes.is_empty() {
            self.hold(bytes);
        }
    }

    /// The output has ended: what has no line feed is a line, too.
    pub fn end(&mut self, mut each: impl FnMut(&[u8])) {
        if !self.partial.is_empty() {
            each(&self.partial);
            self.close();
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        let room = LINE_BYTES_MAX - self.partial.len();
        self.is_cut |= bytes.len() > room;
        self.partial.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn close(&mut self) {
        self.partial.clear();
        self.cut += u64::from(self.is_cut);
        self.is_cut = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let text = b"one\n\ntwo\r\nthree";
        for size in 1..=text.len() {
            let (mut lines, mut seen) = (Lines::default(), Vec::new());
            for piece in text.chunks(size) {
                lines.feed(piece, |line| seen.push(line.to_vec()));
            }
            lines.end(|line| seen.push(line.to_vec()));
            assert_eq!(seen, [&b"one"[..], b"", b"two\r", b"three"], "{size}");
            assert_eq!(lines.cut, 0);
        }
    }

    #[test]
    fn long_lines_are_cut_and_counted() {
        let mut lines = Lines::default();
        let mut lengths = Vec::new();
        let long = [vec![b'x'; 3 * LINE_BYTES_MAX], b"\nshort\n".to_vec()].concat();
        for piece in long.chunks(1_000) {
            lines.feed(piece, |line| lengths.push(line.len()));
        }
        lines.feed(&long, |line| lengths.push(line.len()));
        assert_eq!(lengths, [LINE_BYTES_MAX, 5, LINE_BYTES_MAX, 5]);
        assert_eq!(lines.cut, 2);
    }
}
