//! Whether a release can be taken back, and how: said before anybody says yes to it.

use crate::database::RestorePoint;
use crate::migration::{Judgement, Risk};
use crate::plan::{Plan, SealedPlan};
use crate::quantity;
use crate::restore::estimate;

/// How this release can be taken back, in a line.
pub(super) fn way_back(plan: &Plan) -> String {
    match plan.judgement() {
        None if plan.is_additive() => {
            "safe, as `additive` in sluice.toml promises: the migration was not inspected"
                .to_owned()
        }
        None => "not known: the migration was not inspected".to_owned(),
        Some(judgement) if judgement.is_additive() => {
            "safe: the running version is compatible with the new schema".to_owned()
        }
        Some(judgement) => point_of_no_return(plan, judgement),
    }
}

/// What going back takes once the migration has run.
pub fn point_of_no_return(plan: &Plan, judgement: &Judgement) -> String {
    let why = if judgement.has(Risk::Breaking) {
        "the running version is not compatible with the new schema"
    } else {
        "not all of the migration could be judged"
    };
    let how = if plan.backup.is_some() {
        "a rollback needs a database restore, and writes since the snapshot are lost"
    } else {
        "no snapshot is taken, so only a newer release can fix it"
    };
    format!("POINT OF NO RETURN at the migration: {why}; {how}")
}

/// How long the application stands still while the plan's restore is carried out, or while its
/// snapshot would be restored: an estimate in words, from the present size of the database. `None`
/// where there is nothing to restore.
pub fn time_away(sealed: &SealedPlan) -> Option<String> {
    let database = sealed.seen.database.as_ref()?;
    let point = match (&sealed.plan.restore, &sealed.plan.backup) {
        (Some(restore), _) => restore.point.clone(),
        (None, Some(backup)) => RestorePoint::Snapshot(backup.snapshot.clone()),
        (None, None) => return None,
    };
    Some(quantity::duration(estimate(database.storage_gib, &point)))
}
