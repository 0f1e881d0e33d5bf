//! Identifiers as AWS makes them up: from the seed, and never the same twice in one world.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Where identifiers come from.
#[derive(Debug)]
pub(super) struct Ids(ChaCha8Rng);

impl Ids {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// For EventBridge events and hook executions.
    pub(super) fn uuid(&mut self) -> u128 {
        u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64())
    }

    /// For service revisions: digits.
    pub(super) fn number(&mut self) -> u64 {
        self.0.next_u64() >> 1
    }

    /// For tasks and service deployments: 32 hexadecimal digits.
    pub(super) fn hex(&mut self) -> String {
        format!("{:032x}", self.uuid())
    }
}
