//! Quantiles of weighted values, and the form in which `tdigest()` hands them out.
//!
//! A sketch of levels: a key on level `n` stands for 2^n values. A full level is sorted and every
//! second key goes one up, so that ranks stay right on average; below [`LEVEL_KEYS`] keys a level
//! everything is exact. Only order matters, so times are served as well as numbers.
//! Invariant: the text form holds a type, keys and weights, and merges with any other of its type.

use std::fmt::Write;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::Result;
use model::{Type, json, time};

use super::json::scan;
use super::sketch::{
    key_of_long, key_of_real, long_of_key, read_level, real_of_key, sort, write_level,
};

/// Keys of one level before it is halved: the error of a rank stays near 0.05 %.
const LEVEL_KEYS: usize = 4096;
/// Doublings of a weight.
const LEVELS: usize = 64;

/// A key of the order of the values, and how many values it stands for.
pub(crate) type Entry = (u64, u64);

/// The sketch of one group.
#[derive(Debug, Default, Clone)]
pub(crate) struct Digest {
    levels: Vec<Vec<u64>>,
    /// Which half the next halving keeps; turning about keeps the rank unbiased.
    odd: bool,
}

impl Digest {
    /// Takes `weight` values of one key and says how many bytes the sketch grew.
    #[inline]
    pub fn insert(&mut self, key: u64, weight: u64) -> usize {
        match self.levels.first_mut() {
            Some(keys) if weight == 1 && keys.len() < keys.capacity().min(LEVEL_KEYS - 1) => {
                keys.push(key);
                0
            }
            _ => self.insert_slowly(key, weight),
        }
    }

    #[inline(never)]
    fn insert_slowly(&mut self, key: u64, weight: u64) -> usize {
        let before = self.size();
        let mut rest = weight;
        while rest != 0 {
            self.put(rest.trailing_zeros() as usize, [key]);
            rest &= rest - 1;
        }
        self.size().saturating_sub(before)
    }

    /// Adds keys to a level; while one is full, half of it goes up.
    fn put(&mut self, mut level: usize, keys: impl IntoIterator<Item = u64>) {
        self.levels.resize(self.levels.len().max(level + 1), Vec::new());
        self.levels[level].extend(keys);
        while self.levels[level].len() >= LEVEL_KEYS && level + 1 < LEVELS {
            self.levels.resize(self.levels.len().max(level + 2), Vec::new());
            let [full, above] = &mut self.levels[level..level + 2] else { return };
            match <&mut [u64; LEVEL_KEYS]>::try_from(full.as_mut_slice()) {
                Ok(full) => sort(full),
                // What was merged can be more.
                Err(_) => full.sort_unstable(),
            }
            // An odd one out keeps its weight where it is.
            let left = if full.len() % 2 == 1 { full.pop() } else { None };
            above.extend(full.iter().skip(usize::from(self.odd)).step_by(2));
            self.odd = !self.odd;
            // Large groups stay large.
            full.clear();
            full.extend(left);
            level += 1;
        }
    }

    /// The state for another part of the query.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (level, keys) in self.levels.iter().enumerate() {
            write_level(out, level, keys);
        }
    }

    /// Adds what [`Digest::write`] wrote and says how many bytes the sketch grew.
    pub fn merge(&mut self, mut state: &[u8]) -> usize {
        let before = self.size();
        while let Some((level, keys, rest)) = read_level(state) {
            state = rest;
            self.put(level, keys);
        }
        self.size().saturating_sub(before)
    }

    /// The keys in order, each once.
    pub fn entries(&self) -> Vec<Entry> {
        let mut all: Vec<Entry> = Vec::new();
        for (level, keys) in self.levels.iter().enumerate() {
            all.extend(keys.iter().map(|key| (*key, 1_u64 << level)));
        }
        all.sort_unstable();
        all.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        all
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        let keys: usize = self.levels.iter().map(Vec::capacity).sum();
        keys * size_of::<u64>() + self.levels.capacity() * size_of::<Vec<u64>>()
    }
}

/// How many values the entries stand for.
pub(crate) fn count(entries: &[Entry]) -> u64 {
    entries.iter().fold(0, |sum, (_, weight)| sum.saturating_add(*weight))
}

