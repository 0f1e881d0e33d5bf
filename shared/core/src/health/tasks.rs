//! The tasks of a service during a bake. ECS's circuit breaker looks at tasks that do not start;
//! those that start and stop again are seen here, in workers and singletons too.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Sample;
use crate::id::{ServiceName, TaskDefinitionArn};
use crate::observation::{ServiceObservation, StoppedTask};
use crate::quantity;

/// A task that autoscaling has just asked for is up by then. Until then only what was wanted before
/// must run.
const STARTS_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// ECS lists a task that has stopped some time later: what stopped shortly before a sample counts with
/// the next one.
const LISTED_WITHIN: SignedDuration = SignedDuration::from_secs(90);

/// The tasks of one service at the time of a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCount {
    /// Which service.
    pub service: ServiceName,
    /// Tasks wanted.
    pub wanted: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks that stopped by themselves since the sample before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stopped: u32,
    /// Why the last of them did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl TaskCount {
    /// Counts the tasks of `revision`: those that run, and those that stopped by themselves after
    /// `since`, up to the sample `at`.
    pub fn of(
        seen: &ServiceObservation,
        revision: &TaskDefinitionArn,
        stopped: &[StoppedTask],
        since: Timestamp,
        at: Timestamp,
    ) -> Self {
        // While ECS keeps the old version beside it, the service's own numbers are of both.
        let newest = seen.newest.as_ref();
        let newest = newest.filter(|newest| newest.task_definition == *revision);
        let (wanted, running) = newest.map_or((seen.desired, seen.running), |newest| {
            (newest.requested, newest.running)
        });
        let listed = |time: Timestamp| time.saturating_sub(LISTED_WITHIN).unwrap_or(time);
        let counted = listed(since)..listed(at);
        let mut died: Vec<&StoppedTask> = stopped
            .iter()
            .filter(|task| task.by_itself && counted.contains(&task.at))
            .collect();
        died.sort_by_key(|task| task.at);
        Self {
            service: seen.service.clone(),
            wanted,
            running,
            stopped: u32::try_from(died.len()).unwrap_or(u32::MAX),
            why: died.last().map(|task| task.reason.clone()),
        }
    }
}

/// The sample with what its tasks show, after those before it, oldest first.
///
/// Autoscaling moves what is wanted: where it scales in, fewer need to run; where it scales out, the
/// new ones are given time to start.
pub(crate) fn judged(before: &[Sample], sample: &Sample) -> Sample {
    let mut judged = sample.clone();
    let recent = |earlier: &&Sample| sample.at.duration_since(earlier.at) < STARTS_WITHIN;
    for tasks in &sample.tasks {
        let earlier = before.iter().rev().take_while(recent);
        let earlier = earlier.flat_map(|earlier| &earlier.tasks);
        let expected = earlier
            .filter(|earlier| earlier.service == tasks.service)
            .map(|earlier| earlier.wanted)
            .fold(tasks.wanted, u32::min);
        let service = &tasks.service;
        if tasks.stopped > 0 {
            let (task, themselves) = match tasks.stopped {
                1 => ("1 task".to_owned(), "itself"),
                several => (format!("{several} tasks"), "themselves"),
            };
            let why = tasks.why.as_deref().unwrap_or("ECS gives no reason");
            judged
                .bad
                .push(format!("{service}: {task} stopped by {themselves}: {why}"));
        } else if tasks.running < expected {
            let (running, runs) = (
                tasks.running,
                if tasks.running == 1 { "runs" } else { "run" },
            );
            let of = quantity::count(expected as usize, "task");
            judged
                .bad
                .push(format!("{service}: {running} of {of} {runs}"));
        }
    }
    judged
}

/// Forgets the counts that no later sample is judged by: a bake may have many samples.
pub(crate) fn forget(samples: &mut [Sample], now: Timestamp) {
    for sample in samples {
        if now.duration_since(sample.at) >= STARTS_WITHIN {
            sample.tasks.retain(|tasks| tasks.stopped > 0);
        }
    }
}
