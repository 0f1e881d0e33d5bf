//! Commands that failed: tried again, given up, or left to somebody's hand.

use jiff::{SignedDuration, Timestamp};

use super::{
    cleanup, comparison, deadline, fail, needs, planning, provision, rehearsal, restore, rollback,
    withdraw,
};
use crate::command::{CommandKey, CommandKind};
use crate::deployment::{Deployment, Setback};
use crate::failure::{Cause, ErrorClass, PortError, RejectedEvent};
use crate::intent::Intent;
use crate::note::Note;
use crate::phase::Phase;

/// The longest pause between two tries: a fault that passes is noticed within a minute.
const LONGEST_PAUSE_S: u64 = 60;

pub(super) fn failed(
    d: &mut Deployment,
    command: &CommandKey,
    error: &PortError,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    if !needs::all(d, now)
        .iter()
        .any(|needed| needed.key() == *command)
    {
        return Err(RejectedEvent::Late {
            event: "command-failed",
            phase: d.phase.in_words(),
        });
    }
    stop_asking(d, command, error);
    if deadline::is_over(d, now) {
        if deadline::a_failure_counts(d, command, error) {
            d.looked.insert(command.clone());
        } else {
            deadline::tell_blind(d, command, error, now);
        }
    }
    let class = match error.class {
        // Not being able to look says nothing of the release: people are asked in the end.
        ErrorClass::Permanent if is_a_look(d, command) => ErrorClass::NeedsPerson,
        class => class,
    };
    match class {
        ErrorClass::Permanent => give_up(d, command, error, now),
        ErrorClass::Retryable | ErrorClass::Newer => try_again(d, command, error, now),
        ErrorClass::NeedsPerson => {
            let known = d
                .setbacks
                .get(command)
                .is_some_and(|setback| setback.error == *error);
            if !known {
                let note = Note::NeedsPerson {
                    doing: command.to_string(),
                    error: error.clone(),
                };
                d.tell(now, note);
            }
            try_again(d, command, error, now);
        }
    }
    if command.kind == CommandKind::ReadSource {
        planning::source_failed(d, command, error, now)?;
    }
    Ok(())
}

/// Whoever asked has heard. What was refused the first time was never done; of anything else that is
/// not sure.
fn stop_asking(d: &mut Deployment, command: &CommandKey, error: &PortError) {
    let is_first = !d.setbacks.contains_key(command);
    if is_first && error.class != ErrorClass::Retryable {
        let was_heard = |intent: &Intent| !intent.open;
        if !d.intents.get(command).is_some_and(was_heard) {
            d.intents.remove(command);
        }
    } else if let Some(intent) = d.intents.get_mut(command) {
        intent.open = false;
    }
}

/// Whether it is a look at what bakes, where looks that show nothing are asked about, or at the
/// requests or the source code, without which it goes on in the end.
fn is_a_look(d: &Deployment, command: &CommandKey) -> bool {
    let bakes = matches!(d.phase, Phase::Baking { .. });
    comparison::is_read(command)
        || command.kind == CommandKind::ReadSource
        || bakes && command.kind == CommandKind::SampleHealth
}

fn try_again(d: &mut Deployment, command: &CommandKey, error: &PortError, now: Timestamp) {
    let before = d.setbacks.get(command);
    let count = before.map_or(0, |setback| setback.count) + 1;
    let since = before.map_or(now, |setback| setback.since);
    let pause_s = match error.class {
        ErrorClass::NeedsPerson => LONGEST_PAUSE_S,
        ErrorClass::Retryable | ErrorClass::Permanent | ErrorClass::Newer => {
            LONGEST_PAUSE_S.min(1 << count.min(6)) + spread_s(d, count)
        }
    };
    let retry_at = now
        .saturating_add(SignedDuration::from_secs(
            i64::try_from(pause_s).unwrap_or(60),
        ))
        .unwrap_or(now);
    d.setbacks.insert(
        command.clone(),
        Setback {
            count,
            since,
            retry_at,
            error: error.clone(),
        },
    );
}

/// Up to a quarter of the pause, different for each deployment, so that those throttled together
/// do not come back together. Not random: replaying must give the same.
fn spread_s(d: &Deployment, count: u32) -> u64 {
    let seed: u64 = d.id.as_str().bytes().map(u64::from).sum::<u64>() + u64::from(count) * 7;
    seed % ((1 << count.min(6)) / 4 + 1)
}

fn give_up(d: &mut Deployment, command: &CommandKey, error: &PortError, now: Timestamp) {
    if restore::refused(d, command, &error.message, now) {
        return;
    }
    match &d.phase {
        Phase::Rehearsing(rehearsing) if rehearsal::is_removing(&rehearsing.step) => {
            rehearsal::leave_behind(d, &error.message, now);
        }
        Phase::Rehearsing(_) => {
            let cause = Cause::Refused {
                doing: command.to_string(),
                error: error.clone(),
            };
            rehearsal::stop(d, cause, now);
        }
        // It was executed: that CloudFormation cannot be asked says nothing of how it ends.
        Phase::Provisioning(progress) if progress.asked => {
            provision::give_up(d, &error.message, now);
        }
        Phase::Withdrawing { .. } => withdraw::leave_behind(d, &error.message, now),
        Phase::RollingBack { .. } => rollback::refused(d, command, &error.message, now),
        Phase::CleaningUp { .. } if command.kind == CommandKind::PruneSnapshots => {
            let note = Note::NeedsPerson {
                doing: command.to_string(),
                error: error.clone(),
            };
            d.tell(now, note);
            cleanup::give_up_pruning(d);
            cleanup::advance(d, now);
        }
        _ => {
            let cause = Cause::Refused {
                doing: command.to_string(),
                error: error.clone(),
            };
            fail(d, cause, now);
        }
    }
}
