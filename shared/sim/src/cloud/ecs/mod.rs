//! ECS: task definitions, services, one-off tasks, and native service deployments.
//!
//! A service deployment is called a rollout here, as in Sluice's core.

mod dying;
mod facts;
mod family;
mod hooks;
mod migrations;
mod rollback;
mod rolling;
mod rollouts;
mod services;
mod sight;
mod stages;
mod starts;
mod task_definitions;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sluice_core::command::Direction;
use sluice_core::config::{ServiceKind, Strategy};
use sluice_core::id::{
    AlarmName, ClusterName, ContainerName, DeploymentId, EcsServiceName, ServiceDeploymentArn,
    TaskArn, TaskDefinitionArn,
};
use sluice_core::observation::{RolloutStatus, Stage};

use super::agenda::Slot;
use super::behaviour::ImageBehaviour;
use super::changed::Changing;
use super::elb::{Group, Traffic};
use super::lag::Lagging;
use super::place::Place;

pub(super) use services::is_alive;
pub(super) use sight::Sight;
pub(super) use starts::Starts;
pub(super) use task_definitions::{Container, TaskDefinition};
pub(super) use tasks::{REMEMBERED, Task};

/// Everything ECS has. Numbers elsewhere are places in these lists; nothing is ever removed.
#[derive(Debug, Default)]
pub(super) struct Ecs {
    pub(super) task_definitions: Vec<TaskDefinition>,
    pub(super) services: Changing<Service>,
    pub(super) rollouts: Changing<Rollout>,
    pub(super) tasks: Vec<Task>,
    pub(super) schemas: Vec<migrations::Schema>,
    pub(super) places: Places,
}

/// Where in the lists something is, so that finding it takes no longer where there are many.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// In every account.
    pub(super) services: BTreeMap<(ClusterName, EcsServiceName), Vec<usize>>,
    /// In every account, the newest last.
    pub(super) families: BTreeMap<String, Vec<usize>>,
    pub(super) task_definitions: BTreeMap<TaskDefinitionArn, usize>,
    pub(super) tasks: BTreeMap<TaskArn, usize>,
}

impl Ecs {
    pub(super) fn add_service(&mut self, service: Service) -> usize {
        let name = (service.cluster.clone(), service.name.clone());
        self.places
            .services
            .entry(name)
            .or_default()
            .push(self.services.len());
        self.services.push(service);
        self.services.len() - 1
    }

    fn add_task_definition(&mut self, definition: TaskDefinition) -> usize {
        let (at, places) = (self.task_definitions.len(), &mut self.places);
        places.task_definitions.insert(definition.arn.clone(), at);
        let family = places.families.entry(definition.family.clone());
        family.or_default().push(at);
        self.task_definitions.push(definition);
        at
    }

    fn add_task(&mut self, task: Task) -> usize {
        self.places.tasks.insert(task.arn.clone(), self.tasks.len());
        self.tasks.push(task);
        self.tasks.len() - 1
    }

    /// Every service of that name in a cluster of that name, in whichever account.
    pub(super) fn services_named(&self, cluster: &ClusterName, name: &EcsServiceName) -> &[usize] {
        let name = (cluster.clone(), name.clone());
        self.places.services.get(&name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn task(&self, cluster: &ClusterName, arn: &TaskArn) -> Option<usize> {
        let at = self.places.tasks.get(arn).copied();
        at.filter(|at| self.tasks[*at].cluster == *cluster)
    }
}

/// A service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) place: Arc<Place>,
    pub(super) cluster: ClusterName,
    pub(super) name: EcsServiceName,
    pub(super) kind: ServiceKind,
    /// The container that runs the application.
    pub(super) container: ContainerName,
    pub(super) desired: u32,
    /// What DescribeServices names: set by UpdateService, set back by a rollback.
    pub(super) task_definition: usize,
    pub(super) revisions: Vec<Revision>,
    /// The revision of the last rollout that succeeded: where a rollback goes.
    pub(super) completed: Option<usize>,
    pub(super) rollouts: Vec<usize>,
    pub(super) traffic: Option<Traffic>,
    /// The deployment configuration, which stays until somebody changes it.
    pub(super) config: Arc<RolloutConfig>,
    /// The most tasks that ever ran at once.
    pub(super) most_running: u32,
    /// Its tasks that died, oldest first.
    pub(super) died: Vec<Died>,
    pub(super) created_at: Timestamp,
    /// What it looked like a while ago, for as long as reads may lag.
    pub(super) looked: Lagging<sight::Look>,
}

/// A task of a service that stopped by itself.
#[derive(Clone, Debug)]
pub(super) struct Died {
    pub(super) arn: TaskArn,
    pub(super) task_definition: usize,
    pub(super) at: Timestamp,
    pub(super) exit_code: i32,
}

/// A service revision: one task definition in one service.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) id: u64,
    pub(super) task_definition: usize,
    pub(super) behaviour: Option<Arc<ImageBehaviour>>,
    pub(super) running: u32,
    pub(super) group: Group,
    /// Since when it has production traffic.
    pub(super) traffic_since: Option<Timestamp>,
}

