//! The world as it is, for tests and for the terminal: read, never acted upon.

use jiff::Timestamp;
use sluice_core::id::{
    AccountId, ClusterName, EcsServiceName, ServiceDeploymentArn, TaskArn, TaskDefinitionArn,
};
use sluice_core::observation::{RolloutStatus, SnapshotObservation, Stage};

use super::Cloud;
use super::ecs::Service;

/// A service as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceView {
    /// Its cluster.
    pub cluster: ClusterName,
    /// Its name in ECS.
    pub name: EcsServiceName,
    /// The task definition that DescribeServices names.
    pub task_definition: TaskDefinitionArn,
    /// Tasks wanted.
    pub desired: u32,
    /// Revisions that run tasks or have traffic, oldest first.
    pub revisions: Vec<RevisionView>,
    /// The most tasks that ever ran at once.
    pub most_running: u32,
    /// Its service deployments, oldest first.
    pub rollouts: Vec<RolloutView>,
}

/// A revision of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionView {
    /// Its task definition.
    pub task_definition: TaskDefinitionArn,
    /// The image of the application's container.
    pub image: String,
    /// Tasks running.
    pub running: u32,
    /// Per cent of production traffic; `None` without a load balancer.
    pub production_percent: Option<u32>,
    /// Whether the test listener points at it.
    pub on_test: bool,
}

/// A service deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutView {
    /// Its ARN.
    pub arn: ServiceDeploymentArn,
    /// Where ECS is with it.
    pub status: RolloutStatus,
    /// Its lifecycle stage; rolling ones have none.
    pub stage: Option<Stage>,
    /// ECS's reason.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// A snapshot that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotView {
    /// Whose.
    pub account: AccountId,
    /// Of which database.
    pub database: String,
    /// Whether it carries Sluice's tag.
    pub ours: bool,
    /// As RDS describes it.
    pub snapshot: SnapshotObservation,
}

/// A one-off task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// Its ARN.
    pub arn: TaskArn,
    /// Its cluster.
    pub cluster: ClusterName,
    /// The token it was started with.
    pub token: String,
    /// What it runs.
    pub command: Vec<String>,
    /// When its container started, if it did.
    pub started_at: Option<Timestamp>,
    /// When it stopped, if it has.
    pub stopped_at: Option<Timestamp>,
    /// Its container's exit code, if it has one.
    pub exit_code: Option<i32>,
}

impl ServiceView {
    /// The image that most of production's traffic reaches, or that most tasks run.
    pub fn live_image(&self) -> Option<&str> {
        let most = self
            .revisions
            .iter()
            .max_by_key(|r| (r.production_percent, r.running));
        most.map(|revision| revision.image.as_str())
    }
}

impl Cloud {
    /// Every service.
    pub fn services(&self) -> Vec<ServiceView> {
        self.ecs
            .services
            .iter()
            .map(|service| self.view(service))
            .collect()
    }

    /// One service.
    pub fn service(&self, cluster: &ClusterName, service: &EcsServiceName) -> Option<ServiceView> {
        self.named(cluster, service)
            .map(|at| self.view(&self.ecs.services[at]))
    }

    fn view(&self, service: &Service) -> ServiceView {
        let traffic = service.traffic.as_ref();
        let live = |at: usize| service.behind(service.revisions[at].group) == Some(at);
        let revisions = service
            .revisions
            .iter()
            .enumerate()
            .filter_map(|(at, revision)| {
                let percent = traffic.map(|traffic| {
                    let group = service
                        .revisions
                        .iter()
                        .filter(|r| r.group == revision.group);
                    let running: u32 = group.map(|r| r.running).sum();
                    let weight = traffic.weight(revision.group);
                    // With nobody running behind it, a group's traffic is its youngest revision's.
                    let alone = if live(at) { weight } else { 0 };
                    (weight * revision.running)
                        .checked_div(running)
                        .unwrap_or(alone)
                });
                if revision.running == 0 && percent.unwrap_or(0) == 0 {
                    return None;
                }
                let definition = &self.ecs.task_definitions[revision.task_definition];
                let container = definition.container(&service.container);
                Some(RevisionView {
                    task_definition: definition.arn.clone(),
                    image: container.map(|c| c.image.clone()).unwrap_or_default(),
                    running: revision.running,
                    production_percent: percent,
                    on_test: live(at) && traffic.is_some_and(|t| t.test == Some(revision.group)),
                })
            });
        let rollouts = service.rollouts.iter().map(|at| {
            let rollout = &self.ecs.rollouts[*at];
            RolloutView {
                arn: rollout.arn.clone(),
                status: rollout.status,
                stage: rollout.stage,
                reason: rollout.reason.clone(),
                created_at: rollout.created_at,
            }
        });
        ServiceView {
            cluster: service.cluster.clone(),
            name: service.name.clone(),
            task_definition: self.ecs.task_definitions[service.task_definition]
                .arn
                .clone(),
            desired: service.desired,
            revisions: revisions.collect(),
            most_running: service.most_running,
            rollouts: rollouts.collect(),
        }
    }

    /// Every snapshot that is there.
    pub fn snapshots(&self) -> Vec<SnapshotView> {
        let of = |instance: &super::rds::Instance| {
            let there = instance
                .snapshots
                .iter()
                .filter(|snapshot| snapshot.is_there());
            let views = there.map(|snapshot| SnapshotView {
                account: instance.place.account.clone(),
                database: snapshot.of.identifier().to_owned(),
                ours: snapshot.ours,
                snapshot: snapshot.seen.clone(),
            });
            views.collect::<Vec<_>>()
        };
        self.databases.iter().flat_map(of).collect()
    }

    /// Every one-off task, oldest first.
    pub fn tasks(&self) -> Vec<TaskView> {
        let view = |task: &super::ecs::Task| TaskView {
            arn: task.arn.clone(),
            cluster: task.cluster.clone(),
            token: task.token.clone(),
            command: task.command.clone(),
            started_at: task.started_at,
            stopped_at: task.stopped_at,
            exit_code: task.exit_code,
        };
        self.ecs.tasks.iter().map(view).collect()
    }
}
