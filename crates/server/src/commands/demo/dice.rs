//! Chance decided by a seed: a draw is a function of the seed and of what it is drawn for, so that
//! parts of a demonstration can be made in any order, and one more draw changes no other.

/// A source of draws; each use names what it draws for.
#[derive(Debug, Clone, Copy)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(mix(seed ^ 0x243F_6A88_85A3_08D3))
    }

    /// Draws for one thing: of a kind, with a number.
    pub fn of(self, kind: &str, number: u64) -> Dice {
        let named = kind.bytes().fold(self.0, |state, byte| mix(state ^ u64::from(byte)));
        Dice(mix(named ^ mix(number)))
    }

    /// As [`Dice::of`], by a number that is never negative.
    pub fn at(self, kind: &str, number: i64) -> Dice {
        self.of(kind, number.unsigned_abs())
    }

    /// A number below `end`; 0 when there is none.
    pub fn below(self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.0 % end }
    }

    /// In [0, 1).
    pub fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number from `from` to just below `to`.
    pub fn between(self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from).unwrap_or(0))).unwrap_or(0)
    }

    /// Whether something of this probability happens.
    pub fn chance(self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of a list, which is not empty.
    pub fn pick<T>(self, list: &[T]) -> &T {
        &list[usize::try_from(self.below(list.len() as u64)).unwrap_or(0)]
    }

    /// How often something happens that is expected so often: at least the whole part of it.
    pub fn count(self, expected: f64) -> u64 {
        let whole = expected.max(0.0).floor();
        whole as u64 + u64::from(self.of("count", 0).chance(expected - whole))
    }

    /// Of a distribution with a long tail: half of the draws are below `median`, one in a hundred
    /// is above about four times as much.
    pub fn skewed(self, median: f64) -> f64 {
        // The sum of several draws is nearly normal.
        let sum: f64 = (0..6).map(|n| self.of("sum", n).unit() - 0.5).sum();
        median * (sum * 0.85).exp()
    }

    /// So many hexadecimal digits, at most 48.
    pub fn hex(self, digits: usize) -> String {
        let (low, lowest) = (self.of("low", 1).0, self.of("low", 2).0);
        let mut text = format!("{:016x}{low:016x}{lowest:016x}", self.0);
        text.truncate(digits);
        text
    }

    /// A GUID, letters small.
    pub fn guid(self) -> String {
        let hex = self.hex(32);
        let (a, b, c) = (&hex[..8], &hex[8..12], &hex[13..16]);
        format!("{a}-{b}-4{c}-8{}-{}", &hex[17..20], &hex[20..])
    }
}

/// The finaliser of SplitMix64 over the next state.
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
