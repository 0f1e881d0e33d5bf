//! The environment's stack, changed before anything else. CloudFormation does the work and takes a
//! failed update back by itself: Sluice asks once, follows, and says how it ended.

use jiff::Timestamp;

use super::{backup, end, fail, late, planning};
use crate::command::{Command, CommandKey, CommandKind, StackCommand};
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::note::Note;
use crate::phase::{Phase, Provisioning};
use crate::stack::{Execution, StackEnd, StackEvent, StackUpdate};

/// From here on the deployment touches the world.
pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    if d.sealed_plan().plan.stack_changes().is_some() {
        d.enter(Phase::Provisioning(Provisioning::default()), now);
    } else {
        backup::begin(d, now);
    }
}

fn stack(d: &Deployment) -> String {
    let stack = d.sealed_plan().plan.stack.as_ref();
    stack.map_or_else(String::new, |stack| stack.name.clone())
}

/// Whether CloudFormation was, or may have been, asked to execute the change set.
pub(super) fn may_have_begun(d: &Deployment) -> bool {
    let name = d.change_sets.name(&d.id);
    let executing = CommandKey::about(CommandKind::ExecuteChangeSet, &name);
    d.intents.contains_key(&executing)
}

pub(super) fn needs(d: &Deployment, progress: &Provisioning) -> Vec<Command> {
    let (stack, name) = (stack(d), d.change_sets.name(&d.id));
    vec![match progress.asked {
        false => Command::Stack(StackCommand::ExecuteChangeSet { stack, name }),
        true => Command::Stack(StackCommand::ReadStackUpdate { stack, token: name }),
    }]
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::Provisioning(progress) = &mut d.phase else {
        return Err(late(d, outcome));
    };
    match (progress.asked, outcome) {
        (false, Outcome::ChangeSetExecuted(Execution::Taken)) => {
            progress.asked = true;
            d.change_sets.settle();
            d.restart_clock(now);
            d.tell(now, Note::StackUpdateStarted { stack: stack(d) });
        }
        (false, Outcome::ChangeSetExecuted(Execution::Void(why))) => {
            // The stack has changed since: what would be done is seen anew, and people are asked
            // again where it is something else.
            let name = d.change_sets.name(&d.id);
            let executing = CommandKey::about(CommandKind::ExecuteChangeSet, &name);
            d.intents.remove(&executing);
            d.tell(now, Note::ChangeSetVoid { why: why.clone() });
            planning::begin(d, true, now);
        }
        (true, Outcome::StackUpdate(seen)) => follow(d, seen, now),
        (_, other) => return Err(late(d, other)),
    }
    Ok(())
}

fn follow(d: &mut Deployment, seen: &StackUpdate, now: Timestamp) {
    if let Phase::Provisioning(progress) = &mut d.phase {
        progress.update = seen.clone();
    }
    let (stack, reason) = (stack(d), first_failure(seen.failed.as_ref()));
    match seen.end {
        // It runs, or its first event does not show yet.
        None => {}
        Some(StackEnd::Updated) => {
            d.touched.provisioned = true;
            d.tell(now, Note::StackUpdated { stack });
            match d.stop.clone() {
                Some(stop) => end(d, Phase::Cancelled { by: stop.by }, now),
                None => backup::begin(d, now),
            }
        }
        Some(StackEnd::RolledBack) => fail(d, Cause::StackRolledBack { stack, reason }, now),
        Some(StackEnd::Stuck) => fail(d, Cause::StackStuck { stack, reason }, now),
    }
}

fn first_failure(failed: Option<&StackEvent>) -> String {
    let unknown = || "CloudFormation does not say which resource failed".to_owned();
    failed.map_or_else(unknown, ToString::to_string)
}

/// Its time is over, or CloudFormation cannot be asked any more: how it ends is not known.
pub(super) fn give_up(d: &mut Deployment, why: &str, now: Timestamp) {
    let cause = Cause::StackUnknown {
        stack: stack(d),
        reason: why.to_owned(),
    };
    fail(d, cause, now);
}
