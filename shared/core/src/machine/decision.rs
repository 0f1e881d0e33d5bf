//! What the code alone cannot go back from: a person decides between the database from before, the
//! old code all the same, and a newer release.
//!
//! Two failures come here. A migration that failed half way and is no single transaction may have
//! left something behind. And a release that failed with traffic on it, after a migration that the
//! old code does not run on, has nowhere to go back to by itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::end;
use crate::deployment::Deployment;
use crate::failure::{Cause, RejectedEvent};
use crate::id::{GroupId, ServiceName, UserId};
use crate::note::Note;
use crate::phase::Phase;
use crate::plan::Plan;
use crate::roles::{self, Action};

/// Whether nobody but a person can say how this goes on.
pub(super) fn is_needed(d: &Deployment, cause: &Cause) -> bool {
    if cause.is_for_a_person() {
        return true;
    }
    match &d.phase {
        Phase::Migrating => {
            let plan = d.plan.as_ref().map(|sealed| &sealed.plan);
            let leaves_nothing = match plan.and_then(Plan::judgement) {
                Some(judgement) => judgement.is_transactional(),
                None => d.is_additive(),
            };
            cause.may_have_left_something(d.may_have_migrated()) && !leaves_nothing
        }
        // Before the traffic moves the old code has it anyway, on the new schema: going back takes
        // nothing from anybody.
        Phase::Shifting { .. } | Phase::Baking { .. } | Phase::CleaningUp { .. } => {
            d.breaks_what_ran_before()
        }
        _ => false,
    }
}

pub(super) fn begin(d: &mut Deployment, cause: Cause, now: Timestamp) {
    d.paused = None;
    d.tell(
        now,
        Note::RestoreDecisionNeeded {
            cause: cause.clone(),
        },
    );
    d.enter(Phase::AwaitingRestoreDecision { cause }, now);
}

/// Somebody leaves it as it is, for a newer release to mend.
pub(super) fn roll_forward(
    d: &mut Deployment,
    by: &UserId,
    groups: &BTreeSet<GroupId>,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::AwaitingRestoreDecision { cause } = &d.phase else {
        return Err(RejectedEvent::NothingToDecide {
            phase: d.phase.in_words(),
        });
    };
    roles::may(&d.settings.environment, Action::RollForward, by, groups)?;
    let (by, cause) = (by.clone(), cause.clone());
    d.tell(now, Note::RolledForward { by: by.clone() });
    end(d, Phase::RolledForward { by, cause }, now);
    Ok(())
}

/// Whether services were touched, so that the code can go back if somebody insists.
pub(super) fn can_go_back(d: &Deployment) -> bool {
    d.touched.rollouts_since.is_some()
}

/// Nobody decided. Nothing is changed any more; people are told that it is theirs.
pub(super) fn give_up(d: &mut Deployment, now: Timestamp) {
    let Phase::AwaitingRestoreDecision { cause } = &d.phase else {
        return;
    };
    let cause = cause.clone();
    if !can_go_back(d) {
        let during = "Migrating".to_owned();
        return end(d, Phase::Failed { during, cause }, now);
    }
    if let Cause::Replaced { .. } = cause {
        // What somebody deployed over it runs, and is none of Sluice's.
        let reason = format!("{cause}, and no one decided");
        return end(d, Phase::Unverified { reason }, now);
    }
    let tag = &d.release.tag;
    let stuck: BTreeMap<ServiceName, String> = d
        .touched
        .rollouts
        .keys()
        .map(|service| {
            let why = format!(
                "it runs {tag}, since the previous version is not compatible with the new schema, \
                 and no one decided"
            );
            (service.clone(), why)
        })
        .collect();
    end(d, Phase::RollbackFailed { cause, stuck }, now);
}
