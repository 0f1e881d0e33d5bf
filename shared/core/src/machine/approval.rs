//! Asking people.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{end, planning};
use crate::config::Member;
use crate::deployment::{Deployment, Requester};
use crate::failure::RejectedEvent;
use crate::id::{Hash, SlackGroupId, SlackUserId};
use crate::note::Note;
use crate::phase::Phase;
use crate::plan::demands::Demands;

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    d.approvals.clear();
    d.enter(Phase::AwaitingApproval, now);
}

pub(super) fn approve(
    d: &mut Deployment,
    by: &SlackUserId,
    groups: &BTreeSet<SlackGroupId>,
    plan: &Hash,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    may_decide(d, by, groups, plan)?;
    let Some(demands) = Demands::of_deployment(d) else {
        return Err(RejectedEvent::NotAwaitingApproval {
            phase: d.phase.name(),
        });
    };
    if demands.four_eyes && d.requested_by == Requester::Person(by.clone()) {
        return Err(RejectedEvent::FourEyes);
    }
    if demands.four_eyes && d.pushed_by() == Some(by) {
        return Err(RejectedEvent::FourEyesPushed);
    }
    let quorum = usize::from(demands.quorum);
    if d.approvals.contains_key(by) {
        return Err(RejectedEvent::AlreadyApproved {
            missing: quorum - d.approvals.len(),
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
    by: &SlackUserId,
    groups: &BTreeSet<SlackGroupId>,
    plan: &Hash,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    may_decide(d, by, groups, plan)?;
    let rejected = Phase::Rejected {
        by: by.clone(),
        reason: reason.map(str::to_owned),
    };
    end(d, rejected, now);
    Ok(())
}

fn may_decide(
    d: &Deployment,
    by: &SlackUserId,
    groups: &BTreeSet<SlackGroupId>,
    plan: &Hash,
) -> Result<(), RejectedEvent> {
    let (Phase::AwaitingApproval, Some(sealed), Some(approval)) =
        (&d.phase, &d.plan, &d.settings.environment.approval)
    else {
        return Err(RejectedEvent::NotAwaitingApproval {
            phase: d.phase.name(),
        });
    };
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
