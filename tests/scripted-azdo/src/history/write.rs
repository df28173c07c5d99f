//! JSON written by hand, for bodies of megabytes: text is copied, nothing is built in between.

use std::io::Write;

use crate::time::{self, Ticks};

/// Appends a GUID as text, letters small.
pub(crate) fn guid(out: &mut Vec<u8>, guid: u128) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (at, byte) in guid.to_be_bytes().into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Appends text as a JSON string.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // Writing text to memory cannot fail.
        let _ = serde_json::to_writer(out, text);
    }
}

/// An object being written.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Begins an object.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Ends it.
    pub(crate) fn end(self) {
        self.out.push(b'}');
    }

    /// Writes a key and lends the place of its value.
    pub(crate) fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.key(key).extend_from_slice(json.as_bytes());
    }

    pub(crate) fn text(&mut self, key: &str, value: Option<&str>) {
        let out = self.key(key);
        match value {
            Some(value) => text(out, value),
            None => out.extend_from_slice(b"null"),
        }
    }

    pub(crate) fn number(&mut self, key: &str, value: i64) {
        // Writing to memory cannot fail.
        let _ = write!(self.key(key), "{value}");
    }

    pub(crate) fn guid(&mut self, key: &str, value: Option<u128>) {
        let out = self.key(key);
        match value {
            Some(value) => {
                out.push(b'"');
                guid(out, value);
                out.push(b'"');
            }
            None => out.extend_from_slice(b"null"),
        }
    }

    pub(crate) fn time(&mut self, key: &str, value: Option<Ticks>) {
        let out = self.key(key);
        match value {
            Some(value) => {
                out.push(b'"');
                time::write(out, value);
                out.push(b'"');
            }
            None => out.extend_from_slice(b"null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_json() {
        let mut out = Vec::new();
        let mut object = Object::new(&mut out);
        object.text("plain", Some("a b"));
        object.text("odd", Some("\"\\\n"));
        object.guid("id", Some(0x0001_0203_0405_0607_0809_0a0b_0c0d_0eff));
        object.time("none", None);
        object.number("n", -3);
        object.end();
        let value: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(value["odd"], "\"\\\n");
        assert_eq!(value["id"], "00010203-0405-0607-0809-0a0b0c0d0eff");
        assert_eq!(value["n"], -3);
    }
}
