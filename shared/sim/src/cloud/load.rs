//! What users ask of an application, minute by minute: a curve over the day, noise that lasts for a
//! while, and troubles that hit every version alike. The same numbers for the same seed and minute,
//! no matter who asks and in which order.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use sluice_core::metrics::Counts;

/// Minutes of a day.
const DAY: f64 = 1440.0;

/// A trouble begins in one of so many minutes, and is over before the next one can.
const BLOCK: i64 = 10;

/// What users ask, and how it is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Requests a minute at noon.
    pub per_minute: f64,
    /// How much less that is at midnight: 0 is the same, 1 is nothing.
    pub trough: f64,
    /// The share of requests that fail with 5xx.
    pub errors: f64,
    /// The 90th percentile of the response time, in milliseconds.
    pub p90_ms: f64,
    /// How much all of these move up and down, as a share of them.
    pub noise: f64,
    /// How often an hour something hits every version for a minute to three.
    pub troubles_an_hour: f64,
}

impl Load {
    /// So many requests a minute at any time of the day, one in a thousand of which fails.
    pub fn steady(per_minute: f64) -> Self {
        Self {
            per_minute,
            trough: 0.0,
            errors: 0.001,
            p90_ms: 180.0,
            noise: 0.1,
            troubles_an_hour: 0.0,
        }
    }
}

/// The part of a minute's requests that one target group has, and what its version adds to their
/// troubles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Which group it is.
    pub group: u64,
    /// The share of the minute's requests.
    pub share: f64,
    /// The share of them that fails beside those that fail anyway.
    pub more_errors: f64,
    /// How many times as long they take.
    pub slower: f64,
}

impl Load {
    /// What the group's metrics say of a minute, counted from 1970; nothing where it had no request.
    pub fn counts(&self, seed: u64, minute: i64, part: &Part) -> Option<Counts> {
        let day = f64::from(i32::try_from(minute.rem_euclid(1440)).unwrap_or(0)) / DAY;
        let curve = 1.0 - self.trough * (0.5 + 0.5 * (TAU * day).cos());
        let busy = self.per_minute * curve * self.lasting(seed, minute, 1);
        let trouble = self.trouble(seed, minute);
        let mut own = dice(seed, minute, 100 + part.group);
        let requests = poisson(busy * part.share, &mut own);
        if requests == 0 {
            return None;
        }
        let fails = self.errors * self.lasting(seed, minute, 2) + trouble + part.more_errors;
        let errors = poisson(f64::from(requests) * fails.min(1.0), &mut own).min(requests);
        // A percentile of few requests is known less well.
        let blur = 1.0 + 0.8 * normal(&mut own) / f64::from(requests).sqrt();
        let slow = self.lasting(seed, minute, 3) * (1.0 + 20.0 * trouble) * part.slower;
        Some(Counts {
            requests,
            errors,
            p90_ms: Some(whole(self.p90_ms * slow * blur.max(0.1))),
        })
    }

    /// A factor around 1 that moves from minute to minute, and more slowly besides.
    fn lasting(&self, seed: u64, minute: i64, what: u64) -> f64 {
        let moves = [1, 5, 25].map(|length| {
            let mut dice = dice(
                seed,
                minute.div_euclid(length),
                what * 10 + u64::from(length == 5),
            );
            normal(&mut dice)
        });
        (self.noise * moves.iter().sum::<f64>() / 3_f64.sqrt()).exp()
    }

    /// The share of requests that fail since something hits every version.
    fn trouble(&self, seed: u64, minute: i64) -> f64 {
        let mut dice = dice(seed, minute.div_euclid(BLOCK), 50);
        let comes = unit(&mut dice) < self.troubles_an_hour * 10.0 / 60.0;
        let begins = i64::from(dice.next_u32() % 7);
        let lasts = i64::from(1 + dice.next_u32() % 3);
        let fails = 0.2 * unit(&mut dice);
        let in_it = (begins..begins + lasts).contains(&minute.rem_euclid(BLOCK));
        if comes && in_it { fails } else { 0.0 }
    }
}

fn dice(seed: u64, minute: i64, what: u64) -> ChaCha8Rng {
    let mixed = seed ^ what.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut rng = ChaCha8Rng::seed_from_u64(mixed);
    rng.set_stream(minute.unsigned_abs());
    rng
}

/// From 0 to 1.
fn unit(dice: &mut ChaCha8Rng) -> f64 {
    f64::from(dice.next_u32()) / f64::from(u32::MAX)
}

/// Twelve dice are as good as a bell.
fn normal(dice: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| unit(dice)).sum::<f64>() - 6.0
}

fn poisson(mean: f64, dice: &mut ChaCha8Rng) -> u32 {
    if mean > 60.0 {
        return whole(mean + mean.sqrt() * normal(dice));
    }
    let (end, mut product, mut count) = ((-mean).exp(), unit(dice), 0);
    while product > end {
        product *= unit(dice);
        count += 1;
    }
    count
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is too large or less than nothing stays at the bound"
)]
fn whole(number: f64) -> u32 {
    number.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Part = Part {
        group: 0,
        share: 1.0,
        more_errors: 0.0,
        slower: 1.0,
    };

    #[test]
    fn the_counts_are_about_what_was_asked_for_and_the_same_each_time() {
        let load = Load::steady(3000.0);
        let sum = |part: &Part| {
            let minutes = (0..1000).filter_map(|minute| load.counts(7, minute, part));
            minutes.fold((0, 0), |sum, counts| {
                (sum.0 + counts.requests, sum.1 + counts.errors)
            })
        };
        let (requests, errors) = sum(&ALL);
        assert!((2_700_000..3_300_000).contains(&requests), "{requests}");
        assert!((2_500..3_500).contains(&errors), "{errors}");
        assert_eq!((requests, errors), sum(&ALL));
        let canary = Part {
            group: 1,
            share: 0.1,
            more_errors: 0.02,
            slower: 1.0,
        };
        let (requests, errors) = sum(&canary);
        assert!((270_000..330_000).contains(&requests), "{requests}");
        assert!((5_500..7_200).contains(&errors), "{errors}");
    }

    #[test]
    fn nights_are_quiet_and_troubles_hit_every_version() {
        let load = Load {
            trough: 0.9,
            troubles_an_hour: 6.0,
            errors: 0.0,
            ..Load::steady(3000.0)
        };
        let at = |minute, part: &Part| load.counts(7, minute, part).unwrap();
        assert!(at(0, &ALL).requests < 600 && at(720, &ALL).requests > 2_000);
        let other = Part { group: 1, ..ALL };
        let hit = |part: &Part| {
            (0..600)
                .filter(|m| at(*m, part).errors > 100)
                .collect::<Vec<_>>()
        };
        assert!(hit(&ALL).len() > 20);
        let both = hit(&ALL)
            .into_iter()
            .filter(|minute| hit(&other).contains(minute));
        assert!(both.count() > 20);
    }
}
