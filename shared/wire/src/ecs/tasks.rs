//! RunTask, StopTask, ListTasks and DescribeTasks: one-off tasks.

use serde_json::{Value, json};
use sluice_core::id::{ClusterName, ContainerName, EcsServiceName};
use sluice_sim::cloud::{Cloud, Place, RunOrder, ServiceTask, TaskDescription};

use super::names::{cluster, cluster_arn, missing, name_of};
use crate::caller::Caller;
use crate::json::{page, require, seconds, texts, without_nulls};
use crate::refusal::Refusal;

/// The most that ListTasks gives on a page.
const ON_A_PAGE: usize = 100;

pub(super) fn run(cloud: &mut Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let cluster = cluster(cloud, &place, input)?;
    let order = order(cloud, &place, input, cluster)?;
    let task = cloud.order_task(&place, &order)?;
    Ok(json!({"tasks": [written(&place, &task)], "failures": []}))
}

pub(super) fn stop(cloud: &mut Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let cluster = cluster(cloud, &place, input)?;
    let wanted = require(input, "task")?;
    let found = cloud.tasks_in(&place, &cluster).into_iter();
    let task = found
        .into_iter()
        .find(|task| name_of(task.arn.as_str()) == name_of(wanted))
        .ok_or_else(|| invalid("The referenced task was not found."))?;
    cloud.stop_task(&cluster, &task.arn);
    Ok(json!({"task": written(&place, &task)}))
}

fn order(
    cloud: &Cloud,
    place: &Place,
    input: &Value,
    cluster: sluice_core::id::ClusterName,
) -> Result<RunOrder, Refusal> {
    let definition = cloud
        .describe_task_definition(place, require(input, "taskDefinition")?)
        .ok_or_else(|| Refusal::new("ClientException", "TaskDefinition not found."))?;
    let network = &input["networkConfiguration"]["awsvpcConfiguration"];
    if definition.registration["networkMode"] == "awsvpc" && !network.is_object() {
        return Err(invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ));
    }
    let told = &input["overrides"]["containerOverrides"][0];
    let first = &definition.registration["containerDefinitions"][0]["name"];
    let container = told["name"].as_str().or(first.as_str()).unwrap_or_default();
    let token = input["clientToken"]
        .as_str()
        .or(input["startedBy"].as_str());
    let token =
        token.ok_or_else(|| invalid("The simulated cloud runs a task with a clientToken only"))?;
    Ok(RunOrder {
        cluster,
        token: token.to_owned(),
        task_definition: definition.arn,
        container: ContainerName::new(container),
        command: texts(told, "command")
            .into_iter()
            .map(str::to_owned)
            .collect(),
    })
}

fn invalid(message: &str) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

pub(super) fn list(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let cluster = cluster(cloud, &place, input)?;
    if let Some(service) = input["serviceName"].as_str() {
        return Ok(list_of_service(cloud, &place, &cluster, service, input));
    }
    let stopped = input["desiredStatus"] == "STOPPED";
    let started_by = input["startedBy"].as_str();
    let tasks = cloud
        .tasks_seen(&place, &cluster)
        .into_iter()
        .filter(|task| {
            task.stopped_at.is_some() == stopped && started_by.is_none_or(|by| by == task.token)
        });
    let arns = tasks.map(|task| json!(task.arn)).collect();
    let (arns, next) = page(input, arns, ON_A_PAGE);
    Ok(without_nulls(json!({"taskArns": arns, "nextToken": next})))
}

/// Of a service the model knows those tasks by name that have died.
fn list_of_service(
    cloud: &Cloud,
    place: &Place,
    cluster: &ClusterName,
    service: &str,
    input: &Value,
) -> Value {
    let stopped = match input["desiredStatus"] == "STOPPED" {
        true => cloud.service_tasks(place, cluster, &EcsServiceName::new(name_of(service))),
        false => Vec::new(),
    };
    let arns = stopped.into_iter().map(|task| json!(task.arn)).collect();
    let (arns, next) = page(input, arns, ON_A_PAGE);
    without_nulls(json!({"taskArns": arns, "nextToken": next}))
}

pub(super) fn describe(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let cluster = cluster(cloud, &place, input)?;
    let there = cloud.tasks_seen(&place, &cluster);
    let services = cloud.services_in(&place).into_iter();
    let of_services: Vec<(EcsServiceName, ServiceTask)> = services
        .filter(|service| service.cluster == cluster)
        .flat_map(|service| {
            let tasks = cloud
                .service_tasks(&place, &cluster, &service.name)
                .into_iter();
            tasks.map(move |task| (service.name.clone(), task))
        })
        .collect();
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for wanted in texts(input, "tasks") {
        let id = name_of(wanted);
        match there.iter().find(|task| name_of(task.arn.as_str()) == id) {
            Some(task) => tasks.push(written(&place, task)),
            None if let Some((service, task)) = of_services
                .iter()
                .find(|(_, task)| name_of(task.arn.as_str()) == id) =>
            {
                tasks.push(died(&place, &cluster, service, task));
            }
            None => failures.push(missing(place.arn("ecs", format!("task/{cluster}/{id}")))),
        }
    }
    Ok(json!({"tasks": tasks, "failures": failures}))
}

fn died(
    place: &Place,
    cluster: &ClusterName,
    service: &EcsServiceName,
    task: &ServiceTask,
) -> Value {
    json!({
        "taskArn": task.arn,
        "clusterArn": cluster_arn(place, cluster),
        "taskDefinitionArn": task.task_definition,
        "group": format!("service:{service}"),
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "launchType": "FARGATE",
        "containers": [{
            "name": task.container,
            "image": task.image,
            "lastStatus": "STOPPED",
            "exitCode": task.exit_code,
        }],
        "stoppedAt": seconds(task.stopped_at),
        "stopCode": "EssentialContainerExited",
        "stoppedReason": task.stopped_reason,
    })
}

fn written(place: &Place, task: &TaskDescription) -> Value {
    let last_status = match (task.started_at, task.stopped_at) {
        (_, Some(_)) => "STOPPED",
        (Some(_), None) => "RUNNING",
        (None, None) => "PENDING",
    };
    let stopped = task.stopped_at.is_some();
    let stop_code = match task.started_at {
        Some(_) => "EssentialContainerExited",
        None => "TaskFailedToStart",
    };
    let containers = task.containers.iter().map(|(name, image)| {
        let exit_code = task.exit_code.filter(|_| *name == task.container);
        without_nulls(json!({
            "containerArn": place.arn("ecs", format!("container/{}/{name}", name_of(task.arn.as_str()))),
            "taskArn": task.arn,
            "name": name,
            "image": image,
            "lastStatus": last_status,
            "exitCode": exit_code,
        }))
    });
    without_nulls(json!({
        "taskArn": task.arn,
        "clusterArn": cluster_arn(place, &task.cluster),
        "taskDefinitionArn": task.task_definition,
        "group": format!("family:{}", task.family),
        "startedBy": task.token,
        "lastStatus": last_status,
        "desiredStatus": if stopped { "STOPPED" } else { "RUNNING" },
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "containers": containers.collect::<Value>(),
        "overrides": {"containerOverrides": [{"name": task.container, "command": task.command}]},
        "createdAt": seconds(task.created_at),
        "startedAt": task.started_at.map(seconds),
        "stoppedAt": task.stopped_at.map(seconds),
        "stopCode": stopped.then_some(stop_code),
        "stoppedReason": task.stopped_reason,
        "version": 1 + i32::from(task.started_at.is_some()) + i32::from(stopped),
    }))
}
