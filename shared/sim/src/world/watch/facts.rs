//! What the ledger of the cloud has told so far.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sluice_core::command::Direction;
use sluice_core::id::{
    ClusterName, DeploymentId, EcsServiceName, ServiceDeploymentArn, SnapshotId, TaskDefinitionArn,
};
use sluice_core::observation::RolloutStatus;

/// The tag of a copy that a migration is rehearsed on.
pub(super) const REHEARSAL: &str = "rehearsal";

/// A service deployment.
pub(super) struct Rollout {
    pub(super) service: EcsServiceName,
    pub(super) task_definition: TaskDefinitionArn,
    pub(super) by: Option<(DeploymentId, Direction)>,
    pub(super) started_at: Timestamp,
    pub(super) ended: Option<RolloutStatus>,
}

/// What the ledger has told so far.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) rollouts: BTreeMap<ServiceDeploymentArn, Rollout>,
    /// The service deployments of each service.
    of_service: BTreeMap<(ClusterName, EcsServiceName), Vec<ServiceDeploymentArn>>,
    /// The deployments that ever had ECS update a service.
    updated: BTreeSet<DeploymentId>,
    /// The deployments that ever went on to touch the world.
    pub(super) let_through: BTreeSet<DeploymentId>,
    pub(super) available: BTreeMap<SnapshotId, Timestamp>,
    /// When a deployment's migration was started last, and with which token.
    pub(super) migrations: BTreeMap<String, (Timestamp, String)>,
    /// The tokens of tasks whose container never ran.
    pub(super) never_ran: BTreeSet<String>,
    pub(super) migrated: BTreeSet<String>,
    /// The deployments whose migration changed the schema.
    pub(super) applied: BTreeSet<String>,
    /// When someone else's hand last updated a service.
    pub(super) by_hand: BTreeMap<(ClusterName, EcsServiceName), Timestamp>,
    /// When ECS last took a release back from a service. Sluice reads that late.
    pub(super) taken_back: BTreeMap<(ClusterName, EcsServiceName), Timestamp>,
    /// Snapshots that somebody has deleted by hand, and when. What is told of one is as it was when Sluice proved
    /// it.
    pub(super) deleted_by_hand: BTreeMap<SnapshotId, Timestamp>,
    /// Services whose weights somebody has changed by hand since ECS last set them: ECS does not say so,
    /// and Sluice reads the rule only for the plan.
    pub(super) weights_by_hand: BTreeSet<(ClusterName, EcsServiceName)>,
    /// The copies of rehearsals that are there, and whose.
    pub(super) copies: BTreeMap<String, String>,
    /// Updates of stacks by their tokens, and how each ended.
    pub(super) stack_updates: BTreeMap<String, Option<String>>,
}

impl Facts {
    pub(super) fn snapshot_gone(&mut self, at: Timestamp, snapshot: SnapshotId, asked: bool) {
        self.available.remove(&snapshot);
        if !asked {
            self.deleted_by_hand.insert(snapshot, at);
        }
    }

    pub(super) fn task_stopped(&mut self, token: String, exit_code: Option<i32>) {
        match exit_code {
            Some(0) => {
                self.migrated.insert(migrates(&token).to_owned());
            }
            Some(_) => {}
            None => {
                self.never_ran.insert(token);
            }
        }
    }

    /// Traffic moved: ECS sets the weights itself then.
    pub(super) fn traffic_shifted(
        &mut self,
        at: Timestamp,
        place: (ClusterName, EcsServiceName),
        percent: u8,
    ) {
        self.weights_by_hand.remove(&place);
        if percent == 0 {
            self.taken_back.insert(place, at);
        }
    }

    pub(super) fn rollout_started(
        &mut self,
        cluster: ClusterName,
        arn: ServiceDeploymentArn,
        rollout: Rollout,
    ) {
        let place = (cluster, rollout.service.clone());
        let of_service = self.of_service.entry(place.clone()).or_default();
        of_service.push(arn.clone());
        match &rollout.by {
            Some((by, _)) => {
                self.updated.insert(by.clone());
            }
            None => {
                self.by_hand.insert(place, rollout.started_at);
            }
        }
        self.rollouts.insert(arn, rollout);
    }

    pub(super) fn rollout_ended(
        &mut self,
        at: Timestamp,
        place: (ClusterName, EcsServiceName),
        arn: &ServiceDeploymentArn,
        status: RolloutStatus,
    ) {
        if status == RolloutStatus::RollbackSuccessful {
            self.taken_back.insert(place, at);
        }
        if let Some(rollout) = self.rollouts.get_mut(arn) {
            rollout.ended = Some(status);
        }
    }

    /// Whether the deployment has ever had ECS update a service.
    pub(super) fn updated_a_service(&self, id: &DeploymentId) -> bool {
        self.updated.contains(id)
    }

    /// Whether a service deployment to the revision that is not older than `since` has succeeded.
    pub(super) fn succeeded(
        &self,
        cluster: &ClusterName,
        service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
        since: Timestamp,
    ) -> bool {
        let place = (cluster.clone(), service.clone());
        let started = self.of_service.get(&place).into_iter().flatten();
        let mut started = started.filter_map(|arn| self.rollouts.get(arn));
        started.any(|rollout| {
            rollout.task_definition == *task_definition
                && rollout.started_at >= since
                && rollout.ended == Some(RolloutStatus::Successful)
        })
    }
}

/// The deployment whose migration has this token. Another try of a task that never started has a
/// number behind it.
pub(super) fn migrates(token: &str) -> &str {
    match token.rsplit_once("-m") {
        Some((id, tries)) if tries.bytes().all(|byte| byte.is_ascii_digit()) => id,
        _ => token,
    }
}
