//! Bringing the database back: services stop, a copy is made, the names change, services start.
//!
//! Every step looks first and decides by what is there: by resource ids, never by what was asked for
//! before. Until the old database is told to give up its name, whatever goes wrong leads back to it;
//! after that the way is forward, or a person is told exactly how things stand. Nothing is deleted.

mod copy;
mod names;
mod start;
mod stop;

use jiff::{SignedDuration, Timestamp};

use super::{end, late};
use crate::command::{Command, CommandKey};
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::note::Note;
use crate::phase::Phase;
use crate::plan::PlannedRestore;
use crate::restore::{RestoreStep, Stands};

/// Tasks have two minutes from SIGTERM to SIGKILL at most; connections drain beside that.
const STOPPING: SignedDuration = SignedDuration::from_mins(20);

/// RDS gives no times. A copy of terabytes, with a day of log to replay, takes hours; one that takes
/// longer than a working day is not worth standing still for.
const COPYING: SignedDuration = SignedDuration::from_hours(8);

/// RDS takes the request at once. If it does not, somebody has to give it a right or to make room,
/// and the application does not stand still for longer than this until they have.
const COPY_REQUEST: SignedDuration = SignedDuration::from_mins(20);

/// RDS renames in a minute or two.
const RENAMING: SignedDuration = SignedDuration::from_mins(30);

/// Tasks come up in minutes.
const STARTING: SignedDuration = SignedDuration::from_mins(30);

/// A few minutes of rounds, and time for those that were lost.
const CHECKING: SignedDuration = SignedDuration::from_mins(20);

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    d.tell(now, Note::RestoreBegan);
    enter(d, RestoreStep::Stopping { tasks: None }, now);
}

/// Each step has a deadline of its own.
fn enter(d: &mut Deployment, step: RestoreStep, now: Timestamp) {
    let step = Box::new(step);
    d.enter(Phase::Restoring { step }, now);
}

fn planned(d: &Deployment) -> &PlannedRestore {
    d.sealed_plan()
        .plan
        .restore
        .as_ref()
        .expect("a restore leaves planning with a plan for its database")
}

pub(super) fn needs(d: &Deployment, step: &RestoreStep, now: Timestamp) -> Vec<Command> {
    match step {
        RestoreStep::Stopping { tasks } => stop::needs(d, tasks.as_ref()),
        RestoreStep::Copying { tasks, copy, .. } => copy::needs(d, tasks, copy.as_ref()),
        RestoreStep::SettingAside { found, .. } => names::needs_aside(d, found),
        RestoreStep::TakingItsPlace { copy, found } => names::needs_place(d, copy, found),
        RestoreStep::Starting { services } => start::needs(d, services),
        RestoreStep::Checking { not_before, .. } => start::needs_check(*not_before, now),
        RestoreStep::StartingAgain { tasks, stuck, .. } => {
            stop::needs_again(d, tasks.as_ref(), stuck)
        }
    }
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::Restoring { step } = &d.phase else {
        return Err(late(d, outcome));
    };
    match &**step {
        RestoreStep::Stopping { .. } => stop::on(d, outcome, now),
        RestoreStep::Copying { .. } => copy::on(d, outcome, now),
        RestoreStep::SettingAside { .. } => names::on_aside(d, outcome, now),
        RestoreStep::TakingItsPlace { .. } => names::on_place(d, outcome, now),
        RestoreStep::Starting { .. } => start::on(d, outcome, now),
        RestoreStep::Checking { .. } => start::on_check(d, outcome, now),
        RestoreStep::StartingAgain { .. } => stop::on_again(d, outcome, now),
    }?;
    forget_what_is_done(d, now);
    Ok(())
}

/// What was seen may show that a command which failed is not needed any more: RDS had taken it, and
/// the answer was lost. There is nothing to try again then.
fn forget_what_is_done(d: &mut Deployment, now: Timestamp) {
    if d.setbacks.is_empty() {
        return;
    }
    if let Phase::Restoring { step } = &d.phase {
        let needed: Vec<CommandKey> = needs(d, step, now).iter().map(Command::key).collect();
        d.setbacks.retain(|command, _| needed.contains(command));
    }
}

