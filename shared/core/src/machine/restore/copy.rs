//! The copy, until it can take the database's place.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::late;
use super::{fail, names, planned, stop};
use crate::command::{Command, DatabaseCommand};
use crate::database::{CopyOrder, CopyPurpose, CopyStatus};
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::id::ServiceName;
use crate::note::Note;
use crate::phase::Phase;
use crate::restore::{RestoreStep, Tasks};

pub(super) fn begin(d: &mut Deployment, tasks: BTreeMap<ServiceName, Tasks>, now: Timestamp) {
    let step = RestoreStep::Copying {
        tasks,
        asked: false,
        copy: None,
    };
    super::enter(d, step, now);
}

fn order(d: &Deployment) -> CopyOrder {
    let planned = planned(d);
    CopyOrder {
        source: planned.database.clone(),
        from: planned.point.clone(),
        copy: planned.copy.clone(),
        purpose: CopyPurpose::Replacement,
    }
}

/// RDS is asked for the copy, and for whatever it still lacks, until it is whole. Beside that nobody
/// may come up and write: a schedule of autoscaling, or somebody who does not know.
pub(super) fn needs(
    d: &Deployment,
    tasks: &BTreeMap<ServiceName, Tasks>,
    copy: Option<&CopyStatus>,
) -> Vec<Command> {
    let mut commands = stop::look_and_stop(d, tasks);
    match copy {
        None | Some(CopyStatus::Absent | CopyStatus::Settling(_)) => {
            commands.push(Command::Database(DatabaseCommand::StartCopy(order(d))));
            commands.push(Command::Database(DatabaseCommand::ReadCopy(order(d))));
        }
        Some(CopyStatus::Creating(_) | CopyStatus::Available { .. } | CopyStatus::Failed(_)) => {
            commands.push(Command::Database(DatabaseCommand::ReadCopy(order(d))))
        }
    }
    commands
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let name = planned(d).copy.identifier().to_owned();
    let Phase::Restoring { step } = &mut d.phase else {
        return Err(late(d, outcome));
    };
    let RestoreStep::Copying { tasks, asked, copy } = &mut **step else {
        return Err(late(d, outcome));
    };
    match outcome {
        Outcome::ServiceScaled { .. } | Outcome::CopyStarted => {}
        Outcome::Services(seen) => *tasks = stop::tasks_of(seen),
        Outcome::Copy(seen) => *copy = Some(seen.status.clone()),
        other => return Err(late(d, other)),
    }
    // The answer may have been lost: a copy that is there was asked for.
    let is_there = !matches!(copy, None | Some(CopyStatus::Absent));
    let is_taken = is_there || matches!(outcome, Outcome::CopyStarted);
    if is_taken && !*asked {
        *asked = true;
        d.tell(now, Note::CopyStarted { copy: name });
    }
    advance(d, now);
    Ok(())
}

fn advance(d: &mut Deployment, now: Timestamp) {
    let Phase::Restoring { step } = &d.phase else {
        return;
    };
    let RestoreStep::Copying { tasks, copy, .. } = &**step else {
        return;
    };
    let name = planned(d).copy.identifier().to_owned();
    match copy {
        Some(CopyStatus::Failed(status)) => {
            let reason = format!(
                "RDS could not make {name} from {}: it is {status}",
                planned(d).point
            );
            fail(d, Cause::NotRestored(reason), now);
        }
        Some(CopyStatus::Available { resource_id, .. }) if stop::all_stand_still(d, tasks) => {
            let copy = resource_id.clone();
            d.tell(now, Note::CopyAvailable { copy: name });
            names::begin(d, copy, now);
        }
        None
        | Some(
            CopyStatus::Absent
            | CopyStatus::Creating(_)
            | CopyStatus::Settling(_)
            | CopyStatus::Available { .. },
        ) => {}
    }
}
