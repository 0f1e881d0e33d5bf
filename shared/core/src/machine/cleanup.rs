//! The end of the way forward: ECS takes the old version down, and old snapshots go.

use jiff::Timestamp;

use super::{end, late, rollout};
use crate::command::{Command, DatabaseCommand};
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::RejectedEvent;
use crate::note::Note;
use crate::observation::RolloutStatus;
use crate::phase::Phase;

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    let pruned = d.sealed_plan().plan.backup.is_none();
    d.enter(Phase::CleaningUp { pruned }, now);
    advance(d, now);
}

pub(super) fn needs(d: &Deployment, pruned: bool) -> Vec<Command> {
    let mut commands = rollout::read_shifting(d);
    if let (false, Some(backup), Some(planned)) = (
        pruned,
        &d.settings.environment.backup,
        &d.sealed_plan().plan.backup,
    ) {
        commands.push(Command::Database(DatabaseCommand::PruneSnapshots {
            database: backup.database.clone(),
            keep: backup.keep,
            spare: planned.snapshot.clone(),
        }));
    }
    commands
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match outcome {
        Outcome::Rollout { service, rollout } => {
            rollout::observe(d, service, rollout.as_ref(), now)?;
        }
        Outcome::SnapshotsPruned(removed) => {
            if !removed.is_empty() {
                d.tell(now, Note::SnapshotsPruned(removed.clone()));
            }
            give_up_pruning(d);
        }
        other => return Err(late(d, other)),
    }
    advance(d, now);
    Ok(())
}

/// The release has baked well: whatever cannot be seen of the end of it is no reason to take it back.
/// But success is said only of what ECS says is successful.
pub(super) fn give_up(d: &mut Deployment, reason: &str, now: Timestamp) {
    let reason = reason.to_owned();
    end(d, Phase::Unverified { reason }, now);
}

/// An old snapshot that stays costs money and nothing else: no reason to doubt the release.
pub(super) fn give_up_pruning(d: &mut Deployment) {
    if let Phase::CleaningUp { pruned } = &mut d.phase {
        *pruned = true;
    }
}

pub(super) fn advance(d: &mut Deployment, now: Timestamp) {
    let Phase::CleaningUp { pruned: true } = d.phase else {
        return;
    };
    let done = rollout::shifting(d).all(|service| {
        matches!(
            d.touched.rollouts.get(&service.service),
            Some(Some(rollout)) if rollout.status == RolloutStatus::Successful
        )
    });
    if done {
        d.tell(now, Note::CleanedUp);
        end(d, Phase::Succeeded, now);
    }
}
