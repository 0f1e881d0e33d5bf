//! Smoke tests against the new version.

use jiff::{SignedDuration, Timestamp};

use super::{fail, late, rollout, shift};
use crate::command::Command;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::note::Note;
use crate::observation::SmokeResult;
use crate::phase::Phase;

/// A cold cache or a slow first connection may fail a first round; a broken release fails three.
const ROUNDS: u8 = 3;

/// Between rounds.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    // While it is paused ECS is not let go on.
    if d.sealed_plan().plan.smoke_tests.is_empty() && d.paused.is_none() {
        d.tell(now, Note::SmokeTestsPassed { count: 0 });
        shift::begin(d, now);
    } else {
        d.enter(
            Phase::Verifying {
                failed_rounds: 0,
                not_before: now,
            },
            now,
        );
    }
}

/// The tests, and beside them whether ECS still holds green for us.
pub(super) fn needs(d: &Deployment, not_before: Timestamp, now: Timestamp) -> Vec<Command> {
    let mut commands = rollout::read_shifting(d);
    if now >= not_before {
        commands.push(Command::RunSmokeTests);
    }
    commands
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match outcome {
        Outcome::Rollout { service, rollout } => {
            rollout::observe(d, service, rollout.as_ref(), now)
        }
        // Two functions tested at once: the same round counts once. One that was under way when
        // somebody paused it does not count: traffic would move on it.
        Outcome::SmokeTests(results) if may_run(d, now) => {
            judge(d, results, now);
            Ok(())
        }
        other => Err(late(d, other)),
    }
}

fn may_run(d: &Deployment, now: Timestamp) -> bool {
    let is_due = matches!(d.phase, Phase::Verifying { not_before, .. } if now >= not_before);
    is_due && d.paused.is_none()
}

fn judge(d: &mut Deployment, results: &[SmokeResult], now: Timestamp) {
    let Phase::Verifying {
        failed_rounds,
        not_before,
    } = &mut d.phase
    else {
        return;
    };
    let failures: Vec<String> = results
        .iter()
        .filter_map(|result| Some(format!("{}: {}", result.name, result.failure.as_ref()?)))
        .collect();
    if failures.is_empty() {
        d.tell(
            now,
            Note::SmokeTestsPassed {
                count: results.len(),
            },
        );
        return shift::begin(d, now);
    }
    *failed_rounds += 1;
    *not_before = now.saturating_add(PAUSE).unwrap_or(now);
    if *failed_rounds >= ROUNDS {
        fail(d, Cause::SmokeTestsFailed(failures), now);
    } else {
        d.tell(now, Note::SmokeTestsFailedOnce { failures });
    }
}
