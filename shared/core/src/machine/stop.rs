//! Calling a deployment off: at once while no service is changed and no migration runs; while one
//! runs, as soon as it has ended.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{decision, end, provision, rehearsal};
use crate::deployment::{Deployment, Stop, Way};
use crate::failure::{Cause, RejectedEvent};
use crate::id::{GroupId, UserId};
use crate::note::Note;
use crate::phase::{Phase, RehearsalEnd};
use crate::roles::{self, Action};

/// Somebody calls it off.
pub(super) fn cancel(
    d: &mut Deployment,
    by: &UserId,
    groups: &BTreeSet<GroupId>,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    if !d.phase.can_cancel() {
        return Err(RejectedEvent::TooLateToCancel {
            phase: d.phase.in_words(),
        });
    }
    roles::may(&d.settings.environment, Action::Cancel, by, groups)?;
    let stop = Stop {
        by: by.clone(),
        at: now,
        reason: None,
        request: None,
        way: Way::Back,
    };
    ask(d, stop, now);
    Ok(())
}

/// Takes the wish, in a phase that [can be cancelled](Phase::can_cancel).
pub(super) fn ask(d: &mut Deployment, stop: Stop, now: Timestamp) {
    match &d.phase {
        Phase::Rehearsing(_) => {
            // What was made for it is removed first.
            rehearsal::end_with(d, RehearsalEnd::Cancelled { by: stop.by }, now);
        }
        Phase::Provisioning(_) | Phase::Migrating if is_under_way(d) => {
            if d.stop.is_none() {
                d.tell(
                    now,
                    Note::StopTaken {
                        by: stop.by.clone(),
                    },
                );
                d.stop = Some(stop);
            }
        }
        _ => {
            let by = stop.by.clone();
            d.stop = Some(stop);
            end(d, Phase::Cancelled { by }, now);
        }
    }
}

/// Whether something runs that is not stopped half way.
fn is_under_way(d: &Deployment) -> bool {
    match d.phase {
        Phase::Provisioning(_) => provision::may_have_begun(d),
        _ => d.may_have_migrated(),
    }
}

/// The migration has ended well, and no service was changed yet: the first safe moment. Where the
/// code that runs was found not to run on the new schema, a person decides what becomes of it.
pub(super) fn after_migration(d: &mut Deployment, stop: &Stop, now: Timestamp) {
    let by = stop.by.clone();
    if d.is_additive() {
        return end(d, Phase::Cancelled { by }, now);
    }
    let reason = stop.reason.as_deref().unwrap_or("called off");
    let cause = Cause::AskedFor {
        by,
        reason: reason.to_owned(),
        request: stop.request.clone().unwrap_or_default(),
    };
    match stop.way {
        Way::Back => decision::begin(d, cause, now),
        // Decided already: the restore waits for this end.
        Way::Restore => {
            let during = d.phase.name().to_owned();
            end(d, Phase::Failed { during, cause }, now);
        }
    }
}
