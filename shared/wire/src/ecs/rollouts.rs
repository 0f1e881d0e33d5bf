//! Service deployments and service revisions.

use serde_json::{Value, json};
use sluice_core::id::ServiceDeploymentArn;
use sluice_core::observation::RolloutStatus;
use sluice_sim::cloud::{Cloud, Read, RolloutDescription, ServiceDescription};

use super::names::{cluster, cluster_arn, missing, revision_arn, service_arn};
use super::services::{find, load_balancers, network};
use super::{configuration, task_definitions};
use crate::caller::Caller;
use crate::elb::Front;
use crate::json::{page, require, seconds, texts, without_nulls};
use crate::refusal::Refusal;

/// The most that ListServiceDeployments gives on a page.
const ON_A_PAGE: usize = 100;
/// The describe calls take no more ARNs.
const AT_ONCE: usize = 20;

pub(super) fn list(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let cluster = cluster(cloud, &place, input)?;
    let name = find(cloud, &place, &cluster, require(input, "service")?)?.name;
    let service = cloud.service_seen(&place, &cluster, &name, Read::Rollouts);
    let service = service.expect("a service that is there is seen");
    let wanted = texts(input, "status");
    let (after, before) = (&input["createdAt"]["after"], &input["createdAt"]["before"]);
    let is_in_time = |rollout: &RolloutDescription| {
        let created = seconds(rollout.created_at).as_f64();
        created >= after.as_f64() && before.as_f64().is_none_or(|limit| created <= Some(limit))
    };
    // The youngest first, as ECS has them.
    let briefs = service.rollouts.iter().rev().filter(|rollout| {
        (wanted.is_empty() || wanted.contains(&status(rollout.status))) && is_in_time(rollout)
    });
    let briefs = briefs.map(|rollout| brief(&service, rollout)).collect();
    let (briefs, next) = page(input, briefs, ON_A_PAGE);
    Ok(without_nulls(
        json!({"serviceDeployments": briefs, "nextToken": next}),
    ))
}

fn status(status: RolloutStatus) -> &'static str {
    match status {
        RolloutStatus::Pending => "PENDING",
        RolloutStatus::InProgress => "IN_PROGRESS",
        RolloutStatus::Successful => "SUCCESSFUL",
        RolloutStatus::StopRequested => "STOP_REQUESTED",
        RolloutStatus::Stopped => "STOPPED",
        RolloutStatus::RollbackRequested => "ROLLBACK_REQUESTED",
        RolloutStatus::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
        RolloutStatus::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
        RolloutStatus::RollbackFailed => "ROLLBACK_FAILED",
    }
}

fn brief(service: &ServiceDescription, rollout: &RolloutDescription) -> Value {
    let started = rollout.status != RolloutStatus::Pending;
    without_nulls(json!({
        "serviceDeploymentArn": rollout.arn,
        "serviceArn": service_arn(service),
        "clusterArn": cluster_arn(&service.place, &service.cluster),
        "createdAt": seconds(rollout.created_at),
        "startedAt": started.then(|| seconds(rollout.created_at)),
        "finishedAt": rollout.ended_at.map(seconds),
        "targetServiceRevisionArn": revision_arn(service, rollout.target),
        "status": status(rollout.status),
        "statusReason": rollout.reason,
    }))
}

/// ECS takes twenty ARNs at once.
fn arns<'a>(input: &'a Value, member: &str) -> Result<Vec<&'a str>, Refusal> {
    let arns = texts(input, member);
    if (1..=AT_ONCE).contains(&arns.len()) {
        return Ok(arns);
    }
    Err(Refusal::new(
        "InvalidParameterException",
        format!("{member} must have between 1 and {AT_ONCE} ARNs"),
    ))
}

pub(super) fn describe(cloud: &Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let services = cloud.services_seen(&place, Read::Rollouts);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns(input, "serviceDeploymentArns")? {
        let of_arn = |service: &ServiceDescription| {
            let mut rollouts = service.rollouts.iter();
            let rollout = rollouts.find(|rollout| rollout.arn.as_str() == arn)?;
            Some(whole(cloud, service, rollout))
        };
        match services.iter().find_map(of_arn) {
            Some(whole) => found.push(whole),
            None => failures.push(missing(arn)),
        }
    }
    Ok(json!({"serviceDeployments": found, "failures": failures}))
}

