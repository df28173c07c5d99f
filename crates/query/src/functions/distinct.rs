//! How many different values there were: exact for some thousands, then a HyperLogLog.
//!
//! Invariant: values are known by a 64-bit hash that is the same in every part of a query.

use std::borrow::Cow;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::Result;
use xxhash_rust::xxh3::xxh3_64;

/// So many different values are counted exactly.
const EXACT_MAX: usize = 4096;

/// A set of hashes: open addressing, 0 marks a free slot.
#[derive(Debug, Default, Clone)]
pub(crate) struct HashSet64 {
    slots: Vec<u64>,
    len: usize,
}

impl HashSet64 {
    /// Whether `hash` is new.
    pub fn insert(&mut self, hash: u64) -> bool {
        let hash = hash.max(1);
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        // The hashes are good enough to serve as their own place.
        let mut at = (hash >> 32) as usize & mask;
        loop {
            match self.slots[at] {
                0 => {
                    self.slots[at] = hash;
                    self.len += 1;
                    return true;
                }
                other if other == hash => return false,
                _ => at = (at + 1) & mask,
            }
        }
    }
    fn grow(&mut self) {
        let wider = vec![0; (self.slots.len() * 2).max(8)];
        self.len = 0;
        for hash in std::mem::replace(&mut self.slots, wider) {
            if hash != 0 {
                self.insert(hash);
            }
        }
    }
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().copied().filter(|hash| *hash != 0)
    }
    pub fn size(&self) -> usize {
        self.slots.capacity() * 8
    }
}

/// The count of one group.
#[derive(Debug, Clone)]
pub(crate) enum Distinct {
    Exact(HashSet64),
    /// One register per byte; the number of registers is a power of two.
    Estimate(Vec<u8>),
}

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct::Exact(HashSet64::default())
    }
}

impl Distinct {
    /// `bits`: the registers are two to this power.
    pub fn insert(&mut self, hash: u64, bits: u32) {
        match self {
            Distinct::Exact(set) => {
                if set.insert(hash) && set.len() > EXACT_MAX {
                    let mut registers = vec![0; 1 << bits];
                    set.iter().for_each(|hash| note(&mut registers, hash));
                    *self = Distinct::Estimate(registers);
                }
            }
            Distinct::Estimate(registers) => note(registers, hash),
        }
    }

    /// Lowers the accuracy of an estimate to two to the power of `bits` registers.
    pub fn limit(&mut self, bits: u32) {
        if let Distinct::Estimate(registers) = self {
            *registers = fold(registers, 1 << bits).into_owned();
        }
    }

    pub fn count(&self) -> i64 {
        match self {
            Distinct::Exact(set) => set.len() as i64,
            Distinct::Estimate(registers) => estimate(registers).round() as i64,
        }
    }

    pub fn size(&self) -> usize {
        match self {
            Distinct::Exact(set) => set.size(),
            Distinct::Estimate(registers) => registers.capacity(),
        }
    }

    /// The state for another part of the query: a tag, then hashes or registers.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Distinct::Exact(set) => {
                out.push(0);
                set.iter().for_each(|hash| out.extend_from_slice(&hash.to_le_bytes()));
            }
            Distinct::Estimate(registers) => {
                out.push(1);
                out.extend_from_slice(registers);
            }
        }
    }

    /// Adds what [`Distinct::write`] wrote.
    pub fn merge(&mut self, state: &[u8], bits: u32) {
        let Some((tag, rest)) = state.split_first() else { return };
        if *tag == 0 {
            for bytes in rest.chunks_exact(8) {
                let mut hash = [0; 8];
                hash.copy_from_slice(bytes);
                self.insert(u64::from_le_bytes(hash), bits);
            }
            return;
        }
        if let Distinct::Exact(set) = self {
            let mut registers = vec![0; rest.len()];
            set.iter().for_each(|hash| note(&mut registers, hash));
            *self = Distinct::Estimate(registers);
        }
        if let Distinct::Estimate(registers) = self {
            // Of two accuracies the lower one is left.
            let theirs = fold(rest, registers.len());
            *registers = fold(registers, theirs.len()).into_owned();
            let pairs = registers.iter_mut().zip(theirs.iter());
            pairs.for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
        }
    }
}

/// The set keeps 0 as 1; registers must see the same hash either way.
fn note(registers: &mut [u8], hash: u64) {
    let hash = hash.max(1);
    let bits = registers.len().trailing_zeros();
    let at = hash as usize & (registers.len() - 1);
    let rest = hash >> bits;
    let rank = rest.trailing_zeros().min(64 - bits) as u8 + 1;
    registers[at] = registers[at].max(rank);
}

/// The registers of the same hashes in at most `most` registers; both are powers of two.
fn fold(registers: &[u8], most: usize) -> Cow<'_, [u8]> {
    if registers.len() <= most {
        return Cow::Borrowed(registers);
    }
    let (bits, more) = (most.trailing_zeros(), registers.len().trailing_zeros());
    let mut folded = vec![0; most];
    for (at, register) in registers.iter().enumerate().filter(|(_, register)| **register > 0) {
        // The bits of the place that are lost were the first bits of the rank.
        let lost = at >> bits;
        let rank = match lost {
            0 => register.saturating_add((more - bits) as u8),
            lost => lost.trailing_zeros() as u8 + 1,
        };
        let place = at & (most - 1);
        folded[place] = folded[place].max(rank);
    }
    Cow::Owned(folded)
}

/// Ertl's improved estimator ("New cardinality estimation algorithms for HyperLogLog sketches",
/// 2017): unbiased over the whole range, so no correction tables.
fn estimate(registers: &[u8]) -> f64 {
    let m = registers.len() as f64;
    let q = 64 - registers.len().trailing_zeros() as usize;
    let mut counts = vec![0_u32; q + 2];
    for register in registers {
        counts[usize::from(*register).min(q + 1)] += 1;
    }
    let mut z = m * tau(1.0 - f64::from(counts[q + 1]) / m);
    for count in counts[1..=q].iter().rev() {
        z = 0.5 * (z + f64::from(*count));
    }
    z += m * sigma(f64::from(counts[0]) / m);
    m * m / (2.0 * std::f64::consts::LN_2 * z)
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// The hashes of a column's values, `None` for null. Values that are equal hash alike in every
/// part of the query.
pub(crate) fn hashes(array: &ArrayRef) -> Result<Vec<Option<u64>>> {
    if let Some(texts) = array.as_string_view_opt() {
        return Ok(texts.iter().map(|t| t.map(|t| xxh3_64(t.as_bytes()))).collect());
    }
    if let DataType::Float64 = array.data_type() {
        let reals = array.as_primitive::<datafusion::arrow::datatypes::Float64Type>();
        // Zeros are equal; every NaN counts as one value.
        let bits = |v: f64| if v.is_nan() { f64::NAN.to_bits() } else { (v + 0.0).to_bits() };
        return Ok(reals.iter().map(|v| v.map(|v| mix(bits(v)))).collect());
    }
    let longs = cast(array, &DataType::Int64)?;
    let longs = longs.as_primitive::<Int64Type>();
    Ok((0..longs.len()).map(|r| longs.is_valid(r).then(|| mix(longs.value(r) as u64))).collect())
}

/// SplitMix64's finaliser: a bijection, so whole numbers never collide.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
