//! Chance that comes out the same for the same seed.

use jiff::SignedDuration;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Seeded chance.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of this seed. `stream` keeps apart those who throw: what one of them throws does
    /// not change what the others get.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// True in `rate` of all cases, 0 to 1. A rate of 0 throws nothing, so that a fair weather
    /// costs nothing.
    pub fn chance(&mut self, rate: f64) -> bool {
        // 53 bits are what an f64 holds exactly.
        const UNITS: f64 = (1_u64 << 53) as f64;
        rate > 0.0 && ((self.0.next_u64() >> 11) as f64) < rate * UNITS
    }

    /// A number from 0 to `bound - 1`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound <= 1 {
            0
        } else {
            self.0.next_u64() % bound
        }
    }

    /// A time from nothing to `longest`, in whole milliseconds.
    pub fn up_to(&mut self, longest: SignedDuration) -> SignedDuration {
        let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(0);
        let ms = self.below(longest_ms.saturating_add(1));
        SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_and_streams_differ() {
        let throw = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            (0..16).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(throw(7, 1), throw(7, 1));
        assert_ne!(throw(7, 1), throw(7, 2));
        assert_ne!(throw(7, 1), throw(8, 1));
    }

    #[test]
    fn a_rate_is_kept_about() {
        let mut dice = Dice::new(1, 0);
        let hits = (0..10_000).filter(|_| dice.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!(!dice.chance(0.0));
        assert!(dice.chance(1.0));
    }
}
