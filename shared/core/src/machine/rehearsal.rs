//! The migration on a copy of the database, before anybody is asked: a snapshot, a copy made from it,
//! the migration there, and then both removed again, whatever came of it.

use jiff::Timestamp;

use super::migration::NEVER_STARTED;
use super::{approval, end, fail, gate, late};
use crate::command::{Command, CommandKey, CommandKind, DatabaseCommand, TaskCommand, TaskOrder};
use crate::config::Database;
use crate::database::{CopyOrder, CopyPurpose, CopyStatus, RestorePoint};
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::id::{SnapshotId, TaskDefinitionArn};
use crate::migration::{Rehearsal, RehearsalReading};
use crate::note::Note;
use crate::phase::{Phase, RehearsalEnd, RehearsalStep, Rehearsing};
use crate::plan::PlannedBackup;

/// Whether the migration of the plan is to be rehearsed, and was not yet with this SQL.
pub(super) fn is_due(d: &Deployment) -> bool {
    let backup = d.settings.environment.backup.as_ref();
    let Some(judgement) = d.plan.as_ref().and_then(|sealed| sealed.plan.judgement()) else {
        return false;
    };
    let is_known = |rehearsal: &Rehearsal| rehearsal.sql == judgement.sql;
    backup.is_some_and(|backup| backup.rehearse) && !d.rehearsal.as_ref().is_some_and(is_known)
}

pub(super) fn begin(d: &mut Deployment, inspector: TaskDefinitionArn, now: Timestamp) {
    d.tell(now, Note::RehearsalBegan);
    let phase = Phase::Rehearsing(Box::new(Rehearsing {
        inspector,
        never_started: 0,
        step: RehearsalStep::Snapshotting { asked: false },
        ends: None,
    }));
    d.enter(phase, now);
}

fn backup(d: &Deployment) -> Option<&PlannedBackup> {
    d.sealed_plan().plan.backup.as_ref()
}

/// The snapshot's and the copy's name: another look is another rehearsal.
fn name(d: &Deployment) -> String {
    let id = d.id.as_str();
    let id = id.strip_prefix("dep-").unwrap_or(id);
    format!("sluice-rehearsal-{id}-{}", d.looks)
}

fn snapshot(d: &Deployment) -> SnapshotId {
    SnapshotId::new(name(d))
}

/// The copy that is rehearsed on.
pub(crate) fn order(d: &Deployment) -> Option<CopyOrder> {
    let source = backup(d)?.database.clone();
    let copy = match &source {
        Database::Instance(_) => Database::Instance(name(d)),
        Database::Cluster(_) => Database::Cluster(name(d)),
    };
    Some(CopyOrder {
        source,
        from: RestorePoint::Snapshot(snapshot(d)),
        copy,
        purpose: CopyPurpose::Rehearsal,
    })
}

pub(super) fn needs(d: &Deployment, rehearsing: &Rehearsing) -> Vec<Command> {
    let (Some(backup), Some(order)) = (backup(d), order(d)) else {
        return Vec::new();
    };
    let (snapshot, database) = (snapshot(d), backup.database.clone());
    match &rehearsing.step {
        RehearsalStep::Snapshotting { asked: false } => {
            vec![Command::Database(DatabaseCommand::StartSnapshot {
                snapshot,
                database,
            })]
        }
        RehearsalStep::Snapshotting { asked: true } => {
            vec![Command::Database(DatabaseCommand::ReadSnapshot {
                snapshot,
                database,
            })]
        }
        // RDS is asked again for what a restore does not carry over.
        RehearsalStep::Copying { .. } => {
            vec![
                Command::Database(DatabaseCommand::StartCopy(order.clone())),
                Command::Database(DatabaseCommand::ReadCopy(order)),
            ]
        }
        RehearsalStep::Migrating {
            task: Some(task), ..
        } => {
            let task = task.clone();
            vec![Command::Task(TaskCommand::ReadRehearsal { task })]
        }
        RehearsalStep::Migrating {
            task: None,
            host,
            port,
            ..
        } => start(d, rehearsing, host, *port).into_iter().collect(),
        RehearsalStep::RemovingCopy => vec![Command::Database(DatabaseCommand::RemoveCopy(order))],
        RehearsalStep::RemovingSnapshot => {
            vec![Command::Database(DatabaseCommand::RemoveSnapshot {
                snapshot,
                database,
            })]
        }
    }
}

