//! The `Tasks` port: one-off tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    Container, ContainerDefinition, ContainerOverride, DesiredStatus, Failure, Task,
    TaskDefinition, TaskOverride, TaskStopCode,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use sluice_app::ports::{Target, TaskOrder, Tasks};
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, ContainerName, TaskArn};
use sluice_core::observation::TaskObservation;

use super::placement::{not_placed, placed_like};
use super::{read, task_definition};
use crate::clients::{ClientSet, Clients, bounded};
use crate::error::{incomplete, passes_by_itself, port_error};
use crate::logs;

/// `startedBy` holds no more characters.
const STARTED_BY_MAX: usize = 36;
const RUNNING: &str = "RUNNING";
const STOPPED: &str = "STOPPED";

/// The [`Tasks`] port on ECS, with the log's tail from CloudWatch Logs.
#[derive(Clone, Debug)]
pub struct EcsTasks {
    clients: Arc<Clients>,
}

impl EcsTasks {
    /// The port over shared clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }
}

#[async_trait]
impl Tasks for EcsTasks {
    /// ListTasks, DescribeServices, RunTask.
    ///
    /// `clientToken` makes RunTask safe to repeat for a day; the look for `startedBy` finds a task
    /// even if the answer to RunTask was lost and the service was changed since.
    async fn ensure_task(&self, target: &Target, order: &TaskOrder) -> Result<TaskArn, PortError> {
        if order.token.len() > STARTED_BY_MAX {
            return Err(PortError::permanent(format!(
                "the token `{}` is longer than the {STARTED_BY_MAX} characters of startedBy in ECS",
                order.token
            )));
        }
        bounded(async {
            let clients = self.clients.of(target).await?;
            if let Some(task) = started(&clients, &target.cluster, &order.token).await? {
                return Ok(task);
            }
            run(&clients, &target.cluster, order).await
        })
        .await
    }

    /// StopTask. Of a task that has stopped it changes nothing.
    async fn ensure_stopped(&self, target: &Target, task: &TaskArn) -> Result<(), PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            clients
                .ecs()
                .stop_task()
                .cluster(target.cluster.as_str())
                .task(task.as_str())
                .reason("Sluice: the migration is over its time limit")
                .send()
                .await
                .map_err(|e| port_error("ecs:StopTask", task.as_str(), e))?;
            Ok(())
        })
        .await
    }

    /// DescribeTasks; once it has stopped, DescribeTaskDefinition and GetLogEvents.
    async fn task(
        &self,
        target: &Target,
        task: &TaskArn,
    ) -> Result<Option<TaskObservation>, PortError> {
        let clients = self.clients.of(target).await?;
        match describe(&clients, &target.cluster, task).await? {
            Some(found) => observe(&clients, task, &found).await.map(Some),
            None => Ok(None),
        }
    }

    /// As [`task`](Tasks::task); while it runs one page of GetLogEvents, the last.
    async fn follow(
        &self,
        target: &Target,
        task: &TaskArn,
        prefix: &str,
    ) -> Result<Option<TaskObservation>, PortError> {
        let clients = self.clients.of(target).await?;
        let Some(found) = describe(&clients, &target.cluster, task).await? else {
            return Ok(None);
        };
        let mut seen = observe(&clients, task, &found).await?;
        if seen.started && !seen.stopped {
            // It runs just the same without anyone reading along.
            let last = last_line(&clients, task, &found, prefix).await;
            seen.log_tail = last.unwrap_or_default().into_iter().collect();
        }
        Ok(Some(seen))
    }

    /// DescribeTasks, DescribeTaskDefinition and GetLogEvents.
    async fn log_lines(
        &self,
        target: &Target,
        task: &TaskArn,
        prefix: &str,
    ) -> Result<Vec<String>, PortError> {
        let clients = self.clients.of(target).await?;
        let Some(found) = describe(&clients, &target.cluster, task).await? else {
            return Err(PortError::permanent(format!(
                "ECS has forgotten the task {task}, as it does an hour after a task ends: its log \
                 stream is unknown"
            )));
        };
        let definition = definition(&clients, task, &found).await?;
        let container = of_interest(&found, definition.container_definitions());
        let container = container.ok_or_else(|| {
            PortError::permanent(format!(
                "no container of the task {task} has a command override"
            ))
        })?;
        logs::lines(&clients, container, id_of(task), prefix).await
    }
}

