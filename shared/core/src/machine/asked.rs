//! People who want what ran before: a deployment that is told to go back, and the end of a rollback
//! that did not come about.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{decision, end, rollback, stop};
use crate::deployment::{Deployment, Stop, Way};
use crate::failure::{Cause, RejectedEvent};
use crate::id::{ServiceName, UserId};
use crate::observation::RolloutStatus;
use crate::phase::Phase;

/// Goes back, if there is something to go back from.
pub(super) fn go_back(
    d: &mut Deployment,
    by: &UserId,
    reason: &str,
    request: &str,
    way: Way,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let phase = d.phase.in_words();
    let asked_for = || Cause::AskedFor {
        by: by.clone(),
        reason: reason.to_owned(),
        request: request.to_owned(),
    };
    match &d.phase {
        Phase::Queued
        | Phase::Planning { .. }
        | Phase::Rehearsing(_)
        | Phase::AwaitingApproval
        | Phase::Withdrawing { .. }
        | Phase::AwaitingWindow { .. } => Err(RejectedEvent::NothingToGoBackFrom { phase }),
        // No service is changed: what ran before has all the traffic.
        Phase::Provisioning(_) | Phase::BackingUp(_) | Phase::Migrating => {
            let stop = Stop {
                by: by.clone(),
                at: now,
                reason: Some(reason.to_owned()),
                request: Some(request.to_owned()),
                way,
            };
            stop::ask(d, stop, now);
            Ok(())
        }
        Phase::RollingOut
        | Phase::UpdatingWorkers
        | Phase::Verifying { .. }
        | Phase::Shifting { .. }
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. } => {
            if d.rollback().is_some() {
                return Err(RejectedEvent::IsRollback);
            }
            rollback::begin(d, asked_for(), now);
            Ok(())
        }
        Phase::AwaitingRestoreDecision { cause } => {
            if decision::can_go_back(d) {
                rollback::begin(d, asked_for(), now);
            } else {
                // No service was changed: what is left to go back is the database, and that is
                // another's work, which waits for this one to end.
                let (during, cause) = ("Migrating".to_owned(), cause.clone());
                end(d, Phase::Failed { during, cause }, now);
            }
            Ok(())
        }
        Phase::RollingBack { .. } => Err(RejectedEvent::GoingBackAlready),
        Phase::Restoring { .. } => Err(RejectedEvent::IsRestore),
        Phase::Succeeded
        | Phase::Unverified { .. }
        | Phase::Superseded { .. }
        | Phase::Rejected { .. }
        | Phase::Expired
        | Phase::Cancelled { .. }
        | Phase::Failed { .. }
        | Phase::RolledBack { .. }
        | Phase::RolledForward { .. }
        | Phase::RollbackFailed { .. }
        | Phase::Restored
        | Phase::RestoreFailed { .. } => Err(RejectedEvent::Late {
            event: "go-back",
            phase,
        }),
    }
}

/// The end of a rollback that failed with services touched. What is held at the lifecycle hook ECS
/// takes back once it hears of this end; the rest is left as it is, and people are told.
pub(super) fn end_stuck(d: &mut Deployment, cause: Cause, now: Timestamp) {
    let services = &d.sealed_plan().plan.services;
    let stuck: BTreeMap<ServiceName, String> = services
        .iter()
        .filter_map(|service| Some((service.service.clone(), missing(d, &service.service)?)))
        .collect();
    end(d, Phase::RollbackFailed { cause, stuck }, now);
}

/// Why the service is not on what was to come back; `None` if it is.
fn missing(d: &Deployment, service: &ServiceName) -> Option<String> {
    let Some(heard) = d.touched.rollouts.get(service) else {
        return Some("ECS was not asked to bring it back yet".to_owned());
    };
    let Some(rollout) = heard else {
        return Some("ECS was asked to bring it back and has not shown it yet".to_owned());
    };
    let said = |what: &str| match &rollout.reason {
        Some(reason) => Some(format!("{what}: {reason}")),
        None => Some(what.to_owned()),
    };
    match rollout.status {
        RolloutStatus::Successful => None,
        RolloutStatus::Pending | RolloutStatus::InProgress => said(match rollout.stage {
            Some(_) if rollout.traffic_percent == Some(0) => {
                "it was up without traffic, and ECS takes it down again"
            }
            _ => "ECS was still at it",
        }),
        RolloutStatus::StopRequested | RolloutStatus::Stopped => {
            said("its service deployment was stopped, or replaced by another")
        }
        RolloutStatus::RollbackRequested
        | RolloutStatus::RollbackInProgress
        | RolloutStatus::RollbackSuccessful => said(
            "ECS rolled back to the previous version by \
                                                     itself",
        ),
        RolloutStatus::RollbackFailed => said(
            "ECS tried to roll back to the previous version \
                                               and failed",
        ),
    }
}
