//! Whether a release can be taken back, and how: said before anybody says yes to it.

use crate::database::RestorePoint;
use crate::migration::{Judgement, Risk};
use crate::plan::{Plan, SealedPlan};
use crate::quantity;
use crate::restore::estimate;

/// How this release can be taken back, in a line.
pub(super) fn way_back(plan: &Plan) -> String {
    match plan.judgement() {
        None => "not known: nobody looked at the migration".to_owned(),
        Some(judgement) if judgement.is_additive() => {
            "safe: the code that runs now also runs on the new schema".to_owned()
        }
        Some(judgement) => point_of_no_return(plan, judgement),
    }
}

/// What going back takes once the migration has run.
pub fn point_of_no_return(plan: &Plan, judgement: &Judgement) -> String {
    let why = if judgement.has(Risk::Breaking) {
        "the code that runs now does not run on the new schema"
    } else {
        "what the migration does could not all be found out"
    };
    let how = if plan.backup.is_some() {
        "going back needs a database restore, and writes since the snapshot are lost"
    } else {
        "and no snapshot is taken: there is no way back but a newer release"
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
