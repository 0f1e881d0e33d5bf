//! DescribeServices and UpdateService.

use serde_json::{Value, json};
use sluice_core::id::{ClusterName, EcsServiceName};
use sluice_core::observation::RolloutStatus;
use sluice_sim::cloud::{Cloud, Place, Read, RolloutDescription, ServiceDescription, ServiceOrder};

use super::configuration;
use super::names::{cluster, cluster_arn, missing, name_of, revision_arn, service_arn};
use crate::caller::Caller;
use crate::elb::{Front, PORT};
use crate::json::{require, seconds, texts, without_nulls};
use crate::refusal::Refusal;

/// DescribeServices takes no more.
const AT_ONCE: usize = 10;

pub(super) fn describe(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let cluster = cluster(cloud, &place, input)?;
    let names = texts(input, "services");
    if names.is_empty() || names.len() > AT_ONCE {
        return Err(Refusal::new(
            "InvalidParameterException",
            format!("services must name between 1 and {AT_ONCE} services"),
        ));
    }
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for name in names.into_iter().map(name_of) {
        let name_of_service = EcsServiceName::new(name);
        match cloud.service_seen(&place, &cluster, &name_of_service, Read::Services) {
            Some(service) => services.push(written(&service)),
            None => failures.push(missing(
                place.arn("ecs", format!("service/{cluster}/{name}")),
            )),
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

/// The service, or ECS's refusal.
pub(super) fn find(
    cloud: &Cloud,
    place: &Place,
    cluster: &ClusterName,
    name_or_arn: &str,
) -> Result<ServiceDescription, Refusal> {
    let name = EcsServiceName::new(name_of(name_or_arn));
    cloud
        .service_in(place, cluster, &name)
        .ok_or_else(|| Refusal::new("ServiceNotFoundException", "Service not found."))
}

pub(super) fn update(cloud: &mut Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let cluster = cluster(cloud, &place, input)?;
    let service = find(cloud, &place, &cluster, require(input, "service")?)?;
    if let Some(refused) = not_modelled(input) {
        return Err(refused);
    }
    let task_definition = match input["taskDefinition"].as_str() {
        None => None,
        Some(name) => {
            let found = cloud.describe_task_definition(&place, name);
            let found = found
                .ok_or_else(|| Refusal::new("ClientException", "TaskDefinition not found."))?;
            Some(found.arn)
        }
    };
    let sent = &input["deploymentConfiguration"];
    let configuration = match sent.is_object() {
        true => Some(configuration::read(&service.configuration, sent)?),
        false => None,
    };
    let order = ServiceOrder {
        cluster: cluster.clone(),
        service: service.name.clone(),
        task_definition,
        configuration,
        desired: desired_count(input)?,
        force: input["forceNewDeployment"] == true,
        by: caller.deployment(),
    };
    cloud.order_update(&place, &order)?;
    let after = find(cloud, &place, &cluster, service.name.as_str())?;
    Ok(json!({"service": written(&after)}))
}

fn desired_count(input: &Value) -> Result<Option<u32>, Refusal> {
    let Some(desired) = input["desiredCount"].as_i64() else {
        return Ok(None);
    };
    u32::try_from(desired).map(Some).map_err(|_| {
        let said = "desiredCount must not be less than 0";
        Refusal::new("InvalidParameterException", said)
    })
}

/// Members that would change what the model cannot: better refused than dropped.
fn not_modelled(input: &Value) -> Option<Refusal> {
    let refused = [
        "loadBalancers",
        "networkConfiguration",
        "deploymentController",
    ];
    let member = refused.iter().find(|member| !input[**member].is_null())?;
    Some(Refusal::new(
        "UnsupportedFeatureException",
        format!("The simulated cloud does not change {member} by UpdateService"),
    ))
}

fn written(service: &ServiceDescription) -> Value {
    let running: u32 = service.revisions.iter().map(|r| r.running).sum();
    let configuration = configuration::write(&service.configuration);
    let under_way = service.rollouts.last();
    let under_way = under_way.filter(|rollout| !rollout.status.is_over());
    let singleton = configuration["maximumPercent"] == 100;
    without_nulls(json!({
        "serviceArn": service_arn(service),
        "serviceName": service.name,
        "clusterArn": cluster_arn(&service.place, &service.cluster),
        "status": "ACTIVE",
        "desiredCount": service.desired,
        "runningCount": running,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
        "taskDefinition": service.task_definition,
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": configuration,
        "deployments": [primary(service, running)],
        "currentServiceDeployment": under_way.map(|rollout| &rollout.arn),
        "currentServiceRevisions": current_revisions(service),
        "loadBalancers": load_balancers(service),
        "networkConfiguration": network(),
        "availabilityZoneRebalancing": if singleton { "DISABLED" } else { "ENABLED" },
        "schedulingStrategy": "REPLICA",
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "events": [],
        "createdAt": seconds(service.created_at),
        "enableECSManagedTags": false,
        "enableExecuteCommand": false,
        "propagateTags": "NONE",
    }))
}

/// The one `deployments` entry that the model can tell: what the service was last asked for.
fn primary(service: &ServiceDescription, running: u32) -> Value {
    let last = service.rollouts.last();
    let asked_at = last.map_or(service.created_at, |rollout| rollout.created_at);
    let revision = service
        .revisions
        .iter()
        .rfind(|revision| revision.task_definition == service.task_definition);
    without_nulls(json!({
        "id": revision.map(|revision| format!("ecs-svc/{}", revision.id)),
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "desiredCount": service.desired,
        "runningCount": revision.map_or(running, |revision| revision.running),
        "pendingCount": 0,
        "failedTasks": last.map_or(0, |rollout| rollout.failed_starts),
        "createdAt": seconds(asked_at),
        "updatedAt": seconds(last.and_then(|last| last.ended_at).unwrap_or(asked_at)),
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "networkConfiguration": network(),
        "rolloutState": rollout_state(last),
        "rolloutStateReason": last.and_then(|rollout| rollout.reason.as_ref()),
    }))
}

/// Of the primary deployment: after a rollback that is the old one, which is complete again.
fn rollout_state(last: Option<&RolloutDescription>) -> &'static str {
    match last.map(|rollout| rollout.status) {
        None | Some(RolloutStatus::Successful | RolloutStatus::RollbackSuccessful) => "COMPLETED",
        Some(RolloutStatus::Stopped | RolloutStatus::RollbackFailed) => "FAILED",
        Some(_) => "IN_PROGRESS",
    }
}

fn current_revisions(service: &ServiceDescription) -> Value {
    let newest = service
        .revisions
        .iter()
        .rfind(|one| one.task_definition == service.task_definition)
        .map(|newest| newest.id);
    let settled = service.rollouts.last();
    let settled = settled.is_none_or(|rollout| rollout.status.is_over());
    let shown = service
        .revisions
        .iter()
        .filter(|one| one.running > 0 || (settled && newest == Some(one.id)));
    shown
        .map(|revision| {
            let is_newest = newest == Some(revision.id);
            json!({
                "arn": revision_arn(service, revision.id),
                "requestedTaskCount": if is_newest { service.desired } else { revision.running },
                "runningTaskCount": revision.running,
                "pendingTaskCount": 0,
            })
        })
        .collect()
}

pub(super) fn load_balancers(service: &ServiceDescription) -> Value {
    let Some(front) = Front::of(service) else {
        return json!([]);
    };
    let role = format!(
        "arn:aws:iam::{}:role/ecs-infrastructure",
        service.place.account
    );
    json!([{
        "targetGroupArn": front.groups[0],
        "containerName": service.container,
        "containerPort": PORT,
        "advancedConfiguration": {
            "alternateTargetGroupArn": front.groups[1],
            "productionListenerRule": front.production_rule,
            "testListenerRule": front.test_rule,
            "roleArn": role,
        },
    }])
}

pub(super) fn network() -> Value {
    json!({"awsvpcConfiguration": {
        "subnets": ["subnet-0a1b2c3d4e5f60718"],
        "securityGroups": ["sg-0a1b2c3d4e5f60718"],
        "assignPublicIp": "DISABLED",
    }})
}
