//! The snapshot, taken and verified.

use jiff::Timestamp;

use super::{fail, late, migration};
use crate::command::{Command, CommandKey, CommandKind, DatabaseCommand};
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::note::Note;
use crate::observation::{DatabaseObservation, SnapshotObservation};
use crate::phase::{BackingUp, Phase};

/// From here on the deployment touches the world.
pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    if d.sealed_plan().plan.backup.is_some() {
        d.enter(Phase::BackingUp(BackingUp::Starting), now);
    } else {
        migration::begin(d, now);
    }
}

/// Nobody looked for a while, and the migration was not asked for yet: the snapshot is verified again.
/// Somebody may have removed it meanwhile.
pub(super) fn see_again(d: &mut Deployment, now: Timestamp) {
    let has_begun = d.may_have_migrated();
    if matches!(d.phase, Phase::Migrating) && !has_begun && d.touched.snapshot.is_some() {
        d.enter(Phase::BackingUp(BackingUp::Waiting { progress: 100 }), now);
    }
}

pub(super) fn needs(d: &Deployment, progress: BackingUp) -> Vec<Command> {
    let Some(backup) = &d.sealed_plan().plan.backup else {
        return Vec::new();
    };
    let (snapshot, database) = (backup.snapshot.clone(), backup.database.clone());
    vec![match progress {
        BackingUp::Starting => {
            Command::Database(DatabaseCommand::StartSnapshot { snapshot, database })
        }
        BackingUp::Waiting { .. } => {
            Command::Database(DatabaseCommand::ReadSnapshot { snapshot, database })
        }
    }]
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match (&d.phase, outcome) {
        (Phase::BackingUp(BackingUp::Starting), Outcome::SnapshotStarted(snapshot)) => {
            d.phase = Phase::BackingUp(BackingUp::Waiting { progress: 0 });
            d.restart_clock(now);
            d.tell(now, Note::SnapshotStarted(snapshot.clone()));
            Ok(())
        }
        (Phase::BackingUp(BackingUp::Waiting { .. }), Outcome::Snapshot(snapshot)) => {
            judge(d, snapshot.as_ref(), now);
            Ok(())
        }
        (_, other) => Err(late(d, other)),
    }
}

fn judge(d: &mut Deployment, snapshot: Option<&SnapshotObservation>, now: Timestamp) {
    let Some(backup) = d.sealed_plan().plan.backup.clone() else {
        return;
    };
    let Some(snapshot) = snapshot else {
        // RDS may not list yet what it has accepted.
        let absent_after = d.absent_after(&CommandKey::of(CommandKind::StartSnapshot));
        if absent_after.is_some_and(|at| now < at) {
            return;
        }
        let reason = format!(
            "the snapshot {} is gone: it was removed outside Sluice",
            backup.snapshot
        );
        return fail(d, Cause::BackupFailed(reason), now);
    };
    match snapshot.status.as_str() {
        "available" => match doubt(
            d.sealed_plan().seen.database.as_ref(),
            snapshot,
            d.requested_at,
        ) {
            None => {
                d.touched.snapshot = Some(snapshot.id.clone());
                d.tell(now, Note::SnapshotVerified(snapshot.id.clone()));
                migration::begin(d, now);
            }
            Some(doubt) => fail(d, Cause::BackupFailed(doubt), now),
        },
        "failed" | "incompatible-restore" | "incompatible-parameters" => {
            let reason = format!(
                "RDS says the snapshot {} is {}",
                snapshot.id, snapshot.status
            );
            fail(d, Cause::BackupFailed(reason), now);
        }
        _ => {
            d.phase = Phase::BackingUp(BackingUp::Waiting {
                progress: snapshot.progress,
            })
        }
    }
}

/// Why an available snapshot proves nothing, if so.
fn doubt(
    database: Option<&DatabaseObservation>,
    snapshot: &SnapshotObservation,
    not_before: Timestamp,
) -> Option<String> {
    let id = &snapshot.id;
    let Some(database) = database else {
        return Some(format!(
            "nothing is known of the database that {id} is to be held against"
        ));
    };
    if snapshot.progress < 100 {
        return Some(format!(
            "{id} is available, but only {} % of it",
            snapshot.progress
        ));
    }
    if snapshot.engine != database.engine || snapshot.engine_version != database.engine_version {
        return Some(format!(
            "{id} is of {} {}, the database is {} {}",
            snapshot.engine, snapshot.engine_version, database.engine, database.engine_version
        ));
    }
    if snapshot.storage_gib < database.storage_gib {
        return Some(format!(
            "{id} holds {} GiB, the database has {} GiB",
            snapshot.storage_gib, database.storage_gib
        ));
    }
    if database.encrypted && !snapshot.encrypted {
        return Some(format!("{id} is not encrypted, the database is"));
    }
    match snapshot.created_at {
        Some(created_at) if created_at >= not_before => None,
        Some(created_at) => Some(format!(
            "{id} was made at {created_at}, before this deployment began"
        )),
        None => Some(format!("RDS does not say when {id} was made")),
    }
}
