//! From health samples to a verdict.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Bake;

/// What one look at the new version under traffic showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When it was taken.
    pub at: Timestamp,
    /// Checks that could be made: probes and alarms.
    pub checks: u16,
    /// Those that were bad, in words.
    pub bad: Vec<String>,
    /// Those that could not be made: an alarm without data, or one that is not there.
    pub unknown: Vec<String>,
}

impl Sample {
    /// What it shows by itself. A sample of nothing shows nothing: it is not a good one.
    pub fn reading(&self) -> Reading {
        if !self.bad.is_empty() {
            Reading::Bad
        } else if self.checks == 0 {
            Reading::Empty
        } else {
            Reading::Good
        }
    }
}

/// What a sample shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// All checks were well.
    Good,
    /// At least one was not.
    Bad,
    /// None could be made.
    Empty,
}

/// What the samples of a bake show together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Enough good samples, and the last one is not bad.
    Healthy,
    /// Too many bad ones in a row: go back. What was bad in the last of them.
    Unhealthy(String),
    /// Neither: too few samples, or the last one is bad but not yet too many.
    Inconclusive,
}

/// Judges samples, oldest first.
///
/// Good samples are counted over the whole bake, bad ones in a row: one hiccup is forgiven, a
/// lasting fault is not. An empty sample breaks no row and proves nothing.
pub fn verdict(samples: &[Sample], bake: &Bake) -> Verdict {
    let mut bad_in_a_row = 0;
    let mut good = 0;
    let mut last_bad = None;
    for sample in samples {
        match sample.reading() {
            Reading::Good => {
                good += 1;
                bad_in_a_row = 0;
                last_bad = None;
            }
            Reading::Bad => {
                bad_in_a_row += 1;
                last_bad = Some(sample.bad.join("; "));
            }
            Reading::Empty => {}
        }
        if bad_in_a_row >= u32::from(bake.failures) {
            return Verdict::Unhealthy(last_bad.unwrap_or_default());
        }
    }
    if good >= u32::from(bake.samples) && bad_in_a_row == 0 {
        Verdict::Healthy
    } else {
        Verdict::Inconclusive
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Sample, Verdict, verdict};
    use crate::config::Bake;

    fn judge(readings: &str) -> Verdict {
        let samples: Vec<Sample> = readings
            .chars()
            .map(|reading| Sample {
                at: Timestamp::UNIX_EPOCH,
                checks: u16::from(reading != '?'),
                bad: if reading == 'x' {
                    vec!["ready answered 503".to_owned()]
                } else {
                    vec![]
                },
                unknown: vec![],
            })
            .collect();
        let minute = SignedDuration::from_mins(1);
        verdict(
            &samples,
            &Bake {
                duration: minute,
                every: minute,
                failures: 3,
                samples: 3,
            },
        )
    }

    #[test]
    fn a_lasting_fault_is_unhealthy_and_a_hiccup_is_not() {
        let bad = Verdict::Unhealthy("ready answered 503".to_owned());
        assert_eq!(judge("...xxx"), bad);
        assert_eq!(
            judge("xx?x"),
            bad,
            "an empty sample does not break a row of bad ones"
        );
        assert_eq!(judge("..x.x."), Verdict::Healthy);
        assert_eq!(judge("...x"), Verdict::Inconclusive);
    }

    #[test]
    fn nothing_seen_proves_nothing() {
        assert_eq!(judge(""), Verdict::Inconclusive);
        assert_eq!(judge("????"), Verdict::Inconclusive);
        assert_eq!(judge("..?"), Verdict::Inconclusive);
    }
}