fn start(d: &Deployment, rehearsing: &Rehearsing, host: &str, port: u16) -> Option<Command> {
    let plan = &d.sealed_plan().plan;
    let migration = plan.migration.as_ref()?;
    let service = plan.service(&migration.service)?;
    let task = TaskOrder {
        token: match rehearsing.never_started {
            0 => format!("{}-r{}", d.id, d.looks),
            tries => format!("{}-r{}-{tries}", d.id, d.looks),
        },
        ecs_service: service.ecs_service.clone(),
        task_definition: rehearsing.inspector.clone(),
        container: service.container.clone(),
        command: migration.command.clone(),
    };
    Some(Command::Task(TaskCommand::StartRehearsal {
        task,
        host: host.to_owned(),
        port,
    }))
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::Rehearsing(rehearsing) = &d.phase else {
        return Err(late(d, outcome));
    };
    let wrong = |what: String| Cause::RehearsalFailed(what);
    match (&rehearsing.step, outcome) {
        (RehearsalStep::Snapshotting { asked: false }, Outcome::SnapshotStarted(_)) => {
            set(d, RehearsalStep::Snapshotting { asked: true });
        }
        // Not listed yet.
        (RehearsalStep::Snapshotting { asked: true }, Outcome::Snapshot(None))
            if may_still_show(d, CommandKind::StartSnapshot, now) => {}
        (RehearsalStep::Snapshotting { asked: true }, Outcome::Snapshot(seen)) => {
            match seen.as_ref().map(|seen| seen.status.as_str()) {
                Some("available") => set(d, RehearsalStep::Copying { since: now }),
                Some("failed") => stop(d, wrong("RDS could not take the snapshot".into()), now),
                None => stop(d, wrong("the snapshot for it has vanished".into()), now),
                Some(_) => {}
            }
        }
        (RehearsalStep::Copying { .. }, Outcome::CopyStarted) => {}
        (RehearsalStep::Copying { since }, Outcome::Copy(seen)) => match &seen.status {
            CopyStatus::Available { endpoint, port, .. } => {
                let step = RehearsalStep::Migrating {
                    copied_s: now.duration_since(*since).as_secs().try_into().unwrap_or(0),
                    host: endpoint.clone(),
                    port: *port,
                    task: None,
                };
                set(d, step);
            }
            CopyStatus::Failed(why) => {
                stop(
                    d,
                    wrong(format!("RDS could not make the copy: it is {why}")),
                    now,
                );
            }
            CopyStatus::Absent | CopyStatus::Creating(_) | CopyStatus::Settling(_) => {}
        },
        (RehearsalStep::Migrating { task: None, .. }, Outcome::RehearsalStarted(started)) => {
            let started = started.clone();
            if let Phase::Rehearsing(rehearsing) = &mut d.phase
                && let RehearsalStep::Migrating { task, .. } = &mut rehearsing.step
            {
                *task = Some(started);
            }
        }
        (RehearsalStep::Migrating { copied_s, .. }, Outcome::Rehearsal(reading)) => {
            let copied_s = *copied_s;
            rehearsed(d, reading, copied_s, now);
        }
        // What is not listed yet is removed when it is: otherwise it stays, and is billed.
        (RehearsalStep::RemovingCopy, Outcome::CopyRemoved(gone)) => {
            if *gone && !may_still_show(d, CommandKind::StartCopy, now) {
                set(d, RehearsalStep::RemovingSnapshot);
            }
        }
        (RehearsalStep::RemovingSnapshot, Outcome::SnapshotRemoved) => {
            if may_still_show(d, CommandKind::StartSnapshot, now) {
                return Ok(());
            }
            d.tell(now, Note::RehearsalRemoved);
            conclude(d, now);
        }
        (_, other) => return Err(late(d, other)),
    }
    Ok(())
}

