//! What the lifecycle hook answers ECS: derived from where the deployment is, decided nowhere else.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::command::{CommandKey, Direction};
use crate::deployment::Deployment;
use crate::id::{DeploymentId, ServiceDeploymentArn, ServiceName};
use crate::machine;
use crate::observation::Stage;
use crate::phase::{Phase, Return};
use crate::plan::PlannedService;

/// ECS asks again after this. Short, so that a yes is heard soon; ECS's own default is 30 s.
const ASK_AGAIN_AFTER_S: u32 = 15;

/// A look that is older says nothing of the step at which ECS is held now. A step lasts a minute at
/// least, and the machine looks four times in it.
const FRESH: SignedDuration = SignedDuration::from_secs(45);

/// A question of ECS: may this service deployment go on?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookCall {
    /// The deployment that `hookDetails` names: set by us when the rollout was started.
    pub deployment: Option<DeploymentId>,
    /// Which way that rollout goes, set by us likewise.
    pub direction: Option<Direction>,
    /// The service deployment that asks.
    pub service_deployment: ServiceDeploymentArn,
    /// The stage; `None` for one this version does not know.
    pub stage: Option<Stage>,
    /// Whether the traffic weights show that ECS is going back: green has 0, another has 100.
    pub going_back: bool,
}

/// What ECS is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HookAnswer {
    /// Go on.
    Succeeded,
    /// Go back.
    Failed,
    /// Ask again.
    InProgress {
        /// After so many seconds.
        again_in_s: u32,
    },
}

impl HookAnswer {
    /// The answer while nothing is known: wait. An error instead would be a rollback.
    pub const WAIT: Self = Self::InProgress {
        again_in_s: ASK_AGAIN_AFTER_S,
    };
}

/// The answer to `call` for the deployment it belongs to, or seems to belong to.
pub fn answer(deployment: &Deployment, call: &HookCall, now: Timestamp) -> HookAnswer {
    if call.going_back {
        // Whoever goes back is let through: nothing is safer than what ran before.
        return HookAnswer::Succeeded;
    }
    match whose(deployment, call) {
        Whose::Ours => of_ours(deployment, call, now),
        Whose::SomebodyElses => HookAnswer::Succeeded,
        Whose::NotKnownYet => HookAnswer::WAIT,
    }
}

/// Whose service deployment asks. What its `hookDetails` say is no evidence: they stay on a service
/// that somebody deploys by hand later.
enum Whose {
    /// The one that this deployment has asked ECS for, by its ARN.
    Ours,
    /// ECS was not asked for it by this deployment.
    SomebodyElses,
    /// ECS may have been asked for it, or was asked twice, and nobody has seen yet which one that is.
    NotKnownYet,
}

fn whose(d: &Deployment, call: &HookCall) -> Whose {
    let mut known = d.touched.rollouts.values().flatten();
    if known.any(|rollout| rollout.arn == call.service_deployment) {
        return Whose::Ours;
    }
    let planned = d.plan.iter().flat_map(|sealed| &sealed.plan.services);
    let name = call.service_deployment.ecs_service();
    let mut asking = planned.filter(|service| name.as_ref() == Some(&service.ecs_service));
    // Until it is decided that traffic may move, or may not, nothing that may be ours goes through.
    // Where an answer was lost and the list is late, ECS may have been asked twice.
    let is_open = matches!(
        d.phase,
        Phase::RollingOut
            | Phase::UpdatingWorkers
            | Phase::Verifying { .. }
            | Phase::RollingBack { .. }
    );
    let may_be_ours = |service: &PlannedService| {
        // What was stored is settled by a look only, and nobody looks while it is paused.
        let start = CommandKey::start_rollout(&service.service);
        let may_come = d.intents.contains_key(&start) && !is_untouched(d, &service.service);
        match d.touched.rollouts.get(&service.service) {
            Some(Some(_)) => is_open,
            // ECS was heard to take it: whatever it does not list yet comes.
            Some(None) => true,
            None => may_come,
        }
    };
    if !d.phase.is_terminal() && asking.any(may_be_ours) {
        Whose::NotKnownYet
    } else {
        Whose::SomebodyElses
    }
}

/// Whether a look has shown, on the way back, that ECS was never asked for the service.
fn is_untouched(d: &Deployment, service: &ServiceName) -> bool {
    match &d.phase {
        Phase::RollingBack { services, .. } => services.get(service) == Some(&Return::Returned),
        _ => false,
    }
}

fn of_ours(deployment: &Deployment, call: &HookCall, now: Timestamp) -> HookAnswer {
    match &deployment.phase {
        Phase::RollingBack { .. }
        | Phase::RolledBack { .. }
        | Phase::RollbackFailed { .. }
        | Phase::Failed { .. } => HookAnswer::Failed,
        // Only what has the traffic comes to these two with a rollout: it goes on as it is.
        Phase::AwaitingRestoreDecision { .. } | Phase::RolledForward { .. } => {
            HookAnswer::Succeeded
        }
        Phase::Shifting { held, .. } if call.stage == Some(Stage::PreProductionTrafficShift) => {
            before_a_step(deployment, *held, now)
        }
        Phase::Shifting { .. }
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. }
        | Phase::Succeeded
        | Phase::Unverified { .. } => HookAnswer::Succeeded,
        // There is nothing better to go back to.
        Phase::Restoring { .. } | Phase::Restored | Phase::RestoreFailed { .. } => {
            HookAnswer::Succeeded
        }
        // Also while it is paused: it cannot leave these then, and cannot be paused after them.
        Phase::RollingOut | Phase::UpdatingWorkers | Phase::Verifying { .. } => HookAnswer::WAIT,
        // No rollout of this deployment was seen before these are over.
        Phase::Queued
        | Phase::Planning { .. }
        | Phase::Rehearsing(_)
        | Phase::AwaitingApproval
        | Phase::AwaitingWindow { .. }
        | Phase::Provisioning(_)
        | Phase::Withdrawing { .. }
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::Superseded { .. }
        | Phase::Rejected { .. }
        | Phase::Expired
        | Phase::Cancelled { .. } => HookAnswer::WAIT,
    }
}

/// The first step is free. Before every other one the share that has the new version must have been
/// found healthy, and by a look at which ECS stood here: what was seen earlier may be of the step
/// before.
fn before_a_step(d: &Deployment, held: Option<Timestamp>, now: Timestamp) -> HookAnswer {
    let is_fresh = held.is_some_and(|at| now.duration_since(at) <= FRESH);
    let is_first = machine::part_of_the_traffic(d) == 0;
    if is_fresh && (is_first || machine::is_step_healthy(d)) {
        HookAnswer::Succeeded
    } else {
        HookAnswer::WAIT
    }
}
