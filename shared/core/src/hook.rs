//! What the lifecycle hook answers ECS: derived from where the deployment is, decided nowhere else.

use serde::{Deserialize, Serialize};

use crate::command::Direction;
use crate::deployment::Deployment;
use crate::id::{DeploymentId, ServiceDeploymentArn};
use crate::observation::Stage;
use crate::phase::Phase;

/// ECS asks again after this. Short, so that a yes is heard soon; ECS's own default is 30 s.
const ASK_AGAIN_AFTER_S: u32 = 15;

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

/// The answer to `call` for the deployment it belongs to.
pub fn answer(deployment: &Deployment, call: &HookCall) -> HookAnswer {
    let ours = deployment
        .touched
        .rollouts
        .values()
        .flatten()
        .find(|rollout| rollout.arn == call.service_deployment);
    let all_known = deployment.touched.rollouts.values().all(Option::is_some);
    if call.going_back || call.direction == Some(Direction::Back) {
        // Whoever goes back is let through: nothing is safer than what ran before.
        return HookAnswer::Succeeded;
    }
    if ours.is_none() && all_known && !deployment.touched.rollouts.is_empty() {
        // Somebody else's rollout of the same service, which still carries our hook.
        return HookAnswer::Succeeded;
    }
    match &deployment.phase {
        Phase::RollingBack { .. }
        | Phase::RolledBack { .. }
        | Phase::RollbackFailed { .. }
        | Phase::Failed { .. } => HookAnswer::Failed,
        // Only what has the traffic comes to these two with a rollout: it goes on as it is.
        Phase::AwaitingRestoreDecision { .. } | Phase::RolledForward { .. } => {
            HookAnswer::Succeeded
        }
        Phase::Shifting
        | Phase::Baking { .. }
        | Phase::CleaningUp { .. }
        | Phase::Succeeded
        | Phase::Unproven { .. } => HookAnswer::Succeeded,
        // There is nothing better to go back to.
        Phase::Restoring { .. } | Phase::Restored | Phase::RestoreFailed { .. } => {
            HookAnswer::Succeeded
        }
        // Also while it is paused: it cannot leave these then, and cannot be paused after them.
        Phase::RollingOut | Phase::UpdatingWorkers | Phase::Verifying { .. } => HookAnswer::WAIT,
        // No rollout of this deployment can be under way here: the hook was called for one that a
        // later save has yet to tell of.
        Phase::Queued
        | Phase::Planning { .. }
        | Phase::Rehearsing(_)
        | Phase::AwaitingApproval
        | Phase::AwaitingWindow { .. }
        | Phase::BackingUp(_)
        | Phase::Migrating
        | Phase::Superseded { .. }
        | Phase::Rejected { .. }
        | Phase::Expired
        | Phase::Cancelled { .. } => HookAnswer::WAIT,
    }
}