fn rehearsed(d: &mut Deployment, reading: &RehearsalReading, copied_s: u64, now: Timestamp) {
    match reading {
        RehearsalReading::UnderWay => {}
        RehearsalReading::NotShown => {
            if is_long_ago(d, now) {
                let why = "ECS does not show its task any more, so how it ended is not known";
                stop(d, Cause::RehearsalFailed(why.to_owned()), now);
            }
        }
        RehearsalReading::NeverStarted(why) => {
            if let Phase::Rehearsing(rehearsing) = &mut d.phase
                && let RehearsalStep::Migrating { task, .. } = &mut rehearsing.step
                && rehearsing.never_started + 1 < NEVER_STARTED
            {
                *task = None;
                rehearsing.never_started += 1;
            } else {
                let why = format!("its task never started: {why}");
                stop(d, Cause::RehearsalFailed(why), now);
            }
        }
        RehearsalReading::Failed(why) => stop(d, Cause::RehearsalFailed(why.clone()), now),
        RehearsalReading::Done { took_ms, locks } => {
            let sql = d
                .sealed_plan()
                .plan
                .judgement()
                .map(|found| found.sql.clone());
            if let Some(sql) = sql {
                d.rehearsal = Some(Rehearsal {
                    sql,
                    took_ms: *took_ms,
                    locks: locks.clone(),
                    copied_s,
                });
            }
            d.tell(now, Note::Rehearsed { took_ms: *took_ms });
            remove(d, now);
        }
    }
}

/// Whether what the command asked for may be there without RDS listing it yet.
fn may_still_show(d: &Deployment, command: CommandKind, now: Timestamp) -> bool {
    let absent_after = d.absent_after(&CommandKey::of(command));
    absent_after.is_some_and(|at| now < at)
}

/// Whether ECS has had the time to show what it took.
fn is_long_ago(d: &Deployment, now: Timestamp) -> bool {
    !may_still_show(d, CommandKind::StartRehearsal, now)
}

fn set(d: &mut Deployment, step: RehearsalStep) {
    if let Phase::Rehearsing(rehearsing) = &mut d.phase {
        rehearsing.step = step;
    }
}

/// What was made is removed, with time of its own.
fn remove(d: &mut Deployment, now: Timestamp) {
    if let Phase::Rehearsing(rehearsing) = &mut d.phase
        && !is_removing(&rehearsing.step)
    {
        rehearsing.step = RehearsalStep::RemovingCopy;
        d.entered_at = now;
        d.restart_clock(now);
        d.setbacks.clear();
    }
}

/// Whether nothing is left to do but to remove.
pub(super) fn is_removing(step: &RehearsalStep) -> bool {
    matches!(
        step,
        RehearsalStep::RemovingCopy | RehearsalStep::RemovingSnapshot
    )
}

/// It went wrong: what was made is removed first.
pub(super) fn stop(d: &mut Deployment, cause: Cause, now: Timestamp) {
    end_with(d, RehearsalEnd::Failed(cause), now);
}

/// Ends the deployment in another way, once what was made is removed. What was decided first counts.
pub(super) fn end_with(d: &mut Deployment, ends: RehearsalEnd, now: Timestamp) {
    if let Phase::Rehearsing(rehearsing) = &mut d.phase {
        rehearsing.ends.get_or_insert(ends);
    }
    remove(d, now);
}

/// Nothing is left of it.
fn conclude(d: &mut Deployment, now: Timestamp) {
    let Phase::Rehearsing(rehearsing) = &d.phase else {
        return;
    };
    match rehearsing.ends.clone() {
        None if d.settings.environment.approval.is_some() => approval::begin(d, now),
        None => gate::begin(d, now),
        Some(RehearsalEnd::Failed(cause)) => fail(d, cause, now),
        Some(RehearsalEnd::Cancelled { by }) => end(d, Phase::Cancelled { by }, now),
        Some(RehearsalEnd::Superseded { by }) => end(d, Phase::Superseded { by }, now),
    }
}

/// RDS does not remove it: people must, and the deployment goes its way.
pub(super) fn leave_behind(d: &mut Deployment, why: &str, now: Timestamp) {
    let copy = order(d).map(|order| order.copy.identifier().to_owned());
    d.tell(
        now,
        Note::RehearsalLeft {
            copy: copy.unwrap_or_default(),
            why: why.to_owned(),
        },
    );
    conclude(d, now);
}
