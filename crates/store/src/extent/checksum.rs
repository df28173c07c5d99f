//! The checksum of a whole extent file, kept inside its footer.
//!
//! Parquet's readers may panic on damaged bytes, so [`super::decode`] and [`super::merge`] check
//! before they read. The checksum is the XXH3 (64 bit) of all bytes but its own sixteen digits,
//! which stand as hexadecimal text after [`MARK`] in the value of the footer's key [`KEY`].

use xxhash_rust::xxh3::Xxh3Default;

use super::read::damaged;
use crate::error::Error;

/// The key in the footer.
const KEY: &str = "telltale.checksum";
const MARK: &[u8] = b"xxh3-64:";
const DIGITS: usize = 16;
/// After the footer: its length (4 bytes) and Parquet's magic number (4 bytes).
const TAIL_BYTES: usize = 8;

/// The footer entry to write, its digits still to be filled in by [`seal`].
pub(super) fn placeholder() -> (String, String) {
    let mark = String::from_utf8_lossy(MARK);
    (KEY.to_owned(), format!("{mark}{}", "0".repeat(DIGITS)))
}

/// Fills in the digits of a finished file.
pub(super) fn seal(data: &mut [u8]) -> Result<(), Error> {
    let at = find(data)?;
    let digits = digits(data, at);
    if let Some(place) = data.get_mut(at..at + DIGITS) {
        place.copy_from_slice(digits.as_bytes());
    }
    Ok(())
}

/// Compares the digits with the bytes.
pub(super) fn verify(data: &[u8]) -> Result<(), Error> {
    let at = find(data)?;
    match data.get(at..at + DIGITS) == Some(digits(data, at).as_bytes()) {
        true => Ok(()),
        false => Err(damaged("the checksum differs")),
    }
}

/// Where the digits stand: after the last mark, as texts of the rows may come before.
fn find(data: &[u8]) -> Result<usize, Error> {
    let missing = || damaged("the checksum is missing");
    let end = data.len().checked_sub(TAIL_BYTES).ok_or_else(missing)?;
    let length = data.get(end..end + 4).and_then(|bytes| bytes.try_into().ok());
    let length = u32::from_le_bytes(length.ok_or_else(missing)?) as usize;
    let start = end.checked_sub(length).ok_or_else(missing)?;
    let footer = data.get(start..end).ok_or_else(missing)?;
    let mark = footer.windows(MARK.len()).rposition(|bytes| bytes == MARK).ok_or_else(missing)?;
    let at = start + mark + MARK.len();
    if at + DIGITS > end { Err(missing()) } else { Ok(at) }
}

fn digits(data: &[u8], at: usize) -> String {
    let (before, after) = data.split_at_checked(at).unwrap_or((data, &[]));
    let mut hasher = Xxh3Default::new();
    hasher.update(before);
    hasher.update(after.get(DIGITS..).unwrap_or(&[]));
    format!("{:016x}", hasher.digest())
}
