//! From health samples to a verdict.

mod look;
mod tasks;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Bake;
use crate::id::ServiceName;
use crate::quantity;

pub use look::{Look, Probe};
pub use tasks::TaskCount;
pub(crate) use tasks::{forget, judged};

/// What one look at the new version under traffic showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When it was taken.
    pub at: Timestamp,
    /// Checks that could be made: probes and alarms.
    pub checks: u16,
    /// Those that were bad, in words.
    pub bad: Vec<String>,
    /// Those that could not be made: an alarm without data, or one that is not there.
    pub unknown: Vec<String>,
    /// Probes that did not get through although ECS calls the targets healthy, in words: the fault
    /// may be on our side of the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<String>,
    /// The tasks of each service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskCount>,
}

impl Sample {
    /// What it shows by itself. A sample of nothing shows nothing: it is not a good one. Neither is
    /// one whose probes did not get through, however quiet the alarms are.
    pub fn reading(&self) -> Reading {
        if !self.bad.is_empty() {
            Reading::Bad
        } else if self.checks == 0 || !self.unreachable.is_empty() {
            Reading::Empty
        } else {
            Reading::Good
        }
    }

    /// What could not be seen, in words.
    pub fn unseen(&self) -> impl Iterator<Item = &String> {
        self.unreachable.iter().chain(&self.unknown)
    }
}

/// What a sample shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// All checks were well.
    Good,
    /// At least one was not.
    Bad,
    /// Too little could be seen.
    Empty,
}

/// What the samples of a bake show together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Enough good samples, and the last one is not bad.
    Healthy,
    /// Too many bad ones in a row, or too many tasks that stopped by themselves: go back. What was
    /// bad.
    Unhealthy(String),
    /// Neither: too few samples, or the last one is bad but not yet too many.
    Inconclusive,
}

/// Judges samples, oldest first.
///
/// Good samples are counted over the whole bake, bad ones in a row: one hiccup is forgiven, a
/// lasting fault is not. An empty sample breaks no row and proves nothing. Tasks that stop by
/// themselves are counted over the whole bake too: one that ECS starts again each time looks well in
/// between.
pub fn verdict(samples: &[Sample], bake: &Bake) -> Verdict {
    let mut bad_in_a_row = 0;
    let mut last_bad = None;
    for sample in samples {
        match sample.reading() {
            Reading::Good => {
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
    if let Some(reason) = keeps_dying(samples, bake) {
        return Verdict::Unhealthy(reason);
    }
    if good(samples) >= usize::from(bake.samples) && bad_in_a_row == 0 {
        Verdict::Healthy
    } else {
        Verdict::Inconclusive
    }
}

/// The good samples among these.
pub(crate) fn good(samples: &[Sample]) -> usize {
    let readings = samples.iter().map(Sample::reading);
    readings.filter(|reading| *reading == Reading::Good).count()
}

/// A service whose tasks stop by themselves again and again: as often as bad samples are forgiven,
/// and a tenth of its tasks at least, since a fleet of hundreds loses one now and then.
fn keeps_dying(samples: &[Sample], bake: &Bake) -> Option<String> {
    let mut stopped: BTreeMap<&ServiceName, u32> = BTreeMap::new();
    for tasks in samples.iter().flat_map(|sample| &sample.tasks) {
        let so_far = stopped.entry(&tasks.service).or_default();
        *so_far += tasks.stopped;
        let bound = u32::from(bake.failures).max(tasks.wanted.div_ceil(10));
        if tasks.stopped > 0 && *so_far >= bound {
            return Some(format!(
                "{}: {} stopped by themselves during the bake, the last one: {}",
                tasks.service,
                quantity::count(*so_far as usize, "task"),
                tasks.why.as_deref().unwrap_or("ECS gives no reason")
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests;