/// The keys at the given percentiles by nearest rank; `None` for no values.
pub(crate) fn percentiles(entries: &[Entry], percents: &[f64]) -> Vec<Option<u64>> {
    let count = count(entries);
    let at = |percent: &f64| {
        let rank = (percent.clamp(0.0, 100.0) / 100.0 * count as f64).ceil() as u64;
        let mut passed = 0_u64;
        entries.iter().find(|(_, weight)| {
            passed = passed.saturating_add(*weight);
            passed >= rank.max(1)
        })
    };
    percents.iter().map(|p| at(p).or(entries.last()).map(|(key, _)| *key)).collect()
}

/// How many values are at most `key`.
pub(crate) fn rank(entries: &[Entry], key: u64) -> u64 {
    let end = entries.partition_point(|(k, _)| *k <= key);
    count(&entries[..end])
}

/// Whether values of the type are kept as doubles.
fn is_real(ty: Type) -> bool {
    matches!(ty, Type::Real | Type::Decimal)
}

/// The keys of a column's values, `None` for null.
pub(crate) fn keys(array: &ArrayRef, ty: Type) -> Result<Vec<Option<u64>>> {
    if is_real(ty) {
        let reals = cast(array, &DataType::Float64)?;
        return Ok(reals
            .as_primitive::<Float64Type>()
            .iter()
            .map(|v| v.map(key_of_real))
            .collect());
    }
    let longs = cast(array, &DataType::Int64)?;
    Ok(longs.as_primitive::<Int64Type>().iter().map(|v| v.map(key_of_long)).collect())
}

/// The values of keys in the Arrow type of `ty`.
pub(crate) fn column(keys: impl Iterator<Item = Option<u64>>, ty: Type) -> Result<ArrayRef> {
    if is_real(ty) {
        return Ok(Arc::new(keys.map(|k| k.map(real_of_key)).collect::<Float64Array>()));
    }
    let longs: Int64Array = keys.map(|k| k.map(long_of_key)).collect();
    Ok(cast(&longs, &ty.arrow())?)
}

/// Appends the value of a key as JSON.
pub(crate) fn write_key(out: &mut String, key: u64, ty: Type) {
    match ty {
        Type::Real | Type::Decimal => json::write_real(out, real_of_key(key)),
        Type::DateTime => {
            let text = time::format_datetime(long_of_key(key), time::Fraction::Seven);
            json::write_string(out, &text);
        }
        Type::TimeSpan => json::write_string(out, &time::format_timespan(long_of_key(key))),
        _ => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{}", long_of_key(key));
        }
    }
}

fn read_key(json: &str, ty: Type) -> Option<u64> {
    match ty {
        Type::Real => scan::number(json).map(key_of_real),
        Type::DateTime => time::parse_datetime(&scan::plain(json)).map(key_of_long),
        Type::TimeSpan => time::parse_timespan(&scan::plain(json)).map(key_of_long),
        _ => scan::exact_long(json).map(key_of_long),
    }
}

/// Appends an array of the keys' values, missing ones as null.
pub(crate) fn write_values(out: &mut String, keys: &[Option<u64>], ty: Type) {
    out.push('[');
    for key in keys {
        scan::separate(out);
        match key {
            Some(key) => write_key(out, *key, ty),
            None => out.push_str("null"),
        }
    }
    out.push(']');
}

/// Appends the text form: `[["long"],[values],[weights]]`.
pub(crate) fn write(out: &mut String, entries: &[Entry], ty: Type) {
    let ty = if ty == Type::Decimal { Type::Real } else { ty };
    let _ = write!(out, "[[\"{}\"],[", ty.name());
    for (key, _) in entries {
        scan::separate(out);
        write_key(out, *key, ty);
    }
    out.push_str("],[");
    for (_, weight) in entries {
        scan::separate(out);
        let _ = write!(out, "{weight}");
    }
    out.push_str("]]");
}

/// Reads what [`write`] wrote; `None` for anything else.
pub(crate) fn read(json: &str) -> Option<(Type, Vec<Entry>)> {
    let mut parts = scan::each_element(json)?;
    let (head, values, weights) = (parts.next()?, parts.next()?, parts.next()?);
    let ty = Type::from_name(&scan::plain(scan::each_element(head)?.next()?))?;
    if !matches!(ty, Type::Long | Type::Real | Type::DateTime | Type::TimeSpan) {
        return None;
    }
    let mut weights = scan::each_element(weights)?;
    let mut entries = Vec::new();
    for value in scan::each_element(values)? {
        entries.push((read_key(value, ty)?, weights.next()?.trim().parse().ok()?));
    }
    entries.sort_unstable();
    Some((ty, entries))
}