/// The task, unless ECS has forgotten it.
async fn describe(
    clients: &ClientSet,
    cluster: &ClusterName,
    task: &TaskArn,
) -> Result<Option<Task>, PortError> {
    let answer = clients
        .ecs()
        .describe_tasks()
        .cluster(cluster.as_str())
        .tasks(task.as_str())
        .send()
        .await
        .map_err(|e| port_error("ecs:DescribeTasks", task.as_str(), e))?;
    if let Some(found) = answer.tasks().first() {
        return Ok(Some(found.clone()));
    }
    match answer.failures().first().and_then(Failure::reason) {
        None | Some(read::MISSING) => Ok(None),
        Some(reason) => Err(PortError::permanent(format!(
            "ECS could not describe the task {task}: {reason}"
        ))),
    }
}

async fn definition(
    clients: &ClientSet,
    arn: &TaskArn,
    task: &Task,
) -> Result<TaskDefinition, PortError> {
    let definition = task
        .task_definition_arn()
        .ok_or_else(|| incomplete("ecs:DescribeTasks", arn.as_str(), "task definition"))?;
    let (definition, _) = task_definition::describe(clients, definition).await?;
    Ok(definition)
}

fn id_of(task: &TaskArn) -> &str {
    task.as_str().rsplit('/').next().unwrap_or_default()
}

/// The task with that token, running or stopped.
async fn started(
    clients: &ClientSet,
    cluster: &ClusterName,
    token: &str,
) -> Result<Option<TaskArn>, PortError> {
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let is_second_look = status == DesiredStatus::Stopped;
        let answer = clients
            .ecs()
            .list_tasks()
            .cluster(cluster.as_str())
            .started_by(token)
            .desired_status(status)
            .send()
            .await;
        let found = match answer {
            Ok(answer) => answer.task_arns.unwrap_or_default().pop(),
            // The manual wants `startedBy` to be the only filter and does not say whether a status
            // is one. The client token keeps the promise without this look.
            Err(error)
                if is_second_look
                    && error.code() == Some("InvalidParameterException")
                    && !error.message().is_some_and(passes_by_itself) =>
            {
                None
            }
            Err(error) => {
                let on = format!("the tasks of the cluster {cluster}");
                return Err(port_error("ecs:ListTasks", &on, error));
            }
        };
        if let Some(arn) = found {
            return Ok(Some(TaskArn::new(arn)));
        }
    }
    Ok(None)
}

async fn run(
    clients: &ClientSet,
    cluster: &ClusterName,
    order: &TaskOrder,
) -> Result<TaskArn, PortError> {
    const ACTION: &str = "ecs:RunTask";
    let service = read::one(clients, cluster, &order.ecs_service).await?;
    let container = ContainerOverride::builder()
        .name(order.container.as_str())
        .set_command(Some(order.command.clone()))
        .build();
    let request = clients
        .ecs()
        .run_task()
        .cluster(cluster.as_str())
        .task_definition(order.task_definition.as_str())
        .count(1)
        .client_token(&order.token)
        .started_by(&order.token)
        .overrides(
            TaskOverride::builder()
                .container_overrides(container)
                .build(),
        );
    let answer = match placed_like(request, &service).send().await {
        Ok(answer) => answer,
        // The token was used with other parameters: the service has changed since.
        Err(error) if error.code() == Some("ConflictException") => {
            let running = started(clients, cluster, &order.token).await?;
            return running.ok_or_else(|| port_error(ACTION, &order.token, error));
        }
        Err(error) => {
            return Err(port_error(ACTION, order.task_definition.as_str(), error));
        }
    };
    if let Some(task) = answer.tasks().first() {
        let arn = task
            .task_arn()
            .ok_or_else(|| incomplete(ACTION, &order.token, "task ARN"))?;
        return Ok(TaskArn::new(arn));
    }
    match answer.failures().first() {
        Some(failure) => Err(not_placed(order, failure)),
        None => Err(incomplete(ACTION, &order.token, "task and no failure")),
    }
}

