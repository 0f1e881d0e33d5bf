//! Time in which nobody looked: it does not count. ECS holds green until Sluice says so, and a step of
//! the traffic until it was found healthy, so an outage of Sluice, its table or an AWS API stops a
//! rollout without anything being wrong with the release.

use jiff::{SignedDuration, Timestamp};

use super::backup;
use crate::command::CommandKey;
use crate::deployment::Deployment;
use crate::intent::LAG;
use crate::note::Note;
use crate::phase::Phase;

/// Whether the phase's time is for work that stands still while nobody looks. A bake has a rule of its
/// own, a migration a limit of its owner's, and people's time is theirs.
fn stands_still(phase: &Phase) -> bool {
    matches!(
        phase,
        Phase::BackingUp(_)
            | Phase::RollingOut
            | Phase::UpdatingWorkers
            | Phase::Verifying { .. }
            | Phase::Shifting { .. }
            | Phase::RollingBack { .. }
    )
}

/// Nobody was there from when it was due to be looked at until now.
pub(super) fn was_away(d: &mut Deployment, since: Timestamp, now: Timestamp) {
    let from = since.max(d.clock_from);
    let gone = now.duration_since(from);
    if gone > LAG && d.paused.is_none() {
        backup::see_again(d, now);
        if stands_still(&d.phase) {
            put_forward(d, gone, now);
        }
    }
}

/// The command is answered again. What had failed since before it does not count for the others that
/// failed beside it.
pub(super) fn is_answered(d: &mut Deployment, command: &CommandKey, now: Timestamp) {
    let Some(setback) = d.setbacks.remove(command) else {
        return;
    };
    let gone = now.duration_since(setback.since.max(d.clock_from));
    if gone > LAG && d.paused.is_none() && stands_still(&d.phase) {
        put_forward(d, gone, now);
        for other in d.setbacks.values_mut() {
            other.since = now;
        }
    }
}

fn put_forward(d: &mut Deployment, gone: SignedDuration, now: Timestamp) {
    let from = d.clock_from.saturating_add(gone).unwrap_or(now);
    d.restart_clock(from.min(now));
    let gone_s = u64::try_from(gone.as_secs()).unwrap_or(0);
    d.tell(now, Note::TimeDoesNotCount { gone_s });
}
