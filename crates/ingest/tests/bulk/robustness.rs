//! Damaged files: whatever comes, counts add up, rows survive another reading, and how the bytes
//! come in pieces makes no difference.

use std::io::Read;

use ingest::bulk::{Mapping, header_names, infer, parse_schema};

use crate::{cases, decode, decode_again};

/// A small repeatable random sequence (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap()
    }
}

/// Gives a few bytes at a time.
struct Pieces<'a>(&'a [u8], Random);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = (1 + self.1.next() % 7).min(self.0.len()).min(buffer.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

const PIECES: [&[u8]; 14] = [
    b"\"", b"\"\"", b"\\", b"{", b"}", b"[", b"]", b",", b"\n", b"\r\n", b"null", b"\xff", b"\0",
    b"1e999",
];

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.next() % 4 {
        if bytes.is_empty() {
            return;
        }
        let at = random.next() % bytes.len();
        match random.next() % 4 {
            0 => bytes[at] = u8::try_from(random.next() % 256).unwrap(),
            1 => bytes.truncate(at),
            2 => {
                let end = (at + random.next() % 30).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let piece = PIECES[random.next() % PIECES.len()];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
}

#[test]
fn damaged_files_are_read_consistently() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for case in cases() {
        let input = case.input();
        let (columns, layout) = case.layout(&input);
        for round in 0..30 {
            let mut damaged = input.clone();
            mutate(&mut damaged, &mut random);
            let whole =
                decode(damaged.as_slice(), &columns, layout.clone(), case.options(), usize::MAX);
            let options = case.options();
            let found = infer(&damaged, options.format, options.has_header, round % 2 == 0);
            assert!(found.is_err() || found.is_ok_and(|columns| !columns.is_empty()));
            if let Some(Ok(names)) =
                options.format.delimiter().map(|d| header_names(&damaged, d, true))
            {
                assert!(names.iter().all(|name| !name.is_empty()));
            }
            let pieces = Pieces(&damaged, Random(round + 1));
            let parts = decode(pieces, &columns, layout.clone(), case.options(), 2);
            assert_eq!(whole, parts, "{:?}: {:?}", case.path, String::from_utf8_lossy(&damaged));
            let (rows, report) = decode_again(&whole.0, &columns);
            assert_eq!((rows, report.rejected), (whole.0, 0), "{:?}", case.path);
        }
    }
}

#[test]
fn damaged_mappings_and_schemas_are_read_or_refused() {
    let mut random = Random(88_172_645_463_325_252);
    let (mut read, mut refused) = (0, 0);
    for case in cases() {
        for name in ["mapping", "schema"] {
            let Some(text) = case.setting(name) else { continue };
            for _ in 0..200 {
                let mut damaged = text.as_bytes().to_vec();
                mutate(&mut damaged, &mut random);
                let damaged = String::from_utf8_lossy(&damaged);
                let columns = match name {
                    "mapping" => Mapping::parse(&damaged).map(|m| m.columns()).ok(),
                    _ => parse_schema(&damaged).ok(),
                };
                match columns {
                    Some(columns) => {
                        assert!(!columns.is_empty() && columns.iter().all(|c| !c.name.is_empty()));
                        read += 1;
                    }
                    None => refused += 1,
                }
            }
        }
    }
    assert!(read > 500 && refused > 500, "{read} {refused}");
}
