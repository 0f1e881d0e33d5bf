//! The old database gives up its name, and the copy takes it.
//!
//! Which is which is decided by resource ids that are read each time. A request to RDS is made only
//! for what was seen under the name it is to lose, and RDS refuses it for anything else.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::late;
use super::{enter, fail, planned, start};
use crate::command::{Command, CommandKind, DatabaseCommand};
use crate::config::Database;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::note::Note;
use crate::phase::Phase;
use crate::restore::{Found, RestoreStep};

pub(super) fn begin(d: &mut Deployment, copy: String, now: Timestamp) {
    let step = RestoreStep::SettingAside {
        copy,
        found: BTreeMap::new(),
        asked: false,
    };
    enter(d, step, now);
}

fn look(d: &Deployment) -> Command {
    let planned = planned(d);
    Command::Database(DatabaseCommand::FindDatabases(vec![
        planned.database.clone(),
        planned.copy.clone(),
        planned.aside.clone(),
    ]))
}

fn rename(from: &Database, resource_id: &str, to: &Database) -> Command {
    Command::Database(DatabaseCommand::RenameDatabase {
        from: from.clone(),
        resource_id: resource_id.to_owned(),
        to: to.identifier().to_owned(),
    })
}

/// Whether the answer to a request for a new name was lost, so that RDS may be at it.
pub(super) fn may_be_renaming(d: &Deployment) -> bool {
    d.setbacks
        .keys()
        .any(|command| command.kind == CommandKind::RenameDatabase)
}

pub(super) fn needs_aside(d: &Deployment, found: &BTreeMap<String, Found>) -> Vec<Command> {
    let planned = planned(d);
    let old = found.get(planned.database.identifier());
    let mut commands = vec![look(d)];
    if old.is_some_and(|old| old.is_ready(&planned.resource_id)) {
        let command = rename(&planned.database, &planned.resource_id, &planned.aside);
        commands.push(command);
    }
    commands
}

pub(super) fn needs_place(
    d: &Deployment,
    copy: &str,
    found: &BTreeMap<String, Found>,
) -> Vec<Command> {
    let planned = planned(d);
    let mut commands = vec![look(d)];
    let is_ready = found
        .get(planned.copy.identifier())
        .is_some_and(|found| found.is_ready(copy));
    if is_ready && !found.contains_key(planned.database.identifier()) {
        commands.push(rename(&planned.copy, copy, &planned.database));
    }
    commands
}

pub(super) fn on_aside(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::Restoring { step } = &mut d.phase else {
        return Err(late(d, outcome));
    };
    let RestoreStep::SettingAside { copy, found, asked } = &mut **step else {
        return Err(late(d, outcome));
    };
    match outcome {
        Outcome::DatabaseRenaming { .. } => {
            *asked = true;
            return Ok(());
        }
        Outcome::DatabasesFound(seen) => *found = seen.clone(),
        other => return Err(late(d, other)),
    }
    let (copy, found) = (copy.clone(), found.clone());
    judge_aside(d, copy, &found, now);
    Ok(())
}

fn judge_aside(d: &mut Deployment, copy: String, found: &BTreeMap<String, Found>, now: Timestamp) {
    let planned = planned(d).clone();
    let (name, aside) = (planned.database.identifier(), planned.aside.identifier());
    let old = planned.resource_id.as_str();
    // The copy has it already, if what was done last was never heard of.
    let is_ours = |found: &Found| found.is(old) || found.is(&copy);
    if let Some(stranger) = found.get(name).filter(|found| !is_ours(found)) {
        let reason = stranger_has(name, stranger, old);
        return fail(d, Cause::NotRestored(reason), now);
    }
    if let Some(stranger) = found.get(aside).filter(|found| !found.is(old)) {
        let reason = stranger_has(aside, stranger, old);
        return fail(d, Cause::NotRestored(reason), now);
    }
    let is_aside = found.get(aside).is_some_and(|found| found.is_ready(old));
    if is_aside && found.get(name).is_none_or(|found| found.is(&copy)) {
        d.tell(
            now,
            Note::DatabaseSetAside {
                aside: aside.to_owned(),
            },
        );
        let step = RestoreStep::TakingItsPlace {
            copy,
            found: found.clone(),
        };
        enter(d, step, now);
    }
}

pub(super) fn on_place(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::Restoring { step } = &mut d.phase else {
        return Err(late(d, outcome));
    };
    let RestoreStep::TakingItsPlace { copy, found } = &mut **step else {
        return Err(late(d, outcome));
    };
    match outcome {
        Outcome::DatabaseRenaming { .. } => return Ok(()),
        Outcome::DatabasesFound(seen) => *found = seen.clone(),
        other => return Err(late(d, other)),
    }
    let (copy, found) = (copy.clone(), found.clone());
    let planned = planned(d);
    let name = planned.database.identifier().to_owned();
    let old = planned.resource_id.clone();
    match found.get(&name) {
        Some(taken) if taken.is_ready(&copy) => {
            d.tell(now, Note::CopyTookItsPlace);
            start::begin(d, now);
        }
        // A look may show what was before an earlier one: the old database has given up its name.
        Some(taken) if !taken.is(&copy) && !taken.is(&old) => {
            let reason = stranger_has(&name, taken, &copy);
            fail(d, Cause::NotRestored(reason), now);
        }
        Some(_) | None => {}
    }
    Ok(())
}

fn stranger_has(name: &str, stranger: &Found, expected: &str) -> String {
    let is = stranger
        .resource_id
        .as_deref()
        .unwrap_or("one whose resource id RDS does not say");
    format!("the name {name} belongs to another database ({is}), and not to {expected}")
}
