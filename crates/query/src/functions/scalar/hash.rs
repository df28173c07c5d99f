//! `hash`, `tohex`: xxHash64 of the value, hexadecimal texts (spec kql.md §4).

use std::fmt::Write;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::{Type, time};
use xxhash_rust::xxh64::xxh64;

use super::super::Build;
use super::super::kernel::Args;
use super::tostring::texts_of;

pub(super) const FAMILY: &[(&str, Build)] =
    &[("hash", |c| c.kernel(hash)), ("tohex", |c| c.kernel(tohex))];

/// Numbers and times hash as their eight bytes, everything else as its text; with a second
/// argument the hash modulo that.
fn hash(args: &Args) -> Result<ArrayRef> {
    let hashes: Vec<i64> = match args.types[0] {
        Type::Int | Type::Long | Type::DateTime | Type::TimeSpan => {
            let values = args.long(0)?;
            let ty = args.types[0];
            let bytes = |row: usize| {
                values.get(row).map(|v| match ty {
                    Type::DateTime => v.div_euclid(time::TICK) + time::EPOCH_TICKS,
                    Type::TimeSpan => v / time::TICK,
                    _ => v,
                })
            };
            (0..args.rows)
                .map(|row| bytes(row).map_or(0, |v| xxh64(&v.to_le_bytes(), 0) as i64))
                .collect()
        }
        _ => {
            let texts = texts_of(args, 0)?;
            (0..args.rows).map(|row| xxh64(texts.text(row).as_bytes(), 0) as i64).collect()
        }
    };
    let divisors = if args.has(1) { Some(args.long(1)?) } else { None };
    args.whole(|row| {
        let hash = hashes[row];
        match &divisors {
            None => Some(hash),
            Some(divisors) => {
                let divisor = divisors.get(row)?;
                (divisor > 0).then(|| hash.rem_euclid(divisor))
            }
        }
    })
}

/// Lower case; a second argument is the least width. Negative numbers in two's complement.
fn tohex(args: &Args) -> Result<ArrayRef> {
    // A negative int has 32 bits, not 64.
    let (values, ints) = (args.long(0)?, args.types[0] == Type::Int);
    let widths = if args.has(1) { Some(args.long(1)?) } else { None };
    args.texts(|row, out| {
        let Some(value) = values.get(row) else { return false };
        // More than a long has is cut to that (the function's reference page).
        let width = widths.as_ref().and_then(|w| w.get(row)).unwrap_or(0).clamp(0, 16);
        let width = usize::try_from(width).unwrap_or(0);
        let bits = if ints { i64::from(value as u32) } else { value };
        // Writing to a String cannot fail.
        let _ = write!(out, "{bits:0width$x}");
        true
    })
}
