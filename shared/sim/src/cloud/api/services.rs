//! Services with their revisions and service deployments, described whole.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sluice_core::command::Direction;
use sluice_core::config::Strategy;
use sluice_core::id::{
    AlarmName, ClusterName, ContainerName, DeploymentId, EcsServiceName, ServiceDeploymentArn,
    TaskArn, TaskDefinitionArn,
};
use sluice_core::observation::{RolloutStatus, Stage};

use crate::cloud::ecs::{Revision, Rollout, RolloutConfig, Service, Sight, is_alive};
use crate::cloud::lag::Read;
use crate::cloud::{Cloud, FrontSettings, Place};

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDescription {
    /// Where it is.
    pub place: Arc<Place>,
    /// Its cluster.
    pub cluster: ClusterName,
    /// Its name.
    pub name: EcsServiceName,
    /// The container that runs the application.
    pub container: ContainerName,
    /// Tasks wanted.
    pub desired: u32,
    /// What it was last told to run, or was set back to.
    pub task_definition: TaskDefinitionArn,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it is deployed.
    pub configuration: ConfigurationDescription,
    /// Names and weights of its two target groups; `None` without a load balancer.
    pub target_groups: Option<[(String, u32); 2]>,
    /// How people have set up what stands before it; `None` without a load balancer.
    pub front: Option<FrontSettings>,
    /// Every revision, oldest first.
    pub revisions: Vec<RevisionDescription>,
    /// Every service deployment, oldest first.
    pub rollouts: Vec<RolloutDescription>,
}

/// A service revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionDescription {
    /// The last part of its ARN.
    pub id: u64,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// Tasks running.
    pub running: u32,
    /// Which of the service's two target groups it stands in.
    pub target_group: usize,
    /// Whether its tasks pass the load balancer's health check.
    pub healthy: bool,
    /// Whether the test listener points at it.
    pub on_test: bool,
}

/// A service deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutDescription {
    /// Its ARN.
    pub arn: ServiceDeploymentArn,
    /// The revision it brings up.
    pub target: u64,
    /// The revision a rollback goes to.
    pub source: Option<u64>,
    /// Where ECS is with it.
    pub status: RolloutStatus,
    /// Its lifecycle stage; rolling ones have none.
    pub stage: Option<Stage>,
    /// ECS's reason.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How it is done.
    pub configuration: ConfigurationDescription,
    /// Starts of tasks that failed.
    pub failed_starts: u32,
}

/// A task of a service that has stopped by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTask {
    /// Its ARN.
    pub arn: TaskArn,
    /// What it ran.
    pub task_definition: TaskDefinitionArn,
    /// The container that ran the application.
    pub container: ContainerName,
    /// That container's image.
    pub image: String,
    /// When it stopped.
    pub stopped_at: Timestamp,
    /// That container's exit code.
    pub exit_code: i32,
    /// `stoppedReason`.
    pub stopped_reason: &'static str,
}

/// `deploymentConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationDescription {
    /// How the new version is brought up.
    pub strategy: Strategy,
    /// How long both versions stay after the shift.
    pub bake: SignedDuration,
    /// Alarms that make ECS go back.
    pub alarms: Vec<AlarmName>,
    /// Whether a rolling deployment whose tasks do not start goes back.
    pub circuit_breaker: bool,
    /// The hook that holds it.
    pub hook: Option<HookDescription>,
    /// As it came over the wire, with what the model does not know.
    pub as_sent: Option<Arc<Value>>,
}

/// A lifecycle hook of Sluice's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookDescription {
    /// Where it is called.
    pub stages: Vec<Stage>,
    /// Told to it: whose rollout it is.
    pub deployment: DeploymentId,
    /// Told to it: which way it goes.
    pub direction: Direction,
}

