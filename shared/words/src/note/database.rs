//! Snapshots, rehearsals and migrations of the database.

use sluice_core::failure::Cause;
use sluice_core::id::{SnapshotId, TaskArn, UserId};
use sluice_core::note::short_arn;
use sluice_core::quantity;

pub(super) const REHEARSAL_BEGAN: &str = "rehearsing the migration on a copy of the database: a \
     snapshot, a restore and the run take half an hour or more, and the copy is billed until it is \
     removed";

pub(super) fn snapshot_verified(snapshot: &SnapshotId) -> String {
    format!("snapshot {snapshot} verified: available, complete, of the right database")
}

pub(super) fn snapshots_pruned(removed: usize) -> String {
    let removed = quantity::count(removed, "old snapshot");
    format!("removed {removed} by the backup rule")
}

pub(super) fn rehearsed(took_ms: u64) -> String {
    let took = quantity::duration_ms(took_ms);
    format!("the migration ran on the copy in {took}")
}

pub(super) fn rehearsal_left(copy: &str, why: &str) -> String {
    format!(
        "the copy {copy} could NOT be removed and is billed until someone removes it: {why}. \
         Remove the database and the snapshot of that name in RDS"
    )
}

pub(super) fn inspecting(task: &TaskArn) -> String {
    let task = short_arn(task.as_str());
    format!("Inspecting pending migrations (read-only task {task})")
}

pub(super) fn migration_started(task: &TaskArn) -> String {
    format!("migration started (task {})", short_arn(task.as_str()))
}

pub(super) fn task_never_started(why: &str) -> String {
    format!("the task never started, so nothing was executed ({why}); starting another one")
}

pub(super) fn migration_stopping(after_s: u64) -> String {
    let after = quantity::duration_s(after_s);
    format!("the migration is not done after {after}: Sluice stops it and then checks the database")
}

pub(super) fn migration_confirmed(head: &str) -> String {
    format!("Confirmed: the database is at revision {head}")
}

pub(super) fn decision_needed(cause: &Cause) -> String {
    match cause.is_for_a_person() {
        true => format!("{cause}. Sluice has stopped; someone must decide how it goes on"),
        false => {
            format!("{cause}. Decision needed: rolling back the code alone does not fix it")
        }
    }
}

pub(super) fn rolled_forward(by: &UserId) -> String {
    format!("<@{by}> rolls forward: everything stays as it is until a newer release fixes it")
}
