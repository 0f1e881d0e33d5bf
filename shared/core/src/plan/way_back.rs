//! Whether a release can be taken back, and how: said before anybody says yes to it.

use crate::database::RestorePoint;
use crate::migration::{Judgement, Risk};
use crate::plan::Plan;
use crate::restore::estimate;
use crate::words;

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
pub(crate) fn point_of_no_return(plan: &Plan, judgement: &Judgement) -> String {
    let why = if judgement.has(Risk::Breaking) {
        "the code that runs now does not run on the new schema"
    } else {
        "what the migration does could not all be found out"
    };
    let how = if let Some(away) = time_away(plan) {
        format!(
            "going back needs a database restore: about {away} down, writes since the snapshot lost"
        )
    } else {
        "and no snapshot is taken: there is no way back but a newer release".to_owned()
    };
    format!("POINT OF NO RETURN at the migration: {why}; {how}")
}

/// How sure it is that what ran before does not run on the schema of a migration that is not
/// additive: what could not be judged may be harmless.
pub(crate) fn does_not_run(judgement: &Judgement) -> &'static str {
    if judgement.has(Risk::Breaking) {
        "does not run"
    } else {
        "may not run"
    }
}

/// How long a restore of the plan's snapshot takes, in words: an estimate; `None` without a
/// snapshot.
pub(crate) fn time_away(plan: &Plan) -> Option<String> {
    let backup = plan.backup.as_ref()?;
    let point = RestorePoint::Snapshot(backup.snapshot.clone());
    Some(words::duration(estimate(backup.storage_gib, &point)))
}
