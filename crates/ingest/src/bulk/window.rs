//! The part of a file that is in memory: grows until one whole record fits, never beyond a limit.

use std::io::{ErrorKind, Read, Result};

/// Bytes read first: a request of a few rows takes no more.
const FIRST: usize = 16 * 1024;
/// Bytes read at once, when there are so many.
const CHUNK: usize = 256 * 1024;

/// A moving window over the bytes of a reader.
#[derive(Debug)]
pub struct Window<R> {
    reader: R,
    bytes: Vec<u8>,
    /// What lies before was consumed.
    start: usize,
    end: usize,
    is_end: bool,
    /// Longest window, in bytes.
    bytes_max: usize,
    /// Line of the first byte, from 1.
    line: u64,
}

impl<R: Read> Window<R> {
    pub fn new(reader: R, bytes_max: usize) -> Window<R> {
        Window { reader, bytes: Vec::new(), start: 0, end: 0, is_end: false, bytes_max, line: 1 }
    }

    /// What was read and not consumed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// As [`Window::bytes`], to be changed in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// Whether nothing follows [`Window::bytes`].
    pub fn is_end(&self) -> bool {
        self.is_end
    }

    pub fn line(&self) -> u64 {
        self.line
    }

    /// Passes over `count` bytes with `lines` line breaks among them.
    pub fn consume(&mut self, count: usize, lines: u64) {
        self.start = self.end.min(self.start + count);
        self.line += lines;
    }

    /// Reads on; false when the window is full and nothing could be read.
    ///
    /// # Errors
    /// When the reader fails.
    pub fn fill(&mut self) -> Result<bool> {
        if self.is_end {
            return Ok(true);
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let is_full = self.end == self.bytes.len();
        if is_full || self.bytes.len() < CHUNK {
            let larger = (self.bytes.len() * 2).max(FIRST).min(self.bytes_max);
            if larger > self.bytes.len() {
                self.bytes.resize(larger, 0);
            } else if is_full {
                return Ok(false);
            }
        }
        loop {
            match self.reader.read(&mut self.bytes[self.end..]) {
                Ok(0) => self.is_end = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_moves_over_the_bytes_and_stops_growing_at_its_limit() {
        let bytes: Vec<u8> = (0..FIRST + 10).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let mut window = Window::new(bytes.as_slice(), FIRST);
        assert!(window.bytes().is_empty() && window.fill().unwrap());
        assert_eq!(window.bytes(), &bytes[..FIRST]);
        assert!(!window.fill().unwrap());
        window.consume(4, 2);
        assert!(window.fill().unwrap());
        assert_eq!(window.bytes(), &bytes[4..FIRST + 4]);
        window.consume(FIRST, 0);
        assert!(window.fill().unwrap() && window.fill().unwrap());
        assert_eq!(window.bytes(), &bytes[FIRST + 4..]);
        assert!(window.is_end() && window.line() == 3);
    }
}
