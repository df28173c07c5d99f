//! Counts of distinct values as values of the language: what `hll()` hands out.
//!
//! The form is an array of a tag, the accuracy in bits, and either the hashes of the values or the
//! registers of the estimate as text. Invariant: a text that is no such array is no count.

use std::fmt::Write;

use super::distinct::Distinct;
use super::json::scan;

/// The accuracies there are, in bits of the number of registers.
const BITS: std::ops::RangeInclusive<u32> = 12..=18;
/// Bits of the default accuracy.
pub(crate) const BITS_DEFAULT: u32 = 14;
const TAG: &str = "hll";
/// Registers are written as one character each, from `#` on: none needs an escape.
const FIRST: u8 = b'#';
/// A register holds at most the number of bits of a hash.
const REGISTER_MAX: u8 = 64;

/// The registers of an accuracy as a user gives it: error 1.6 %, 0.8 %, 0.4 %, 0.28 %, 0.2 %.
pub(crate) fn bits(accuracy: f64) -> u32 {
    match accuracy as i64 {
        0 => 12,
        1 => BITS_DEFAULT,
        2 => 16,
        3 => 17,
        _ => 18,
    }
}

/// A count and its accuracy.
#[derive(Debug, Clone)]
pub(crate) struct Hll {
    pub bits: u32,
    pub distinct: Distinct,
}

impl Default for Hll {
    fn default() -> Hll {
        Hll { bits: BITS_DEFAULT, distinct: Distinct::default() }
    }
}

impl Hll {
    /// Adds the values of another; the lower accuracy of both is left.
    pub fn merge(&mut self, other: &Hll) {
        self.bits = self.bits.min(other.bits);
        let mut state = Vec::new();
        other.distinct.write(&mut state);
        self.distinct.merge(&state, self.bits);
        self.distinct.limit(self.bits);
    }

    /// Appends the text form.
    pub fn write(&self, out: &mut String) {
        let mut state = Vec::new();
        self.distinct.write(&mut state);
        // Writing to a String cannot fail.
        let _ = write!(out, "[\"{TAG}\",{},\"", self.bits);
        match state.split_first() {
            Some((0, hashes)) => {
                hashes.iter().for_each(|byte| {
                    let _ = write!(out, "{byte:02x}");
                });
                out.push_str("\",\"");
            }
            Some((_, registers)) => {
                out.push_str("\",\"");
                let text = |register: &u8| char::from(FIRST + (*register).min(REGISTER_MAX - 8));
                out.extend(registers.iter().map(text));
            }
            None => out.push_str("\",\""),
        }
        out.push_str("\"]");
    }

    /// Reads what [`Hll::write`] wrote; `None` for anything else.
    pub fn read(json: &str) -> Option<Hll> {
        let mut parts = scan::each_element(json)?;
        if scan::plain(parts.next()?) != TAG {
            return None;
        }
        let bits = u32::try_from(scan::exact_long(parts.next()?)?).ok()?;
        let (hashes, registers) = (scan::plain(parts.next()?), scan::plain(parts.next()?));
        if !BITS.contains(&bits) || hashes.len() % 16 != 0 || !hashes.is_ascii() {
            return None;
        }
        let mut state = Vec::with_capacity(1 + hashes.len() / 2 + registers.len());
        if registers.is_empty() {
            state.push(0);
            for at in (0..hashes.len()).step_by(2) {
                state.push(u8::from_str_radix(hashes.get(at..at + 2)?, 16).ok()?);
            }
        } else {
            state.push(1);
            if registers.len() != 1 << bits {
                return None;
            }
            for byte in registers.bytes() {
                state.push(byte.checked_sub(FIRST).filter(|register| *register < REGISTER_MAX)?);
            }
        }
        let mut distinct = Distinct::default();
        distinct.merge(&state, bits);
        Some(Hll { bits, distinct })
    }
}