/// `deploymentConfiguration` of a service.
#[derive(Clone, Debug)]
pub(super) struct RolloutConfig {
    pub(super) strategy: Strategy,
    pub(super) bake: SignedDuration,
    pub(super) alarms: Vec<AlarmName>,
    pub(super) circuit_breaker: bool,
    pub(super) hook: Option<Hook>,
    /// The `deploymentConfiguration` as it came over the wire, with what the model does not know.
    pub(super) as_sent: Option<Arc<Value>>,
}

/// A lifecycle hook.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub(super) stages: Vec<Stage>,
    pub(super) deployment: DeploymentId,
    pub(super) direction: Direction,
}

/// A service deployment.
#[derive(Clone, Debug)]
pub(super) struct Rollout {
    pub(super) arn: ServiceDeploymentArn,
    pub(super) service: usize,
    pub(super) target: usize,
    /// Where a rollback goes; none if no rollout ever succeeded.
    pub(super) source: Option<usize>,
    pub(super) config: Arc<RolloutConfig>,
    pub(super) status: RolloutStatus,
    pub(super) stage: Option<Stage>,
    pub(super) reason: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) ended_at: Option<Timestamp>,
    /// Alarms that were in ALARM at its start, which ECS ignores.
    pub(super) deaf_to: Vec<AlarmName>,
    pub(super) failed_starts: u32,
    /// What it does when its timer is due.
    pub(super) next: Move,
    pub(super) timer: Option<Slot>,
    pub(super) asked: Option<Question>,
    /// Stages whose hooks are still to be called on the way back, the first last.
    pub(super) back_through: Vec<Stage>,
}

/// A hook that was called and has not said yes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) execution: u128,
    pub(super) overdue: Slot,
}

/// What a rollout does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// From PENDING to IN_PROGRESS.
    Begin,
    /// The stage is over.
    LeaveStage,
    /// The tasks of SCALE_UP that did not come up are started again.
    StartAgain,
    /// The hook is called again.
    AskAgain,
    /// A rolling deployment: so many tasks have started.
    Started(u32),
    /// A rolling deployment: so many old tasks have stopped.
    Stopped(u32),
    /// A rolling deployment has reached a steady state.
    Settle,
    /// From ROLLBACK_REQUESTED to ROLLBACK_IN_PROGRESS.
    BeginBack,
    /// The traffic is back.
    EndBack,
}

impl Service {
    pub(super) fn running(&self) -> u32 {
        self.revisions.iter().map(|revision| revision.running).sum()
    }

    /// Sets how many tasks a revision runs, and remembers the most that ever ran at once.
    pub(super) fn set_running(&mut self, revision: usize, running: u32) {
        self.revisions[revision].running = running;
        self.most_running = self.most_running.max(self.running());
    }

    /// The revision behind a target group: of several the youngest that runs, else the youngest.
    pub(super) fn behind(&self, group: Group) -> Option<usize> {
        let in_group = |revision: &&Revision| revision.group == group;
        let of = |revision: &Revision| self.revisions.iter().position(|r| r.id == revision.id);
        let running = self
            .revisions
            .iter()
            .filter(in_group)
            .rfind(|revision| revision.running > 0);
        running
            .or_else(|| self.revisions.iter().rfind(in_group))
            .and_then(of)
    }
}

impl Rollout {
    pub(super) fn is_over(&self) -> bool {
        self.status.is_over()
    }

    /// Whether ECS goes back, or is about to.
    pub(super) fn goes_back(&self) -> bool {
        matches!(
            self.status,
            RolloutStatus::RollbackRequested | RolloutStatus::RollbackInProgress
        )
    }

    /// The revision it brings up at the moment.
    pub(super) fn goal(&self) -> usize {
        match self.source {
            Some(source) if self.goes_back() => source,
            _ => self.target,
        }
    }
}
