//! Time: it is always [`NOW`]. When time passes, whatever happened moves into the past instead, so that
//! two ways to the same place are the same state whenever they get there.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_core::command::{CommandKey, CommandKind};
use sluice_core::deployment::{Deployment, MigrationRun};
use sluice_core::failure::Cause;
use sluice_core::intent::{CALL, Intent, LAG};
use sluice_core::note::{Entry, Note};
use sluice_core::phase::{Phase, Return};

use crate::watch::person;

/// The present.
pub const NOW: Timestamp = Timestamp::constant(1_767_603_600, 0);

/// The moment so many seconds from now.
pub(crate) fn in_seconds(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

/// How many seconds it is until then.
pub(crate) fn seconds_to(at: Timestamp) -> i32 {
    i32::try_from(at.duration_since(NOW).as_secs()).unwrap_or(i32::MAX)
}

/// The deployment so many seconds later: all that it remembers lies further back.
pub(crate) fn later(d: &Deployment, seconds: i64) -> Deployment {
    let mut d = d.clone();
    let by = SignedDuration::from_secs(seconds);
    moments(&mut d, &mut |at| *at -= by);
    forget(&mut d);
    d
}

/// Every moment that a deployment of the model remembers, but when it was asked for and when its image
/// was pushed: those are held against each other only, or against what has no time here.
fn moments(d: &mut Deployment, change: &mut dyn FnMut(&mut Timestamp)) {
    change(&mut d.entered_at);
    change(&mut d.clock_from);
    d.reminded_at.iter_mut().for_each(&mut *change);
    if d.touched.rollouts_since.is_some() || d.touched.migration.is_some() {
        let touched = &mut *d.touched;
        touched.rollouts_since.iter_mut().for_each(&mut *change);
        if let Some(run) = &mut touched.migration {
            change(&mut run.since);
            run.missing_since.iter_mut().for_each(&mut *change);
            if let Some(stopping) = &mut run.stopping {
                change(&mut stopping.since);
            }
        }
    }
    if !d.intents.is_empty() {
        let intents = d.intents.values_mut();
        intents.for_each(|intent| change(&mut intent.until));
    }
    if let Some(stop) = &mut d.stop {
        change(&mut stop.at);
    }
    if let Some(paused) = &mut d.paused {
        change(&mut paused.at);
    }
    for setback in d.setbacks.values_mut() {
        change(&mut setback.since);
        change(&mut setback.retry_at);
    }
    match &mut d.phase {
        Phase::Verifying { not_before, .. } => change(not_before),
        Phase::RollingBack { services, .. } => {
            for way in services.values_mut() {
                if let Return::Checking { since } = way {
                    change(since);
                }
            }
        }
        Phase::AwaitingWindow { closed: Some(_) }
        | Phase::Rehearsing(_)
        | Phase::Provisioning(_)
        | Phase::Withdrawing { .. }
        | Phase::Baking { .. }
        | Phase::Restoring { .. } => unreachable!("the configuration has nothing of it"),
        _ => {}
    }
}

/// Forgets what the machine will not look at any more, so that deployments which will go on alike are
/// alike.
pub(crate) fn forget(d: &mut Deployment) {
    // One that waits for its turn says once for whom: nothing else of the story is read.
    let last = d.story.last().map(|last| last.note.clone());
    let waits = matches!(d.phase, Phase::Queued);
    let waits_for = last.filter(|note| waits && matches!(note, Note::WaitingFor(_)));
    let entry = waits_for.map(|note| Arc::new(Entry { at: NOW, note }));
    d.story = entry.into_iter().collect::<Vec<_>>().into();
    // Who approved is read, not when; and of who stopped it, paused it and why it goes back only that.
    d.approvals.values_mut().for_each(|at| *at = NOW);
    if let Some(stop) = &mut d.stop {
        (stop.by, stop.at, stop.reason, stop.request) = (person(0), NOW, None, None);
    }
    if let Phase::RollingBack { cause, .. } = &mut d.phase {
        *cause = Cause::SmokeTestsFailed(Vec::new());
    }
    // A pause counts from its beginning, or from that of the phase, if that began later.
    d.entered_at = match &mut d.paused {
        Some(paused) => {
            paused.by = person(0);
            d.entered_at.max(paused.at)
        }
        None => NOW,
    };
    if !d.phase.can_pause() && d.touched.rollouts_since.is_some_and(|since| since < NOW) {
        d.touched.rollouts_since = Some(NOW);
    }
    forget_intents(d);
    let long_ago = long_ago();
    let is_old = |run: &MigrationRun| run.since < long_ago;
    if d.touched.migration.as_ref().is_some_and(is_old)
        && let Some(run) = &mut d.touched.migration
    {
        run.since = long_ago;
    }
}

/// Before this it was asked for long enough ago that "it is not there" proves that it was not.
fn long_ago() -> Timestamp {
    NOW - CALL - LAG - SignedDuration::from_secs(1)
}

/// Of what was asked for and rests no more it is read only whether it may still come, and that only of
/// a service deployment and a snapshot.
fn forget_intents(d: &mut Deployment) {
    let long_ago = long_ago();
    let may_come = |key: &CommandKey| {
        matches!(
            key.kind,
            CommandKind::StartRollout | CommandKind::StartSnapshot
        )
    };
    let is_old = |key: &CommandKey, intent: &Intent| {
        intent.until < long_ago
            || (intent.until > long_ago && intent.rests_until() <= NOW && !may_come(key))
    };
    if d.intents.iter().any(|(key, intent)| is_old(key, intent)) {
        for (key, intent) in d.intents.iter_mut() {
            if is_old(key, intent) {
                intent.until = long_ago;
            }
        }
    }
}
