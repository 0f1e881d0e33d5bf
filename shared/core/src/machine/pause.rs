//! Pausing one deployment: nothing new is begun until somebody resumes it, or the pause has lasted
//! too long.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{backup, end, fail, planning};
use crate::deployment::{Deployment, Pause};
use crate::failure::{Cause, RejectedEvent};
use crate::id::{GroupId, UserId};
use crate::note::Note;
use crate::phase::Phase;
use crate::roles::{self, Action};

/// A night. Whoever paused it is back at work by then, or nobody is coming.
const PAUSE: SignedDuration = SignedDuration::from_hours(12);

/// ECS gives a lifecycle hook 24 hours and then goes back by itself. However often it is paused,
/// the phases after the pause must fit in before.
const PAUSED_ROLLOUT: SignedDuration = SignedDuration::from_hours(20);

pub(super) fn pause(
    d: &mut Deployment,
    by: &UserId,
    groups: &BTreeSet<GroupId>,
    reason: &str,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    if !d.phase.can_pause() {
        return Err(RejectedEvent::CannotPause {
            phase: d.phase.in_words(),
        });
    }
    roles::may(&d.settings.environment, Action::Pause, by, groups)?;
    if let Some(paused) = &d.paused {
        return Err(RejectedEvent::AlreadyPaused {
            by: paused.by.clone(),
        });
    }
    d.paused = Some(Pause {
        by: by.clone(),
        at: now,
        reason: reason.to_owned(),
    });
    d.tell(
        now,
        Note::Paused {
            by: by.clone(),
            reason: reason.to_owned(),
        },
    );
    Ok(())
}

pub(super) fn resume(
    d: &mut Deployment,
    by: &UserId,
    groups: &BTreeSet<GroupId>,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Some(paused) = &d.paused else {
        return Err(RejectedEvent::NotPaused {
            phase: d.phase.in_words(),
        });
    };
    roles::may(&d.settings.environment, Action::Resume, by, groups)?;
    let stood_still = now.duration_since(paused.at.max(d.entered_at));
    d.paused = None;
    d.tell(now, Note::Resumed { by: by.clone() });
    if let Phase::AwaitingWindow { .. } = d.phase {
        // Hours may have passed since the plan was drawn: see whether it still holds.
        planning::begin(d, true, now);
    } else {
        // The phase has the time left that it had when it was paused.
        d.entered_at = d.entered_at.saturating_add(stood_still).unwrap_or(now);
        let from = d.clock_from.saturating_add(stood_still).unwrap_or(now);
        d.restart_clock(from);
        backup::see_again(d, now);
    }
    Ok(())
}

/// When the pause is over in any case; `None` for a deployment that is not paused.
pub(super) fn deadline(d: &Deployment) -> Option<Timestamp> {
    let paused = d.paused.as_ref()?;
    let after = |from: Timestamp, time| from.saturating_add(time).unwrap_or(Timestamp::MAX);
    let of_pause = after(paused.at, PAUSE);
    let of_rollout = d
        .touched
        .rollouts_since
        .map(|since| after(since, PAUSED_ROLLOUT));
    Some(of_rollout.map_or(of_pause, |at| at.min(of_pause)))
}

/// Nobody came back: what has touched nothing expires, what has goes back.
pub(super) fn give_up(d: &mut Deployment, now: Timestamp) {
    let Some(paused) = &d.paused else { return };
    if d.phase.is_untouched() {
        return end(d, Phase::Expired, now);
    }
    let after_s = u64::try_from(now.duration_since(paused.at).as_secs()).unwrap_or(0);
    let by = paused.by.clone();
    fail(d, Cause::PausedTooLong { by, after_s }, now);
}
