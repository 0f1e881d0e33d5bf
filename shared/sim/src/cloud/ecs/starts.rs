//! Tasks that never start, through no fault of theirs: Fargate has no network interface or no
//! capacity for them. Nothing of them was executed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::cloud::Cloud;

/// What ECS says of them.
const REASONS: [&str; 2] = [
    "Timeout waiting for network interface provisioning to complete.",
    "Capacity is unavailable at this time. Please try again later or in a different availability \
     zone",
];

/// Whether the next task starts.
#[derive(Debug)]
pub(in crate::cloud) struct Starts {
    rate: f64,
    refused_next: u32,
    dice: ChaCha8Rng,
}

impl Starts {
    pub(in crate::cloud) fn new(seed: u64) -> Self {
        Self {
            rate: 0.0,
            refused_next: 0,
            dice: ChaCha8Rng::seed_from_u64(seed ^ 0x057a_2475),
        }
    }

    /// Why the task that is to start now does not.
    pub(in crate::cloud) fn refused(&mut self) -> Option<&'static str> {
        if self.refused_next > 0 {
            self.refused_next -= 1;
            return Some(REASONS[0]);
        }
        if self.rate <= 0.0 {
            return None;
        }
        let roll = f64::from(self.dice.next_u32()) / f64::from(u32::MAX);
        let which = usize::from(self.dice.next_u32() % 2 == 1);
        (roll < self.rate).then_some(REASONS[which])
    }
}

impl Cloud {
    /// The next `count` tasks, of services or one-off, never start.
    pub fn never_start(&mut self, count: u32) {
        self.starts.refused_next += count;
    }

    /// At this rate tasks never start: 0.0015 on a normal day, 0.02 on a bad one.
    pub fn set_never_start_rate(&mut self, rate: f64) {
        self.starts.rate = rate;
    }
}
