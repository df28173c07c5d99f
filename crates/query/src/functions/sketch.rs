//! Quantiles of many values: exact for some thousands, then within about 0.1 % of the rank.
//!
//! A Munro–Paterson sketch: full buffers are sorted; two of one level are merged and every second
//! value goes up a level, where it stands for twice as many. Every answer is a value of the data,
//! and only order matters, so datetimes are served as well as doubles.
//! Invariant: buffers above level 0 are sorted and either empty or of [`BUFFER`] values.

/// Values of a buffer: 2·2048 − 1 values are kept exactly, the error of the rank has a standard
/// deviation of about 0.035 %.
const BUFFER: usize = 2048;

/// The sketch of one group, over values as keys of the same order.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sketch {
    newest: Vec<u64>,
    levels: Vec<Vec<u64>>,
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

    fn insert_slowly(&mut self, key: u64) {
        self.newest.push(key);
        if self.newest.len() == BUFFER {
            let mut full = std::mem::take(&mut self.newest);
            full.sort_unstable();
            self.raise(full, 0);
            // Large groups stay large.
            self.newest.reserve_exact(BUFFER);
        }
    }

    /// Puts a full sorted buffer on `level`, merging upward while the place is taken.
    fn raise(&mut self, mut full: Vec<u64>, mut level: usize) {
        loop {
            if self.levels.len() <= level {
                self.levels.resize(level + 1, Vec::new());
            }
            let other = std::mem::take(&mut self.levels[level]);
            if other.is_empty() {
                self.levels[level] = full;
                return;
            }
            full = self.halve(&full, &other);
            level += 1;
        }
    }

    /// Every second value of both, sorted.
    fn halve(&mut self, a: &[u64], b: &[u64]) -> Vec<u64> {
        let mut keep = self.odd;
        self.odd = !self.odd;
        let mut out = Vec::with_capacity(BUFFER);
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            let left = match (a.get(i), b.get(j)) {
                (Some(x), Some(y)) => x <= y,
                (Some(_), None) => true,
                _ => false,
            };
            let value = if left { a[i] } else { b[j] };
            i += usize::from(left);
            j += usize::from(!left);
            if keep {
                out.push(value);
            }
            keep = !keep;
        }
        out
    }

    pub fn count(&self) -> u64 {
        let upper = self.levels.iter().enumerate().map(|(level, b)| (b.len() as u64) << level);
        self.newest.len() as u64 + upper.sum::<u64>()
    }

    /// The values at the given percentiles by nearest rank; `None` for no values.
    pub fn percentiles(&self, percents: &[f64]) -> Vec<Option<u64>> {
        let mut all: Vec<(u64, u64)> = self.newest.iter().map(|key| (*key, 1)).collect();
        for (level, buffer) in self.levels.iter().enumerate() {
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
        let levels: usize = self.levels.iter().map(Vec::capacity).sum();
        (self.newest.capacity() + levels) * 8 + self.levels.capacity() * size_of::<Vec<u64>>()
    }

    /// The state for another part of the query: for each buffer its level, length and keys.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut put = |level: usize, keys: &[u64]| {
            if !keys.is_empty() {
                out.extend_from_slice(&(level as u32).to_le_bytes());
                out.extend_from_slice(&(keys.len() as u32).to_le_bytes());
                keys.iter().for_each(|key| out.extend_from_slice(&key.to_le_bytes()));
            }
        };
        put(0, &self.newest);
        self.levels.iter().enumerate().for_each(|(level, keys)| put(level, keys));
    }

    /// Adds what [`Sketch::write`] wrote.
    pub fn merge(&mut self, mut state: &[u8]) {
        while let Some((level, length, rest)) = header(state) {
            let (keys, after) = rest.split_at(rest.len().min(length * 8));
            state = after;
            let keys = keys.chunks_exact(8).map(|bytes| {
                let mut key = [0; 8];
                key.copy_from_slice(bytes);
                u64::from_le_bytes(key)
            });
            if length == BUFFER {
                self.raise(keys.collect(), level);
            } else {
                keys.for_each(|key| {
                    self.insert(key);
                });
            }
        }
    }
}

fn header(state: &[u8]) -> Option<(usize, usize, &[u8])> {
    let (level, rest) = state.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    // A level is a number of doublings.
    Some((u32::from_le_bytes(*level).min(63) as usize, u32::from_le_bytes(*length) as usize, rest))
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
