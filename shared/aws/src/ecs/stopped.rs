//! Tasks of a service that have stopped: which of them by themselves.

use aws_sdk_ecs::types::{DesiredStatus, Task, TaskStopCode};
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, EcsServiceName, TaskArn, TaskDefinitionArn};
use sluice_core::observation::StoppedTask;

use crate::clients::ClientSet;
use crate::error::port_error;
use crate::time::timestamp;

/// DescribeTasks takes no more at once.
const TASKS_A_CALL: usize = 100;

/// More tasks than these say nothing that these do not: a page of ListTasks has 100.
const PAGES: usize = 5;

/// How ECS begins its reason where it stopped a task because it was unhealthy. The stop code is
/// that of scaling and deploying too.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
const UNHEALTHY: &str = "Task failed";

/// The stopped tasks of the revision that ECS remembers.
pub(super) async fn read(
    clients: &ClientSet,
    cluster: &ClusterName,
    service: &EcsServiceName,
    task_definition: &TaskDefinitionArn,
) -> Result<Vec<StoppedTask>, PortError> {
    let arns = list(clients, cluster, service).await?;
    let mut stopped = Vec::new();
    for arns in arns.chunks(TASKS_A_CALL) {
        let answer = clients
            .ecs()
            .describe_tasks()
            .cluster(cluster.as_str())
            .set_tasks(Some(arns.to_vec()))
            .send()
            .await
            .map_err(|e| port_error("ecs:DescribeTasks", service.as_str(), e))?;
        // One that is not described was forgotten in between.
        let ours = answer
            .tasks()
            .iter()
            .filter(|task| task.task_definition_arn() == Some(task_definition.as_str()));
        stopped.extend(ours.filter_map(observe));
    }
    Ok(stopped)
}

async fn list(
    clients: &ClientSet,
    cluster: &ClusterName,
    service: &EcsServiceName,
) -> Result<Vec<String>, PortError> {
    let mut arns = Vec::new();
    let mut next = None;
    for _ in 0..PAGES {
        let answer = clients
            .ecs()
            .list_tasks()
            .cluster(cluster.as_str())
            .service_name(service.as_str())
            .desired_status(DesiredStatus::Stopped)
            .set_next_token(next)
            .send()
            .await
            .map_err(|e| port_error("ecs:ListTasks", service.as_str(), e))?;
        arns.extend(answer.task_arns.unwrap_or_default());
        next = answer.next_token;
        if next.is_none() {
            break;
        }
    }
    Ok(arns)
}

/// A task that has stopped. One that was told to stop and is still running is not.
fn observe(task: &Task) -> Option<StoppedTask> {
    let ecs = task.stopped_reason().unwrap_or_default();
    let by_itself = match task.stop_code()? {
        TaskStopCode::EssentialContainerExited | TaskStopCode::TaskFailedToStart => true,
        TaskStopCode::ServiceSchedulerInitiated => ecs.starts_with(UNHEALTHY),
        // Someone's hand, a Spot machine or one of AWS's own that goes.
        _ => false,
    };
    Some(StoppedTask {
        task: TaskArn::new(task.task_arn()?),
        at: task.stopped_at().and_then(timestamp)?,
        by_itself,
        reason: reason(task, ecs),
    })
}

/// ECS's reason, and of each container what it has to say: its exit code, and its own reason.
fn reason(task: &Task, ecs: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    if !ecs.is_empty() {
        said.push(ecs.to_owned());
    }
    for container in task.containers() {
        let name = container.name().unwrap_or("a container");
        match (container.exit_code(), container.reason()) {
            (_, Some(reason)) => said.push(format!("{name}: {reason}")),
            (Some(code), None) if code != 0 => said.push(format!("{name}: exit code {code}")),
            (_, None) => {}
        }
    }
    match said.as_slice() {
        [] => "ECS gives no reason".to_owned(),
        said => said.join("; "),
    }
}
