//! What a deployment needs of the world now: the level that level-triggered means.

use jiff::Timestamp;

use super::{
    backup, bake, cleanup, gate, migration, planning, provision, rehearsal, restore, rollback,
    rollout, shift, verify, withdraw,
};
use crate::command::{Command, CommandKey};
use crate::deployment::Deployment;
use crate::phase::Phase;

/// Everything the phase still needs, whether or not it failed a moment ago.
pub(super) fn all(d: &Deployment, now: Timestamp) -> Vec<Command> {
    match &d.phase {
        Phase::Queued => vec![Command::ClaimEnvironment],
        Phase::Planning { survey, .. } => planning::needs(d, survey),
        Phase::Rehearsing(rehearsing) => rehearsal::needs(d, rehearsing),
        Phase::AwaitingWindow { .. } => gate::needs(d),
        Phase::Provisioning(progress) => provision::needs(d, progress),
        Phase::Withdrawing { .. } => withdraw::needs(d),
        Phase::BackingUp(progress) => backup::needs(d, *progress),
        Phase::Migrating => migration::needs(d),
        Phase::RollingOut | Phase::UpdatingWorkers => rollout::needs(d),
        Phase::Verifying { not_before, .. } => verify::needs(d, *not_before, now),
        Phase::Shifting { samples, .. } => shift::needs(d, samples, now),
        Phase::Baking { samples, .. } => bake::needs(d, samples, now),
        Phase::CleaningUp { pruned } => cleanup::needs(d, *pruned),
        Phase::RollingBack { services, .. } => rollback::needs(d, services),
        Phase::Restoring { step } => restore::needs(d, step, now),
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
        | Phase::RestoreFailed { .. } => Vec::new(),
    }
}

/// Whether another function has stored a moment ago that it does this, or AWS has just taken it.
fn rests(d: &Deployment, command: &CommandKey, now: Timestamp) -> bool {
    let intent = d.intents.get(command);
    let is_open = intent.is_some_and(|intent| intent.open);
    let has_failed = d.setbacks.contains_key(command) && !is_open;
    !has_failed && intent.is_some_and(|intent| now < intent.rests_until())
}

/// The same without what failed and whose time has not come again, and while it is paused without
/// what changes the world. Smoke tests are not run either: they may write, and prove nothing of a
/// world that will be another one.
pub(super) fn commands(d: &Deployment, now: Timestamp) -> Vec<Command> {
    let mut commands = all(d, now);
    if d.paused.is_some() {
        commands
            .retain(|command| !command.changes_the_world() && *command != Command::RunSmokeTests);
    }
    commands.retain(|command| !command.has_effect() || !rests(d, &command.key(), now));
    if !d.setbacks.is_empty() {
        commands.retain(|command| {
            d.setbacks
                .get(&command.key())
                .is_none_or(|setback| setback.retry_at <= now)
        });
    }
    commands
}
