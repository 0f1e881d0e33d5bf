//! Whether a release can be taken back, and how: said before anybody says yes to it.

use jiff::Timestamp;

use crate::migration::Judgement;
use crate::plan::Plan;

/// RDS makes an instance from a snapshot in about this time; blocks are loaded as they are read, so
/// its size hardly matters (Amazon RDS User Guide, "Restoring to a DB instance").
const RESTORE_MIN: u32 = 12;

/// Renaming twice, stopping and starting everything.
const AROUND_MIN: u32 = 8;

/// How long the database would be away while it is restored, in minutes. An estimate.
pub fn restore_min() -> u32 {
    RESTORE_MIN + AROUND_MIN
}

/// How this release can be taken back, in a line.
pub(super) fn way_back(plan: &Plan) -> String {
    match plan.judgement() {
        None => "not known: nobody looked at the migration".to_owned(),
        Some(judgement) if judgement.is_additive() => {
            "safe: the code that runs now also runs on the new schema".to_owned()
        }
        Some(judgement) => point_of_no_return(plan, judgement, None),
    }
}

/// What going back takes once the migration has run. `since`: when the snapshot was made, once it
/// has been.
pub fn point_of_no_return(plan: &Plan, judgement: &Judgement, since: Option<Timestamp>) -> String {
    let why = if judgement.has(crate::migration::Risk::Breaking) {
        "the code that runs now does not run on the new schema"
    } else {
        "what the migration does could not all be found out"
    };
    let lost = match since {
        Some(at) => format!("writes since {} lost", at.strftime("%H:%M UTC")),
        None => "writes since the snapshot lost".to_owned(),
    };
    let how = if plan.backup.is_some() {
        format!(
            "going back needs a database restore: about {} minutes down, {lost}",
            restore_min()
        )
    } else {
        "and no snapshot is taken: there is no way back but a newer release".to_owned()
    };
    format!("POINT OF NO RETURN at the migration: {why}; {how}")
}