pub(super) fn allowed(step: &RestoreStep) -> SignedDuration {
    match step {
        RestoreStep::Stopping { .. } => STOPPING,
        RestoreStep::Copying { asked: false, .. } => COPY_REQUEST,
        RestoreStep::Copying { .. } => COPYING,
        RestoreStep::SettingAside { .. } | RestoreStep::TakingItsPlace { .. } => RENAMING,
        RestoreStep::Starting { .. } | RestoreStep::StartingAgain { .. } => STARTING,
        RestoreStep::Checking { .. } => CHECKING,
    }
}

/// How soon it is looked at again, in seconds.
pub(super) fn look_again_s(step: &RestoreStep) -> i64 {
    match step {
        RestoreStep::Copying { .. } => 30,
        RestoreStep::Stopping { .. }
        | RestoreStep::SettingAside { .. }
        | RestoreStep::TakingItsPlace { .. }
        | RestoreStep::Starting { .. }
        | RestoreStep::Checking { .. }
        | RestoreStep::StartingAgain { .. } => 10,
    }
}

/// What a step does, for one that was not done in time.
pub(super) fn doing(step: &RestoreStep) -> &'static str {
    match step {
        RestoreStep::Stopping { .. } => "stopping the services",
        RestoreStep::Copying { .. } => "the copy of the database",
        RestoreStep::SettingAside { .. } => "renaming the old database",
        RestoreStep::TakingItsPlace { .. } => "renaming the restored database",
        RestoreStep::Starting { .. } => "starting the services on the restored database",
        RestoreStep::Checking { .. } => "checking what users see",
        RestoreStep::StartingAgain { .. } => "starting the services again",
    }
}

/// It goes no further: back to the old database while it has its name, else to a person.
pub(super) fn fail(d: &mut Deployment, cause: Cause, now: Timestamp) {
    let Phase::Restoring { step } = d.phase.clone() else {
        return;
    };
    match *step {
        RestoreStep::Stopping { .. } | RestoreStep::Copying { .. } => {
            stop::start_again(d, cause, now);
        }
        RestoreStep::SettingAside { copy, found, asked } => {
            // A request whose answer was lost may still be carried out: the name is not sure.
            let is_sure = !asked && !names::may_be_renaming(d);
            let name = planned(d).database.identifier();
            let has_name = found
                .get(name)
                .is_some_and(|found| found.is_ready(&planned(d).resource_id));
            if is_sure && (has_name || found.is_empty()) {
                stop::start_again(d, cause, now);
            } else {
                end_failed(d, cause, Stands::BetweenNames { copy, found }, now);
            }
        }
        RestoreStep::TakingItsPlace { copy, found } => {
            end_failed(d, cause, Stands::BetweenNames { copy, found }, now);
        }
        RestoreStep::Starting { services } => start::give_up(d, services, cause, now),
        RestoreStep::Checking { .. } => {
            end_failed(d, cause, Stands::InPlace(Default::default()), now);
        }
        RestoreStep::StartingAgain { .. } => stop::give_up(d, now),
    }
}

/// A command about one service was refused for good: that service is stuck, the others go on.
/// `false` if it is about none, or if one is too many here.
pub(super) fn refused(
    d: &mut Deployment,
    command: &CommandKey,
    reason: &str,
    now: Timestamp,
) -> bool {
    let Phase::Restoring { step } = &d.phase else {
        return false;
    };
    let planned = d.sealed_plan().plan.services.iter();
    let Some(service) = planned
        .map(|planned| planned.service.clone())
        .find(|name| command.is_about(name))
    else {
        return false;
    };
    match &**step {
        RestoreStep::Starting { .. } => start::stick(d, &service, reason, now),
        RestoreStep::StartingAgain { .. } => stop::stick(d, &service, reason, now),
        RestoreStep::Stopping { .. }
        | RestoreStep::Copying { .. }
        | RestoreStep::SettingAside { .. }
        | RestoreStep::TakingItsPlace { .. }
        | RestoreStep::Checking { .. } => return false,
    }
    true
}

fn end_failed(d: &mut Deployment, cause: Cause, stands: Stands, now: Timestamp) {
    end(d, Phase::RestoreFailed { cause, stands }, now);
}