fn whole(cloud: &Cloud, service: &ServiceDescription, rollout: &RolloutDescription) -> Value {
    let mut told = brief(service, rollout);
    let members = told.as_object_mut().expect("a brief is an object");
    let target = members.remove("targetServiceRevisionArn");
    debug_assert!(target.is_some(), "every service deployment has a target");
    let source = rollout.source.filter(|source| *source != rollout.target);
    told["targetServiceRevision"] = summary(service, rollout, rollout.target);
    told["sourceServiceRevisions"] = source
        .map(|source| summary(service, rollout, source))
        .into_iter()
        .collect();
    told["deploymentConfiguration"] = configuration::write(&rollout.configuration);
    told["updatedAt"] = seconds(rollout.ended_at.unwrap_or(cloud.now()));
    if let Some(stage) = rollout.stage {
        told["lifecycleStage"] = json!(stage.as_str());
    }
    if let Some((source, reason)) = goes_back(rollout)
        .then_some(rollout.source)
        .flatten()
        .zip(rollout.reason.as_ref())
    {
        told["rollback"] = json!({
            "reason": reason,
            "startedAt": seconds(rollout.ended_at.unwrap_or(cloud.now())),
            "serviceRevisionArn": revision_arn(service, source),
        });
    }
    told
}

fn goes_back(rollout: &RolloutDescription) -> bool {
    matches!(
        rollout.status,
        RolloutStatus::RollbackRequested
            | RolloutStatus::RollbackInProgress
            | RolloutStatus::RollbackSuccessful
            | RolloutStatus::RollbackFailed
    )
}

/// A revision's part in a service deployment. Only one that shifts traffic has weights.
fn summary(service: &ServiceDescription, rollout: &RolloutDescription, id: u64) -> Value {
    let revision = service.revisions.iter().find(|revision| revision.id == id);
    let running = revision.map_or(0, |revision| revision.running);
    let mut told = json!({
        "arn": revision_arn(service, id),
        "requestedTaskCount": service.desired,
        "runningTaskCount": running,
        "pendingTaskCount": 0,
    });
    let groups = service.target_groups.as_ref();
    let groups = groups.filter(|_| rollout.configuration.strategy.shifts_traffic());
    if let (Some(groups), Some(revision)) = (groups, revision) {
        // Of two revisions in one group the other one's weight is not this one's.
        let production = groups[revision.target_group].1;
        told["requestedProductionTrafficWeight"] = json!(f64::from(production));
        let test = if revision.on_test { 100.0 } else { 0.0 };
        told["requestedTestTrafficWeight"] = json!(test);
    }
    told
}

pub(super) fn describe_revisions(
    cloud: &Cloud,
    caller: &Caller,
    input: &Value,
) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let services = cloud.services_seen(&place, Read::Rollouts);
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns(input, "serviceRevisionArns")? {
        let of_arn = |service: &ServiceDescription| {
            let mut revisions = service.revisions.iter();
            let revision = revisions.find(|one| revision_arn(service, one.id) == arn)?;
            let images = task_definitions::images(cloud, &place, revision.task_definition.as_str());
            Some(json!({
                "serviceRevisionArn": arn,
                "serviceArn": service_arn(service),
                "clusterArn": cluster_arn(&place, &service.cluster),
                "taskDefinition": revision.task_definition,
                "launchType": "FARGATE",
                "platformVersion": "1.4.0",
                "platformFamily": "Linux",
                "loadBalancers": load_balancers(service),
                "serviceRegistries": [],
                "networkConfiguration": network(),
                "containerImages": images,
                "guardDutyEnabled": false,
                "resolvedConfiguration": resolved(service, revision.target_group),
            }))
        };
        match services.iter().find_map(of_arn) {
            Some(revision) => found.push(revision),
            None => failures.push(missing(arn)),
        }
    }
    Ok(json!({"serviceRevisions": found, "failures": failures}))
}

/// In which of its two target groups a revision stands.
fn resolved(service: &ServiceDescription, group: usize) -> Value {
    let stands = Front::of(service).map(|front| {
        json!({
            "targetGroupArn": front.groups[group],
            "productionListenerRule": front.production_rule,
        })
    });
    json!({"loadBalancers": stands.into_iter().collect::<Value>()})
}

pub(super) fn stop(cloud: &mut Cloud, caller: &Caller, input: &Value) -> Result<Value, Refusal> {
    let place = caller.place(cloud)?;
    let arn = ServiceDeploymentArn::new(require(input, "serviceDeploymentArn")?);
    // ECS goes back unless it is told to abort.
    if !matches!(input["stopType"].as_str(), None | Some("ROLLBACK")) {
        return Err(Refusal::new(
            "UnsupportedFeatureException",
            "The simulated cloud stops service deployments with stopType ROLLBACK only",
        ));
    }
    cloud.order_stop(&place, &arn)?;
    Ok(json!({"serviceDeploymentArn": arn}))
}
