//! Waiting for the environment, and giving way.

use jiff::Timestamp;

use super::{end, late, planning, rehearsal};
use crate::deployment::Deployment;
use crate::event::{Claim, Outcome};
use crate::failure::RejectedEvent;
use crate::id::DeploymentId;
use crate::note::Note;
use crate::phase::{Phase, RehearsalEnd};

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match outcome {
        Outcome::Claim(Claim::Granted) => {
            d.tell(now, Note::Began);
            planning::begin(d, false, now);
            Ok(())
        }
        Outcome::Claim(Claim::HeldBy(other)) => {
            let note = Note::WaitingFor(other.clone());
            if d.story.last().is_none_or(|entry| entry.note != note) {
                d.tell(now, note);
            }
            Ok(())
        }
        Outcome::Claim(Claim::SupersededBy(newer)) => superseded(d, newer, now),
        other => Err(late(d, other)),
    }
}

/// Gives way to a newer release, while nothing is touched. What leads back never does: releases wait
/// behind it.
pub(super) fn superseded(
    d: &mut Deployment,
    by: &DeploymentId,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    if let Phase::Rehearsing(_) = &d.phase
        && *by != d.id
    {
        // What was made for it is removed first.
        let by = by.clone();
        rehearsal::end_with(d, RehearsalEnd::Superseded { by }, now);
        return Ok(());
    }
    if !d.phase.is_untouched() || *by == d.id || d.kind.goes_first() {
        return Err(RejectedEvent::NotSuperseded {
            by: by.clone(),
            phase: d.phase.in_words(),
        });
    }
    end(d, Phase::Superseded { by: by.clone() }, now);
    Ok(())
}
