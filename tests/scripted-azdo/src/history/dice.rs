//! Chance that is decided once and for all: every draw is a function of the seed and of what it is
//! drawn for, so that answers need no memory and no order.

/// A source of draws; each use names what it draws for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Draws of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x5851_F42D_4C95_7F2D))
    }

    /// Draws for one thing: of a kind, with a number.
    pub(crate) fn of(self, kind: &str, number: u64) -> Self {
        let named = kind.bytes().fold(self.0, |state, byte| mix(state ^ u64::from(byte)));
        Self(mix(named ^ mix(number)))
    }

    /// The draw itself.
    pub(crate) fn raw(self) -> u64 {
        self.0
    }

    /// A number below `end`; 0 when there is none.
    pub(crate) fn below(self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.0 % end }
    }

    /// An index of a list with `len` elements.
    pub(crate) fn index(self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// A number in [0, 1).
    pub(crate) fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number from `from` to just below `to`.
    pub(crate) fn between(self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from).unwrap_or(0))).unwrap_or(0)
    }

    /// Whether something of this probability happens.
    pub(crate) fn chance(self, probability: f64) -> bool {
        self.unit() < probability
    }
}

/// The finaliser of SplitMix64 over the next state.
pub(crate) fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_depend_on_their_names_and_are_fair() {
        let dice = Dice::new(7);
        assert_eq!(dice.of("a", 1).raw(), Dice::new(7).of("a", 1).raw());
        assert_ne!(dice.of("a", 1).raw(), dice.of("b", 1).raw());
        let hits = (0..10_000).filter(|n| dice.of("hit", *n).chance(0.2)).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
        assert!((0..100).all(|n| (5..8).contains(&dice.of("x", n).between(5, 8))));
    }
}
