//! The end of a deployment whose change set no one will execute: it is removed first.

use jiff::Timestamp;

use super::late;
use crate::command::{Command, CommandKey, CommandKind, StackCommand};
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::RejectedEvent;
use crate::note::Note;
use crate::phase::Phase;
use crate::planner::stack_of;

/// A look at the stack needs a change set of its own, unless there is one that was neither executed
/// nor removed.
pub(super) fn begin_change_set(d: &mut Deployment) {
    if stack_of(d).is_some() && !d.change_sets.is_open() {
        d.change_sets.begun += 1;
    }
}

fn starting(d: &Deployment) -> CommandKey {
    CommandKey::about(CommandKind::StartChangeSet, &d.change_sets.name(&d.id))
}

/// Whether CloudFormation may still come to show the change set.
pub(super) fn may_still_show(d: &Deployment, now: Timestamp) -> bool {
    d.absent_after(&starting(d)).is_some_and(|at| now < at)
}

/// Whether there may be a change set that was neither executed nor removed. One that may be executing
/// is left alone.
pub(super) fn is_due(d: &Deployment) -> bool {
    let name = d.change_sets.name(&d.id);
    let executing = CommandKey::about(CommandKind::ExecuteChangeSet, &name);
    d.change_sets.is_open()
        && d.intents.contains_key(&starting(d))
        && !d.intents.contains_key(&executing)
        && !matches!(d.phase, Phase::Withdrawing { .. })
}

pub(super) fn begin(d: &mut Deployment, ends: Phase, now: Timestamp) {
    // What is over is not paused.
    d.paused = None;
    let ends = Box::new(ends);
    d.enter(Phase::Withdrawing { ends }, now);
}

pub(super) fn needs(d: &Deployment) -> Vec<Command> {
    let stack = stack_of(d);
    let remove = stack.map(|stack| {
        Command::Stack(StackCommand::RemoveChangeSet {
            stack: stack.name.clone(),
            name: d.change_sets.name(&d.id),
        })
    });
    remove.into_iter().collect()
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Outcome::ChangeSetRemoved = outcome else {
        return Err(late(d, outcome));
    };
    // One that was never heard of may still be made.
    if d.change_sets.is_taken() || !may_still_show(d, now) {
        d.change_sets.settle();
        conclude(d, now);
    }
    Ok(())
}

/// CloudFormation does not remove it: people may, and the deployment is over.
pub(super) fn leave_behind(d: &mut Deployment, why: &str, now: Timestamp) {
    let name = d.change_sets.name(&d.id);
    let stack = stack_of(d).map(|stack| stack.name.clone());
    d.tell(
        now,
        Note::ChangeSetLeft {
            stack: stack.unwrap_or_default(),
            name,
            why: why.to_owned(),
        },
    );
    conclude(d, now);
}

fn conclude(d: &mut Deployment, now: Timestamp) {
    if let Phase::Withdrawing { ends } = &d.phase {
        let ends = (**ends).clone();
        d.enter(ends, now);
        d.tell(now, Note::Ended);
    }
}
