//! Asking people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{deadline, end, planning};
use crate::config::Member;
use crate::controls::Lapse;
use crate::deployment::{Deployment, Requester};
use crate::failure::RejectedEvent;
use crate::id::{GroupId, Hash, UserId};
use crate::note::Note;
use crate::phase::Phase;

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    d.approvals.clear();
    d.enter(Phase::AwaitingApproval, now);
}

/// Asks again: of the approvals there were, these do not count any more.
pub(super) fn begin_again(d: &mut Deployment, lapsed: &BTreeMap<UserId, Lapse>, now: Timestamp) {
    d.approvals.retain(|by, _| !lapsed.contains_key(by));
    d.tell(
        now,
        Note::ApprovalsLapsed {
            lapsed: lapsed.clone(),
        },
    );
    d.enter(Phase::AwaitingApproval, now);
}

/// Whether those that still count are too few.
pub(super) fn is_too_few(d: &Deployment, lapsed: &BTreeMap<UserId, Lapse>) -> bool {
    let valid = d.approvals.keys().filter(|by| !lapsed.contains_key(*by));
    let quorum = d.demands().map_or(0, |demands| usize::from(demands.quorum));
    !lapsed.is_empty() && valid.count() < quorum
}

pub(super) fn approve(
    d: &mut Deployment,
    by: &UserId,
    same: &BTreeSet<UserId>,
    groups: &BTreeSet<GroupId>,
    plan: &Hash,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    may_decide(d, by, groups, plan, now)?;
    // A person may have several ids, and is one pair of eyes and one approval with all of them.
    let is_them = |id: &UserId| id == by || same.contains(id);
    let Some(demands) = d.demands() else {
        return Err(RejectedEvent::NotAwaitingApproval {
            phase: d.phase.name(),
        });
    };
    let asked = matches!(&d.requested_by, Requester::Person(person) if is_them(person));
    if demands.four_eyes && asked {
        return Err(RejectedEvent::FourEyes);
    }
    if demands.four_eyes && d.pushed_by().is_some_and(is_them) {
        return Err(RejectedEvent::FourEyesPushed);
    }
    let quorum = usize::from(demands.quorum);
    if d.approvals.keys().any(is_them) {
        return Err(RejectedEvent::AlreadyApproved {
            missing: quorum.saturating_sub(d.approvals.len()),
        });
    }
    d.approvals.insert(by.clone(), now);
    let missing = quorum - d.approvals.len();
    d.tell(
        now,
        Note::Approved {
            by: by.clone(),
            missing,
        },
    );
    if missing == 0 {
        // Hours may have passed since the plan was drawn: see whether it still holds.
        planning::begin(d, true, now);
    }
    Ok(())
}

pub(super) fn reject(
    d: &mut Deployment,
    by: &UserId,
    groups: &BTreeSet<GroupId>,
    plan: &Hash,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    may_decide(d, by, groups, plan, now)?;
    let rejected = Phase::Rejected {
        by: by.clone(),
        reason: reason.map(str::to_owned),
    };
    end(d, rejected, now);
    Ok(())
}

fn may_decide(
    d: &Deployment,
    by: &UserId,
    groups: &BTreeSet<GroupId>,
    plan: &Hash,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let (Phase::AwaitingApproval, Some(sealed), Some(approval)) =
        (&d.phase, &d.plan, &d.settings.environment.approval)
    else {
        return Err(RejectedEvent::NotAwaitingApproval {
            phase: d.phase.name(),
        });
    };
    if let Some(until) = deadline::deadline(d).filter(|until| now >= *until) {
        return Err(RejectedEvent::DecisionExpired { until });
    }
    if sealed.hash != *plan {
        return Err(RejectedEvent::StalePlan);
    }
    let allowed = approval.approvers.iter().any(|approver| match approver {
        Member::User(user) => user == by,
        Member::Group(group) => groups.contains(group),
    });
    if !allowed {
        let approvers: Vec<String> = approval.approvers.iter().map(Member::to_string).collect();
        return Err(RejectedEvent::NotAnApprover {
            environment: d.environment().to_string(),
            approvers: approvers.join(", "),
        });
    }
    Ok(())
}
