//! One-off tasks as they are run and described.

use std::sync::Arc;

use jiff::Timestamp;
use sluice_app::ports::TaskOrder;
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, ContainerName, EcsServiceName, TaskArn, TaskDefinitionArn};

use crate::cloud::ecs::Task;
use crate::cloud::lag::Read;
use crate::cloud::{Cloud, Place};

/// What RunTask is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOrder {
    /// The cluster.
    pub cluster: ClusterName,
    /// `clientToken` and `startedBy`.
    pub token: String,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// The container whose command is replaced.
    pub container: ContainerName,
    /// The command.
    pub command: Vec<String>,
}

/// A one-off task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDescription {
    /// Its ARN.
    pub arn: TaskArn,
    /// Its cluster.
    pub cluster: ClusterName,
    /// `startedBy`.
    pub token: String,
    /// What it runs.
    pub task_definition: TaskDefinitionArn,
    /// The family of that.
    pub family: String,
    /// The container whose command was replaced.
    pub container: ContainerName,
    /// Its command.
    pub command: Vec<String>,
    /// Name and image of each container; none if it never started.
    pub containers: Vec<(ContainerName, String)>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its containers started.
    pub started_at: Option<Timestamp>,
    /// When it stopped.
    pub stopped_at: Option<Timestamp>,
    /// Exit code of the container with the command.
    pub exit_code: Option<i32>,
    /// Why it stopped.
    pub stopped_reason: Option<&'static str>,
    /// What the container with the command wrote.
    pub log: Vec<String>,
}

impl Cloud {
    /// RunTask: of one token, in one cluster, there is one task.
    ///
    /// # Errors
    ///
    /// Permanent if there is no such task definition or container, or the token was used for
    /// something else.
    pub fn order_task(
        &mut self,
        place: &Arc<Place>,
        order: &RunOrder,
    ) -> Result<TaskDescription, PortError> {
        let used = self.tasks_in(place, &order.cluster);
        let used = used.into_iter().find(|task| task.token == order.token);
        if used.is_some_and(|task| {
            task.task_definition != order.task_definition || task.command != order.command
        }) {
            return Err(PortError::permanent(
                "ConflictException: the client token was used with other parameters",
            ));
        }
        let asked = TaskOrder {
            token: order.token.clone(),
            ecs_service: EcsServiceName::new(""),
            task_definition: order.task_definition.clone(),
            container: order.container.clone(),
            command: order.command.clone(),
        };
        let arn = self.run_anywhere(place, &order.cluster, &asked)?;
        let run = self.ecs.tasks.iter().rfind(|task| task.arn == arn);
        let run = run.expect("the task that was just run is in the list");
        Ok(self.describe_one(run))
    }

    /// Every task of the cluster that ECS has not forgotten, oldest first.
    pub fn tasks_in(&self, place: &Place, cluster: &ClusterName) -> Vec<TaskDescription> {
        self.tasks_as_of(place, cluster, None)
    }

    /// The same as DescribeTasks and ListTasks have it.
    pub fn tasks_seen(&self, place: &Place, cluster: &ClusterName) -> Vec<TaskDescription> {
        self.tasks_as_of(place, cluster, self.seen_as_of(Read::Tasks))
    }

    fn tasks_as_of(
        &self,
        place: &Place,
        cluster: &ClusterName,
        then: Option<Timestamp>,
    ) -> Vec<TaskDescription> {
        let here = |task: &&Task| *task.place == *place && task.cluster == *cluster;
        let tasks = self.ecs.tasks.iter().filter(here);
        let tasks = tasks.filter_map(|task| task.as_of(then));
        tasks
            .filter(|task| !self.has_forgotten(task))
            .map(|task| self.describe_one(&task))
            .collect()
    }

    /// The task of which this is the last part of the ARN, as its log shows it, however long it is
    /// stopped: logs stay.
    pub fn task_logged(&self, place: &Place, id: &str) -> Option<TaskDescription> {
        let of_id = |task: &&Task| *task.place == *place && task.arn.as_str().ends_with(id);
        let task = self.ecs.tasks.iter().rfind(of_id)?;
        let task = task.as_of(self.seen_as_of(Read::Logs))?;
        Some(self.describe_one(&task))
    }

    fn describe_one(&self, task: &Task) -> TaskDescription {
        let definition = &self.ecs.task_definitions[task.definition];
        let never_ran = task.stopped_at.is_some() && task.started_at.is_none();
        let containers = definition.containers.iter().filter(|_| !never_ran);
        TaskDescription {
            arn: task.arn.clone(),
            cluster: task.cluster.clone(),
            token: task.token.clone(),
            task_definition: definition.arn.clone(),
            family: definition.family.clone(),
            container: task.container.clone(),
            command: task.command.clone(),
            containers: containers
                .map(|c| (c.name.clone(), c.image.clone()))
                .collect(),
            created_at: task.created_at,
            started_at: task.started_at,
            stopped_at: task.stopped_at,
            exit_code: task.exit_code,
            stopped_reason: task.stopped_reason,
            log: task.log(),
        }
    }
}
