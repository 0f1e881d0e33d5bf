//! What a deployment waits for, and when it must be looked at again.

use jiff::{SignedDuration, Timestamp};

use super::{bake, deadline, remind, restore};
use crate::deployment::Deployment;
use crate::intent::{Intent, after};
use crate::phase::Phase;
use crate::restore::RestoreStep;

/// While the environment is closed: whoever opens it wakes it, and a wake-up that is lost costs this.
const LOOK_AGAIN_S: i64 = 10 * 60;

/// When it must be looked at next; `None` once it is over.
///
/// Events from outside usually come first; this is how long a lost one delays it.
pub fn wake_at(d: &Deployment, now: Timestamp) -> Option<Timestamp> {
    let deadline = deadline(d)?;
    let pause = match &d.phase {
        // A person's click wakes it, or a reminder, or the deadline.
        Phase::AwaitingApproval | Phase::AwaitingRestoreDecision { .. } => {
            return Some(remind::next(d).map_or(deadline, |at| at.min(deadline)));
        }
        // Whoever opens it or resumes it wakes it.
        Phase::AwaitingWindow { .. } if d.paused.is_some() => return Some(deadline),
        Phase::AwaitingWindow { .. } => LOOK_AGAIN_S,
        Phase::Queued => 60,
        Phase::Planning { .. } | Phase::BackingUp(_) => 30,
        Phase::Migrating | Phase::RollingOut | Phase::UpdatingWorkers | Phase::Shifting { .. } => {
            15
        }
        Phase::Rehearsing(_) => 30,
        Phase::Provisioning(_) => 15,
        Phase::Withdrawing { .. } => 10,
        Phase::Verifying { .. } | Phase::RollingBack { .. } => 10,
        Phase::Baking { .. } | Phase::CleaningUp { .. } => 30,
        Phase::Restoring { step } => restore::look_again_s(step),
        _ => return None,
    };
    let mut at = now
        .saturating_add(SignedDuration::from_secs(pause))
        .unwrap_or(deadline);
    let mut sooner = |other: Timestamp| at = at.min(other.max(now));
    // Once it is over it waits for a look, and that for whatever made the last one fail.
    if deadline > now {
        sooner(deadline);
    }
    if let Some(end) = deadline::patience_ends(d).filter(|end| *end > now) {
        sooner(end);
    }
    // Whoever stored an intent may have died: somebody else takes it up.
    let rests = d.intents.values().map(Intent::rests_until);
    rests.filter(|until| *until > now).for_each(&mut sooner);
    match &d.phase {
        Phase::Verifying { not_before, .. } if *not_before > now => sooner(*not_before),
        Phase::Restoring { step } => {
            if let RestoreStep::Checking { not_before, .. } = **step
                && not_before > now
            {
                sooner(not_before);
            }
        }
        // One that is due already has failed and waits for its next try.
        Phase::Baking { samples, .. } | Phase::Shifting { samples, .. }
            if bake::next_sample(d, samples) > now =>
        {
            sooner(bake::next_sample(d, samples));
        }
        Phase::AwaitingWindow {
            closed: Some(closed),
        } => {
            if let Some(opens_at) = closed.opens_at.filter(|at| *at > now) {
                sooner(opens_at);
            }
        }
        _ => {}
    }
    // A retry that is due already is not made: the deployment is paused, and resuming wakes it.
    let tries = d.setbacks.values().map(|setback| setback.retry_at);
    tries.filter(|at| *at > now).for_each(&mut sooner);
    Some(at)
}

/// Longer than any function lives that began before.
const OLDER_FUNCTIONS: SignedDuration = SignedDuration::from_mins(2);

/// When people are told once more what they were told already: where the message stands for long, or
/// for good. Slack takes no condition, so an older function that was slow may have had the last word,
/// and may have died over it.
pub fn confirms_at(d: &Deployment) -> Option<Timestamp> {
    let stands = d.phase.is_terminal()
        || matches!(
            d.phase,
            Phase::AwaitingApproval | Phase::AwaitingRestoreDecision { .. }
        );
    stands.then(|| after(d.entered_at, OLDER_FUNCTIONS))
}
