//! People who are asked are reminded before the time to decide is over: at half time, and shortly
//! before its end.

use jiff::{SignedDuration, Timestamp};

use super::deadline::deadline;
use crate::deployment::Deployment;
use crate::note::Note;
use crate::phase::Phase;

/// Enough to find someone who may decide, and to read the plan.
const LAST: SignedDuration = SignedDuration::from_mins(15);

/// When people are reminded next; `None` where nobody is asked, or they were reminded for the last
/// time.
pub(super) fn next(d: &Deployment) -> Option<Timestamp> {
    let asked = asked_at(d)?;
    let until = deadline(d)?;
    let last = until.saturating_sub(LAST).ok()?;
    let half = asked.saturating_add(until.duration_since(asked) / 2).ok()?;
    let since = d.reminded_at.map_or(asked, |at| at.max(asked));
    // Of an hour at the least: half time and the end are the same moment otherwise.
    let half = (last.duration_since(half) >= LAST).then_some(half);
    half.into_iter().chain([last]).find(|at| *at > since)
}

/// The deployment once people were reminded; `None` while it is not time.
pub(super) fn pass(d: &Deployment, now: Timestamp) -> Option<Deployment> {
    let until = deadline(d)?;
    if next(d)? > now || now >= until {
        return None;
    }
    let mut next = d.clone();
    next.reminded_at = Some(now);
    next.tell(now, Note::StillOpen { until });
    Some(next)
}

/// Since when somebody's decision is waited for.
fn asked_at(d: &Deployment) -> Option<Timestamp> {
    match &d.phase {
        _ if d.paused.is_some() => None,
        Phase::AwaitingApproval | Phase::AwaitingRestoreDecision { .. } => Some(d.clock_from),
        Phase::Baking { asked_at, .. } => *asked_at,
        _ => None,
    }
}
