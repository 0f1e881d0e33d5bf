//! The gate: the last thing before a deployment touches the world. It goes on while the environment
//! is open; otherwise it waits, and reads the world again once it is.
//!
//! A window that closes while a deployment is under way does not stop it: half a deployment is worse
//! than a late one. The way back never comes through here.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{approval, late, planning, provision, restore};
use crate::command::Command;
use crate::controls::ControlsObservation;
use crate::deployment::{Deployment, Override};
use crate::event::Outcome;
use crate::failure::RejectedEvent;
use crate::id::{GroupId, UserId};
use crate::note::Note;
use crate::phase::Phase;
use crate::roles::{self, Action};

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    // What leads back is let through, but not on an approval that does not count any more.
    let has_gate = !d.kind.goes_first() || !d.approvals.is_empty();
    if has_gate || d.paused.is_some() {
        d.enter(Phase::AwaitingWindow { closed: None }, now);
    } else {
        open(d, now);
    }
}

/// From here on the deployment touches the world.
fn open(d: &mut Deployment, now: Timestamp) {
    match d.restore() {
        Some(_) => restore::begin(d, now),
        None => provision::begin(d, now),
    }
}

pub(super) fn needs(d: &Deployment) -> Vec<Command> {
    // Whoever resumes it has the world read again first.
    if d.paused.is_some() {
        return Vec::new();
    }
    vec![Command::ReadControls]
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let (Phase::AwaitingWindow { closed }, Outcome::Controls(seen), None) =
        (&d.phase, outcome, &d.paused)
    else {
        return Err(late(d, outcome));
    };
    let has_waited = closed.is_some();
    let is_news = closed
        .as_ref()
        .is_none_or(|before| !seen.is_told_by(before));
    // What leads back comes here only if it was paused: once resumed it is as open to it as before.
    let is_let_through = d.overridden.is_some() || d.kind.goes_first();
    if !is_let_through && !seen.is_open_to(&d.requested_by) {
        // Whose approval counts matters once it opens, and is looked at again then.
        let mut seen = seen.clone();
        seen.lapsed.clear();
        wait(d, seen, is_news, now);
    } else if approval::is_too_few(d, &seen.lapsed) {
        approval::begin_again(d, &seen.lapsed, now);
    } else if has_waited {
        d.tell(now, Note::WindowOpened);
        planning::begin(d, true, now);
    } else {
        open(d, now);
    }
    Ok(())
}

fn wait(d: &mut Deployment, seen: Box<ControlsObservation>, is_news: bool, now: Timestamp) {
    // Not entered anew: its time runs from the first look.
    d.phase = Phase::AwaitingWindow {
        closed: Some(seen.clone()),
    };
    if is_news {
        d.tell(now, Note::WindowClosed(seen));
    }
}

/// Somebody who may lets this one deployment through.
pub(super) fn override_it(
    d: &mut Deployment,
    by: &UserId,
    groups: &BTreeSet<GroupId>,
    reason: &str,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::AwaitingWindow { closed: Some(_) } = &d.phase else {
        return Err(RejectedEvent::NothingToOverride {
            phase: d.phase.in_words(),
        });
    };
    roles::may(&d.settings.environment, Action::Override, by, groups)?;
    d.overridden = Some(Override {
        by: by.clone(),
        at: now,
        reason: reason.to_owned(),
    });
    d.tell(
        now,
        Note::Overridden {
            by: by.clone(),
            reason: reason.to_owned(),
        },
    );
    planning::begin(d, true, now);
    Ok(())
}
