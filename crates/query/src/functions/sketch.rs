//! Quantiles of many values: exact for some thousands, then within about 0.1 % of the rank.
//!
//! A Munro–Paterson sketch: full buffers are sorted; two of one level are merged and every second
//! value goes up a level, where it stands for twice as many. Every answer is a value of the data,
//! and only order matters, so datetimes are served as well as doubles.
//! Invariant: buffers above the newest are sorted.

/// Values of a buffer: 2·2048 − 1 values are kept exactly, the error of the rank has a standard
/// deviation of about 0.035 %.
const BUFFER: usize = 2048;

/// A sorted buffer.
type Full = Box<[u64; BUFFER]>;

/// The sketch of one group, over values as keys of the same order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sketch {
    newest: Vec<u64>,
    levels: Vec<Option<Full>>,
    /// Which half the next merge keeps; turning about keeps the rank unbiased.
    odd: bool,
}

impl Sketch {
    /// Takes a value and says how many bytes the sketch grew.
    #[inline]
    pub fn insert(&mut self, key: u64) -> usize {
        if self.newest.len() < self.newest.capacity() && self.newest.len() + 1 < BUFFER {
            self.newest.push(key);
            return 0;
        }
        let before = self.size();
        self.insert_slowly(key);
        self.size().saturating_sub(before)
    }

    #[inline(never)]
    fn insert_slowly(&mut self, key: u64) {
        self.newest.push(key);
        if self.newest.len() == BUFFER {
            let full = std::mem::take(&mut self.newest);
            if let Ok(mut full) = Full::try_from(full) {
                sort(&mut full);
                self.raise(full, 0);
            }
            // Large groups stay large.
            self.newest.reserve_exact(BUFFER);
        }
    }

    /// Puts a sorted buffer on `level`, merging upward while the place is taken.
    fn raise(&mut self, mut full: Full, mut level: usize) {
        loop {
            if self.levels.len() <= level {
                self.levels.resize(level + 1, None);
            }
            let Some(other) = self.levels[level].take() else {
                self.levels[level] = Some(full);
                return;
            };
            self.odd = !self.odd;
            halve(&mut full, &other, !self.odd);
            level += 1;
        }
    }

    /// The buffers above the newest, with their levels.
    fn full(&self) -> impl Iterator<Item = (usize, &Full)> {
        let levels = self.levels.iter().enumerate();
        levels.filter_map(|(level, keys)| Some((level, keys.as_ref()?)))
    }

    pub fn count(&self) -> u64 {
        self.newest.len() as u64
            + self.full().map(|(level, keys)| (keys.len() as u64) << level).sum::<u64>()
    }

    /// The values at the given percentiles by nearest rank; `None` for no values.
    pub fn percentiles(&self, percents: &[f64]) -> Vec<Option<u64>> {
        let mut all: Vec<(u64, u64)> = self.newest.iter().map(|key| (*key, 1)).collect();
        for (level, buffer) in self.full() {
            all.extend(buffer.iter().map(|key| (*key, 1_u64 << level)));
        }
        all.sort_unstable();
        let count = self.count();
        let at = |percent: &f64| {
            let rank = (percent.clamp(0.0, 100.0) / 100.0 * count as f64).ceil() as u64;
            let mut passed = 0;
            all.iter().find(|(_, weight)| {
                passed += weight;
                passed >= rank.max(1)
            })
        };
        percents.iter().map(|p| at(p).map(|(key, _)| *key)).collect()
    }

    pub fn size(&self) -> usize {
        (self.newest.capacity() + self.full().count() * BUFFER) * size_of::<u64>()
            + self.levels.capacity() * size_of::<Option<Full>>()
    }

    /// The state for another part of the query: for each buffer its level, length and keys.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_level(out, 0, &self.newest);
        self.full().for_each(|(level, keys)| write_level(out, level, keys.as_slice()));
    }

    /// Adds what [`Sketch::write`] wrote.
    pub fn merge(&mut self, mut state: &[u8]) {
        while let Some((level, keys, rest)) = read_level(state) {
            state = rest;
            if keys.len() == BUFFER {
                // The writer keeps full buffers sorted.
                if let Ok(full) = Full::try_from(keys.collect::<Vec<u64>>()) {
                    self.raise(full, level);
                }
                continue;
            }
            keys.for_each(|key| {
                self.insert(key);
            });
        }
    }
}