impl From<&RolloutConfig> for ConfigurationDescription {
    fn from(config: &RolloutConfig) -> Self {
        Self {
            strategy: config.strategy.clone(),
            bake: config.bake,
            alarms: config.alarms.clone(),
            circuit_breaker: config.circuit_breaker,
            hook: config.hook.as_ref().map(|hook| HookDescription {
                stages: hook.stages.clone(),
                deployment: hook.deployment.clone(),
                direction: hook.direction,
            }),
            as_sent: config.as_sent.clone(),
        }
    }
}

impl Cloud {
    /// Every service of the place.
    pub fn services_in(&self, place: &Place) -> Vec<ServiceDescription> {
        let here = self.services_at(place);
        here.map(|at| self.describe(self.sight(at))).collect()
    }

    /// Every service of the place as a read of this kind has it.
    pub fn services_seen(&self, place: &Place, read: Read) -> Vec<ServiceDescription> {
        let here = self.services_at(place);
        here.map(|at| self.describe(self.sight_of(at, read)))
            .collect()
    }

    fn services_at(&self, place: &Place) -> impl Iterator<Item = usize> {
        let all = self.ecs.services.iter().enumerate();
        let here = all.filter(|(_, service)| *service.place == *place);
        here.map(|(at, _)| at)
    }

    /// The service, if the place has it.
    pub fn service_in(
        &self,
        place: &Place,
        cluster: &ClusterName,
        name: &EcsServiceName,
    ) -> Option<ServiceDescription> {
        let at = self.service_at(place, cluster, name)?;
        Some(self.describe(self.sight(at)))
    }

    /// The service as a read of this kind has it.
    pub fn service_seen(
        &self,
        place: &Place,
        cluster: &ClusterName,
        name: &EcsServiceName,
        read: Read,
    ) -> Option<ServiceDescription> {
        let at = self.service_at(place, cluster, name)?;
        Some(self.describe(self.sight_of(at, read)))
    }

    fn describe(&self, seen: Sight<'_>) -> ServiceDescription {
        let service = seen.service;
        let traffic = service.traffic.as_ref();
        let rollouts = service.rollouts.iter();
        ServiceDescription {
            place: service.place.clone(),
            cluster: service.cluster.clone(),
            name: service.name.clone(),
            container: service.container.clone(),
            desired: service.desired,
            task_definition: self.arn_of(service.task_definition),
            created_at: service.created_at,
            configuration: service.config.as_ref().into(),
            target_groups: traffic.map(|traffic| traffic.groups()),
            front: traffic.map(|traffic| traffic.settings.clone()),
            revisions: service
                .revisions
                .iter()
                .map(|revision| self.describe_revision(service, revision))
                .collect(),
            rollouts: rollouts
                .map(|at| describe_rollout(service, &seen.rollouts[*at]))
                .collect(),
        }
    }

    fn describe_revision(&self, service: &Service, revision: &Revision) -> RevisionDescription {
        let test = service.traffic.as_ref().and_then(|traffic| traffic.test);
        RevisionDescription {
            id: revision.id,
            task_definition: self.arn_of(revision.task_definition),
            running: revision.running,
            target_group: revision.group,
            healthy: revision.behaviour.as_deref().is_none_or(is_alive),
            on_test: test == Some(revision.group) && revision.running > 0,
        }
    }

    fn arn_of(&self, definition: usize) -> TaskDefinitionArn {
        self.ecs.task_definitions[definition].arn.clone()
    }
}

fn describe_rollout(service: &Service, rollout: &Rollout) -> RolloutDescription {
    let id = |at: usize| service.revisions[at].id;
    RolloutDescription {
        arn: rollout.arn.clone(),
        target: id(rollout.target),
        source: rollout.source.map(id),
        status: rollout.status,
        stage: rollout.stage,
        reason: rollout.reason.clone(),
        created_at: rollout.created_at,
        ended_at: rollout.ended_at,
        configuration: rollout.config.as_ref().into(),
        failed_starts: rollout.failed_starts,
    }
}
