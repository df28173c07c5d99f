//! Base64 of texts, arrays of bytes and guids, and of compressed texts; what cannot be decoded is
//! missing (spec kql.md §4).

use std::fmt::Write as _;
use std::io::{Read, Write as _};

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::ZlibEncoder;
use flate2::{Compression, GzBuilder};

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::{Args, limited};

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("base64_encode_tostring", |c| {
        c.kernel(|args| {
            let texts = args.text(0)?;
            args.texts(|row, out| {
                encode(texts.text(row).as_bytes(), out);
                true
            })
        })
    }),
    ("base64_decode_tostring", |c| c.kernel(|a| decoded(a, write_text))),
    ("base64_encode_fromarray", |c| c.kernel(from_array)),
    ("base64_decode_toarray", |c| c.kernel(|a| decoded(a, write_array))),
    ("base64_encode_fromguid", |c| c.kernel(from_guid)),
    ("base64_decode_toguid", |c| c.kernel(|a| decoded(a, write_guid))),
    ("gzip_compress_to_base64_string", |c| c.kernel(|a| compressed(a, gzip))),
    ("zlib_compress_to_base64_string", |c| c.kernel(|a| compressed(a, zlib))),
    ("gzip_decompress_from_base64_string", |c| {
        c.kernel(|a| decompressed(a, |bytes, to| GzDecoder::new(bytes).take(TAKEN).read_to_end(to)))
    }),
    ("zlib_decompress_from_base64_string", |c| {
        c.kernel(|a| {
            decompressed(a, |bytes, to| ZlibDecoder::new(bytes).take(TAKEN).read_to_end(to))
        })
    }),
];

/// The longest text a compressed one may become.
const DECOMPRESSED_BYTES_MAX: usize = 16 << 20;
/// One byte more shows that a text is longer.
const TAKEN: u64 = DECOMPRESSED_BYTES_MAX as u64 + 1;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode(bytes: &[u8], out: &mut String) {
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit > chunk.len() {
                out.push('=');
            } else {
                out.push(char::from(ALPHABET[(bits >> (18 - 6 * digit)) as usize & 63]));
            }
        }
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let (mut bits, mut have) = (0_u32, 0);
    let mut decoded = Vec::with_capacity(digits.len());
    for byte in digits.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        have += 6;
        if have >= 8 {
            have -= 8;
            decoded.push((bits >> have) as u8);
        }
    }
    Some(decoded)
}

/// The decoded bytes written by `write`; false from it means missing.
fn decoded(args: &Args, write: fn(Vec<u8>, &mut String) -> bool) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    args.texts(|row, out| decode(texts.text(row)).is_some_and(|bytes| write(bytes, out)))
}

/// Bytes that are no UTF-8 are no text.
fn write_text(bytes: Vec<u8>, out: &mut String) -> bool {
    match String::from_utf8(bytes) {
        Ok(text) => {
            out.push_str(&text);
            true
        }
        Err(_) => false,
    }
}

fn write_array(bytes: Vec<u8>, out: &mut String) -> bool {
    out.push('[');
    for byte in bytes {
        scan::separate(out);
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte}");
    }
    out.push(']');
    true
}

/// An array of numbers from 0 to 255.
fn from_array(args: &Args) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    args.texts(|row, out| {
        let Some(elements) = arrays.get(row).and_then(scan::each_element) else { return false };
        let byte = |element| u8::try_from(scan::exact_long(element)?).ok();
        let Some(bytes) = elements.map(byte).collect::<Option<Vec<u8>>>() else { return false };
        encode(&bytes, out);
        true
    })
}

/// The places of a guid's bytes in its text: the first three groups are little-endian.
const GUID_ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

fn from_guid(args: &Args) -> Result<ArrayRef> {
    let guids = args.text(0)?;
    args.texts(|row, out| {
        let Some(guid) = guids.get(row) else { return false };
        let digits: Vec<u8> = guid
            .chars()
            .filter_map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        if digits.len() != 32 {
            return false;
        }
        encode(&GUID_ORDER.map(|at| digits[2 * at] << 4 | digits[2 * at + 1]), out);
        true
    })
}

fn write_guid(bytes: Vec<u8>, out: &mut String) -> bool {
    if bytes.len() != 16 {
        return false;
    }
    for (place, at) in GUID_ORDER.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{:02x}", bytes[at]);
    }
    true
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    // 255: no particular operating system; without a time the bytes depend on the text alone.
    let head = GzBuilder::new().operating_system(255);
    let mut encoder = head.write(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn zlib(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn compressed(args: &Args, compress: fn(&[u8]) -> std::io::Result<Vec<u8>>) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    args.texts(|row, out| match compress(texts.text(row).as_bytes()) {
        Ok(bytes) => {
            encode(&bytes, out);
            true
        }
        Err(_) => false,
    })
}

fn decompressed(
    args: &Args,
    read: fn(&[u8], &mut Vec<u8>) -> std::io::Result<usize>,
) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let mut too_long = false;
    let out = args.texts(|row, out| {
        let mut bytes = Vec::new();
        let Some(packed) = decode(texts.text(row)) else { return false };
        if read(&packed, &mut bytes).is_err() {
            return false;
        }
        too_long |= bytes.len() > DECOMPRESSED_BYTES_MAX;
        !too_long && write_text(bytes, out)
    })?;
    if too_long {
        return limited(format!("a decompressed text has at most {DECOMPRESSED_BYTES_MAX} bytes"));
    }
    Ok(out)
}
