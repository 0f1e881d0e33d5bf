//! The one function that moves a deployment.
//!
//! One file for each kind of work. Each says which outcomes its phase takes and what the phase
//! still needs of the world; what is not taken is refused with a typed error.

mod approval;
mod asked;
mod away;
mod backup;
mod bake;
mod cleanup;
mod comparison;
mod deadline;
mod decision;
mod gate;
mod hold;
mod migration;
mod needs;
mod pause;
mod planning;
mod provision;
mod queue;
mod rehearsal;
mod remind;
mod restore;
mod retry;
mod rollback;
mod rollout;
mod shift;
mod stop;
mod verify;
mod wait;
mod withdraw;

use jiff::Timestamp;

use crate::command::{Command, CommandKey};
use crate::deployment::Deployment;
use crate::event::{Event, Outcome};
use crate::failure::{Cause, RejectedEvent};
use crate::intent::Intent;
use crate::note::Note;
use crate::phase::Phase;

pub use bake::what_is_known;
pub use deadline::deadline;
pub(crate) use shift::{is_healthy as is_step_healthy, part_of_the_traffic};
pub use wait::{confirms_at, wake_at};

/// What an event does to a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The deployment after the event; `None` if the event told nothing new.
    pub next: Option<Deployment>,
    /// What is to be done now, all of it at once. Only [`Event::Wake`] brings forth commands.
    pub commands: Vec<Command>,
}

/// Moves a deployment.
///
/// # Errors
/// The event is none that this phase takes: late, doubled, or not allowed. The deployment is as it
/// was.
pub fn step(
    deployment: &Deployment,
    event: &Event,
    now: Timestamp,
) -> Result<Transition, RejectedEvent> {
    if let Event::Wake = event {
        return Ok(wake(deployment, now));
    }
    let mut next = deployment.clone();
    take(&mut next, event, now)?;
    let changed = next != *deployment;
    Ok(Transition {
        next: changed.then_some(next),
        commands: Vec::new(),
    })
}

fn wake(deployment: &Deployment, now: Timestamp) -> Transition {
    if deployment.phase.is_terminal() {
        return Transition {
            next: None,
            commands: Vec::new(),
        };
    }
    let next = deadline::pass(deployment, now);
    let mut next = next.or_else(|| remind::pass(deployment, now));
    let commands = needs::commands(next.as_ref().unwrap_or(deployment), now);
    // What is to be done is stored before anybody does it.
    for command in commands.iter().filter(|command| command.has_effect()) {
        let next = next.get_or_insert_with(|| deployment.clone());
        next.intents.insert(command.key(), Intent::at(now));
    }
    Transition { next, commands }
}

fn take(d: &mut Deployment, event: &Event, now: Timestamp) -> Result<(), RejectedEvent> {
    match event {
        Event::Wake => Ok(()),
        Event::WasAway { since } => {
            away::was_away(d, *since, now);
            Ok(())
        }
        Event::Approve {
            by,
            groups,
            plan,
            same,
        } => approval::approve(d, by, same, groups, plan, now),
        Event::Reject {
            by,
            groups,
            plan,
            reason,
        } => approval::reject(d, by, groups, plan, reason.as_deref(), now),
        Event::RollForward { by, groups } => decision::roll_forward(d, by, groups, now),
        Event::GoBack {
            by,
            reason,
            request,
            way,
        } => asked::go_back(d, by, reason, request, *way, now),
        Event::Cancel { by, groups } => stop::cancel(d, by, groups, now),
        Event::Override { by, groups, reason } => gate::override_it(d, by, groups, reason, now),
        Event::Keep { by, groups } => bake::keep(d, by, groups, now),
        Event::Pause { by, groups, reason } => pause::pause(d, by, groups, reason, now),
        Event::Resume { by, groups } => pause::resume(d, by, groups, now),
        Event::SupersededBy { deployment } => queue::superseded(d, deployment, now),
        Event::Done { command, outcome } => {
            if is_of_another_task(d, outcome, command, now) {
                return Err(late(d, outcome));
            }
            heard(d, command, now);
            let was_waited_for = deadline::is_waited_for(d, now);
            take_outcome(d, outcome, now)?;
            away::is_answered(d, command, now);
            if was_waited_for && deadline::is_waited_for(d, now) {
                d.looked.insert(command.clone());
            }
            Ok(())
        }
        Event::CommandFailed { command, error } => retry::failed(d, command, error, now),
    }
}

