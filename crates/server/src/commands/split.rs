//! Files of envelopes to single items, streamed: JSON lines, arrays, values after each other.
//!
//! Invariant: holds one item at a time, never the file.

use std::io::{BufRead, ErrorKind, Result};

/// What of an item is beyond this is dropped; whoever reads the item refuses it.
const ITEM_BYTES_MAX: usize = 4 << 20;

/// How the items of a file stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Lines,
    /// In one array.
    Array,
    /// One after the other, each over several lines.
    Values,
}

/// The items of one file.
#[derive(Debug)]
pub struct Items<R> {
    reader: R,
    framing: Option<Framing>,
    is_done: bool,
}

impl<R: BufRead> Items<R> {
    pub fn new(reader: R) -> Items<R> {
        Items { reader, framing: None, is_done: false }
    }

    /// The next item's text on one line; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_item(&mut self) -> Result<Option<Vec<u8>>> {
        let framing = match self.framing {
            Some(framing) => framing,
            None => {
                let framing = self.sniff()?;
                *self.framing.insert(framing)
            }
        };
        while !self.is_done {
            let item = match framing {
                Framing::Lines => self.next_line()?,
                Framing::Array | Framing::Values => self.next_value(framing)?,
            };
            if !item.trim_ascii().is_empty() {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Looks at the first bytes, and takes the bracket of an array.
    fn sniff(&mut self) -> Result<Framing> {
        loop {
            let buffer = fill(&mut self.reader)?;
            if buffer.is_empty() {
                return Ok(Framing::Lines);
            }
            let is_space = |b: &&u8| b.is_ascii_whitespace() || b"\xef\xbb\xbf".contains(b);
            let spaces = buffer.iter().take_while(is_space).count();
            let rest = &buffer[spaces..];
            let framing = match rest.first() {
                None => None,
                Some(b'[') => Some(Framing::Array),
                Some(_) => {
                    let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
                    // A line that ends with a brace open starts a value over several lines; one
                    // that does not end within the buffer is only long.
                    let is_open = line.len() < rest.len() && balance(line) > 0;
                    Some(if is_open { Framing::Values } else { Framing::Lines })
                }
            };
            let bracket = usize::from(framing == Some(Framing::Array));
            self.reader.consume(spaces + bracket);
            if let Some(framing) = framing {
                return Ok(framing);
            }
        }
    }

    fn next_line(&mut self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let buffer = fill(&mut self.reader)?;
            if buffer.is_empty() {
                self.is_done = true;
                return Ok(line);
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let taken = end.unwrap_or(buffer.len());
            let room = ITEM_BYTES_MAX.saturating_sub(line.len());
            line.extend_from_slice(&buffer[..taken.min(room)]);
            self.reader.consume(taken + usize::from(end.is_some()));
            if end.is_some() {
                return Ok(line);
            }
        }
    }

    fn next_value(&mut self, framing: Framing) -> Result<Vec<u8>> {
        let mut item = Vec::new();
        let mut scan = Scan::default();
        loop {
            let buffer = fill(&mut self.reader)?;
            if buffer.is_empty() {
                self.is_done = true;
                return Ok(item);
            }
            let mut used = 0;
            let mut is_end = false;
            for byte in buffer {
                used += 1;
                let is_outside = scan.depth == 0 && !scan.is_string;
                if framing == Framing::Array && is_outside && matches!(byte, b',' | b']') {
                    self.is_done = *byte == b']';
                    is_end = true;
                    break;
                }
                scan.step(*byte);
                if item.len() < ITEM_BYTES_MAX {
                    // An item must stand on one line; a break inside a text is not JSON anyway.
                    item.push(if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte });
                }
                if framing == Framing::Values && scan.is_value_end(*byte) {
                    is_end = true;
                    break;
                }
            }
            self.reader.consume(used);
            if is_end {
                return Ok(item);
            }
        }
    }
}

/// Where in JSON text a scan is.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    is_string: bool,
    is_escaped: bool,
}

impl Scan {
    fn step(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.is_string => self.is_escaped = true,
            b'"' => self.is_string = !self.is_string,
            _ if self.is_string => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    /// Whether `byte`, the last step, closed a value.
    fn is_value_end(&self, byte: u8) -> bool {
        self.depth == 0 && !self.is_string && byte == b'}'
    }
}

/// Braces a line leaves open.
fn balance(line: &[u8]) -> usize {
    let mut scan = Scan::default();
    line.iter().for_each(|byte| scan.step(*byte));
    scan.depth
}

/// The reader's next bytes; empty at the end.
fn fill<R: BufRead>(reader: &mut R) -> Result<&[u8]> {
    // The borrow checker does not accept returning the buffer from inside the loop.
    while let Err(error) = reader.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
    reader.fill_buf()
}