async fn last_line(
    clients: &ClientSet,
    arn: &TaskArn,
    task: &Task,
    prefix: &str,
) -> Result<Option<String>, PortError> {
    let definition = definition(clients, arn, task).await?;
    match of_interest(task, definition.container_definitions()) {
        Some(container) => logs::last_line(clients, container, id_of(arn), prefix).await,
        None => Ok(None),
    }
}

async fn observe(
    clients: &ClientSet,
    arn: &TaskArn,
    task: &Task,
) -> Result<TaskObservation, PortError> {
    let stopped = task.last_status() == Some(STOPPED);
    let mut observed = TaskObservation {
        task: arn.clone(),
        started: has_started(task),
        stopped,
        exit_codes: BTreeMap::new(),
        stopped_reason: None,
        log_tail: Vec::new(),
    };
    if !stopped {
        return Ok(observed);
    }
    let definition = definition(clients, arn, task).await?;
    let essential = definition
        .container_definitions()
        .iter()
        .filter(|one| is_essential(one));
    for container in essential {
        let name = container.name().unwrap_or_default();
        observed
            .exit_codes
            .insert(ContainerName::new(name), exit_code(task, name));
    }
    observed.stopped_reason = stopped_reason(task);
    if let Some(container) = of_interest(task, definition.container_definitions()) {
        observed.log_tail = logs::tail(clients, container, id_of(arn)).await;
    }
    Ok(observed)
}

/// Whether anything of the task was executed, or may have been.
///
/// `startedAt` is there once all containers run, and one of them may have done its work before:
/// then
/// it has an exit code, or the runtime's id. Without any of these a stopped task has executed
/// nothing
/// if it failed to start or if someone stopped it before, which its host has confirmed. Where its
/// host was taken away, nothing has.
fn has_started(task: &Task) -> bool {
    let is_confirmed = match task.stop_code() {
        Some(TaskStopCode::TaskFailedToStart | TaskStopCode::UserInitiated) => true,
        Some(_) => false,
        None => task.last_status() != Some(STOPPED),
    };
    let of_a_container = |one: &Container| {
        one.exit_code().is_some()
            || one.runtime_id().is_some()
            || one.last_status() == Some(RUNNING)
    };
    !is_confirmed
        || task.last_status() == Some(RUNNING)
        || task.started_at().is_some()
        || task.containers().iter().any(of_a_container)
}

/// ECS takes a container for essential unless told otherwise.
fn is_essential(container: &ContainerDefinition) -> bool {
    container.essential().unwrap_or(true)
}

fn exit_code(task: &Task, container: &str) -> Option<i32> {
    task.containers()
        .iter()
        .find(|one| one.name() == Some(container))?
        .exit_code()
}

/// The container that was given the command; its log says what became of it.
fn of_interest<'a>(
    task: &Task,
    containers: &'a [ContainerDefinition],
) -> Option<&'a ContainerDefinition> {
    let overrides = task
        .overrides()
        .map(|o| o.container_overrides())
        .unwrap_or_default();
    let commanded = overrides
        .iter()
        .find(|one| !one.command().is_empty())?
        .name();
    containers
        .iter()
        .find(|container| container.name() == commanded)
}

/// ECS's reason for the stop, and each container's own where it has one: that an image could not be
/// pulled or that memory ran out is only there.
fn stopped_reason(task: &Task) -> Option<String> {
    let of_containers = task
        .containers()
        .iter()
        .filter_map(|container| Some(format!("{}: {}", container.name()?, container.reason()?)));
    let reasons: Vec<String> = task
        .stopped_reason()
        .map(str::to_owned)
        .into_iter()
        .chain(of_containers)
        .collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