/// Whether it tells of a task that is not looked at any more: a slow function looked at the one before.
fn is_of_another_task(
    d: &Deployment,
    outcome: &Outcome,
    command: &CommandKey,
    now: Timestamp,
) -> bool {
    let is_of_a_task = matches!(
        outcome,
        Outcome::Inspection(_) | Outcome::Migration(_) | Outcome::Rehearsal(_)
    );
    let is_needed = || needs::all(d, now).iter().any(|one| one.key() == *command);
    is_of_a_task && !is_needed()
}

/// AWS has taken what was asked for: it was asked by now at the latest.
fn heard(d: &mut Deployment, command: &CommandKey, now: Timestamp) {
    if d.intents.contains_key(command)
        && let Some(intent) = d.intents.get_mut(command)
    {
        intent.open = false;
        intent.until = intent.until.min(now);
    }
}

fn take_outcome(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match &d.phase {
        Phase::Queued => queue::on(d, outcome, now),
        Phase::Planning { .. } => planning::on(d, outcome, now),
        Phase::Rehearsing(_) => rehearsal::on(d, outcome, now),
        Phase::AwaitingWindow { .. } => gate::on(d, outcome, now),
        Phase::Provisioning(_) => provision::on(d, outcome, now),
        Phase::Withdrawing { .. } => withdraw::on(d, outcome, now),
        Phase::BackingUp(_) => backup::on(d, outcome, now),
        Phase::Migrating => migration::on(d, outcome, now),
        Phase::RollingOut | Phase::UpdatingWorkers => rollout::on(d, outcome, now),
        Phase::Verifying { .. } => verify::on(d, outcome, now),
        Phase::Shifting { .. } => shift::on(d, outcome, now),
        Phase::Baking { .. } => bake::on(d, outcome, now),
        Phase::CleaningUp { .. } => cleanup::on(d, outcome, now),
        Phase::RollingBack { .. } => rollback::on(d, outcome, now),
        Phase::Restoring { .. } => restore::on(d, outcome, now),
        Phase::AwaitingApproval
        | Phase::AwaitingRestoreDecision { .. }
        | Phase::RolledForward { .. }
        | Phase::Succeeded
        | Phase::Unverified { .. }
        | Phase::Superseded { .. }
        | Phase::Rejected { .. }
        | Phase::Expired
        | Phase::Cancelled { .. }
        | Phase::Failed { .. }
        | Phase::RolledBack { .. }
        | Phase::RollbackFailed { .. }
        | Phase::Restored
        | Phase::RestoreFailed { .. } => Err(late(d, outcome)),
    }
}

/// An outcome that the phase does not take: its command belongs to a phase gone by.
fn late(d: &Deployment, outcome: &Outcome) -> RejectedEvent {
    RejectedEvent::Late {
        event: outcome.name(),
        phase: d.phase.in_words(),
    }
}

/// Ends a deployment, once its change set is removed if no one will execute that.
fn end(d: &mut Deployment, phase: Phase, now: Timestamp) {
    if withdraw::is_due(d) {
        return withdraw::begin(d, phase, now);
    }
    d.enter(phase, now);
    d.tell(now, Note::Ended);
}

/// Something went wrong: back, if a service may have been changed; else that is the end. So it is
/// of a rollback, which has no way back of its own. A restore knows which way is left, and where the
/// code alone cannot go back a person is asked.
fn fail(d: &mut Deployment, cause: Cause, now: Timestamp) {
    if let Phase::Restoring { .. } = d.phase {
        restore::fail(d, cause, now);
    } else if decision::is_needed(d, &cause) {
        decision::begin(d, cause, now);
    } else if d.touched.rollouts_since.is_none() {
        let during = d.phase.name().to_owned();
        end(d, Phase::Failed { during, cause }, now);
    } else if d.rollback().is_some() {
        asked::end_stuck(d, cause, now);
    } else {
        rollback::begin(d, cause, now);
    }
}