/// Every second value of both, sorted, into `a`: of each two the first or the second.
///
/// Merges from both ends at once, half of the values each, so no side can run out and neither
/// waits for the other.
fn halve(a: &mut Full, b: &Full, first: bool) {
    const MASK: usize = BUFFER - 1;
    let mut out = [0; BUFFER];
    let (mut low_a, mut low_b, mut high_a, mut high_b) = (0_usize, 0_usize, MASK, MASK);
    for at in 0..BUFFER / 2 {
        let mut lowest = || {
            let (x, y) = (a[low_a & MASK], b[low_b & MASK]);
            let is_a = x <= y;
            low_a += usize::from(is_a);
            low_b += usize::from(!is_a);
            if is_a { x } else { y }
        };
        let low = (lowest(), lowest());
        let mut highest = || {
            let (x, y) = (a[high_a & MASK], b[high_b & MASK]);
            let is_a = x > y;
            high_a = high_a.wrapping_sub(usize::from(is_a));
            high_b = high_b.wrapping_sub(usize::from(!is_a));
            if is_a { x } else { y }
        };
        let high = (highest(), highest());
        out[at] = if first { low.0 } else { low.1 };
        out[MASK - at] = if first { high.1 } else { high.0 };
    }
    a.copy_from_slice(&out);
}

/// Sorts by the upper 22 bits of the differences in two counted passes, then mends what these
/// leave; values that crowd together are sorted the usual way.
/// `N` is a power of two, at most 2^15.
pub(super) fn sort<const N: usize>(keys: &mut [u64; N]) {
    let mask = const { N - 1 };
    const BITS: u32 = 11;
    const DIGITS: usize = 1 << BITS;
    let low = keys.iter().fold(u64::MAX, |low, key| low.min(*key));
    let high = keys.iter().fold(0, |high, key| high.max(*key));
    let shift = (u64::BITS - (high - low).leading_zeros()).saturating_sub(2 * BITS);
    let digit = |key: u64| (key - low) >> shift;
    let lower_digit = |key: u64| digit(key) as usize % DIGITS;
    let upper_digit = |key: u64| (digit(key) >> BITS) as usize % DIGITS;
    let (mut lower, mut upper) = ([0_u16; DIGITS], [0_u16; DIGITS]);
    for key in keys.iter() {
        lower[lower_digit(*key)] += 1;
        upper[upper_digit(*key)] += 1;
    }
    for counts in [&mut lower, &mut upper] {
        counts.iter_mut().fold(0, |sum, count| sum + std::mem::replace(count, sum));
    }
    let mut scratch = [0; N];
    for key in keys.iter() {
        let place = &mut lower[lower_digit(*key)];
        scratch[usize::from(*place) & mask] = *key;
        *place += 1;
    }
    for key in scratch {
        let place = &mut upper[upper_digit(key)];
        keys[usize::from(*place) & mask] = key;
        *place += 1;
    }
    mend(keys);
}

/// Sorts keys that are nearly sorted.
fn mend<const N: usize>(keys: &mut [u64; N]) {
    let mut moves_left = 4 * N;
    for at in 1..N {
        let key = keys[at];
        let mut to = at;
        while to > 0 && keys[to - 1] > key {
            keys[to] = keys[to - 1];
            to -= 1;
        }
        keys[to] = key;
        if at - to > moves_left {
            return keys.sort_unstable();
        }
        moves_left -= at - to;
    }
}

/// Appends a level of a state: its number, how many keys it has, and these; nothing without keys.
pub(super) fn write_level(out: &mut Vec<u8>, level: usize, keys: &[u64]) {
    if !keys.is_empty() {
        out.extend_from_slice(&(level as u32).to_le_bytes());
        out.extend_from_slice(&(keys.len() as u32).to_le_bytes());
        keys.iter().for_each(|key| out.extend_from_slice(&key.to_le_bytes()));
    }
}

/// The first level of a state with its keys, and what comes after it.
pub(super) fn read_level(
    state: &[u8],
) -> Option<(usize, impl ExactSizeIterator<Item = u64>, &[u8])> {
    let (level, rest) = state.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (keys, rest) =
        rest.split_at_checked(u32::from_le_bytes(*length) as usize * size_of::<u64>())?;
    let key = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    // A level is a number of doublings.
    let level = u32::from_le_bytes(*level).min(63) as usize;
    Some((level, keys.as_chunks::<8>().0.iter().map(key), rest))
}

/// A key of the same order as the number; NaN last.
pub(crate) fn key_of_real(value: f64) -> u64 {
    let bits = if value.is_nan() { f64::NAN.abs().to_bits() } else { (value + 0.0).to_bits() };
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

pub(crate) fn real_of_key(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// A key of the same order as the whole number.
pub(crate) fn key_of_long(value: i64) -> u64 {
    value as u64 ^ 1 << 63
}

pub(crate) fn long_of_key(key: u64) -> i64 {
    (key ^ 1 << 63) as i64
}
