//! Our own service deployment: found by what it brings, followed to its own end.
//!
//! UpdateService does not say which service deployment it starts, and a service that is stable
//! again may have been rolled back. So ours is the youngest one that is not older than our request
//! and whose target revision runs the task definition we requested. Several of them can have one
//! revision (ecspresso#929).

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    CreatedAt, ServiceDeployment, ServiceDeploymentBrief, ServiceDeploymentStatus, ServiceRevision,
    ServiceRevisionSummary, StopServiceDeploymentStopType,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, EcsServiceName, ServiceDeploymentArn, TaskDefinitionArn};
use sluice_core::observation::{RolloutObservation, RolloutStatus, Stage};

use crate::clients::ClientSet;
use crate::error::{incomplete, port_error};
use crate::time::{date_time, timestamp};

/// ECS's describe calls take no more ARNs at once.
const ARNS_A_CALL: usize = 20;
/// ECS's clock may be behind ours by as much. AWS keeps its clocks within milliseconds; what is
/// older was requested before, even if it brings the same task definition.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(5);

/// How our service deployment is; `None` while ECS has none.
pub(super) async fn observe(
    clients: &ClientSet,
    cluster: &ClusterName,
    service: &EcsServiceName,
    task_definition: &TaskDefinitionArn,
    since: Timestamp,
) -> Result<Option<RolloutObservation>, PortError> {
    let Some(found) = find(clients, cluster, service, task_definition, since).await? else {
        return Ok(None);
    };
    match describe(clients, &found.deployment).await? {
        Some(deployment) => Ok(Some(observation(&found, &deployment)?)),
        None => Ok(None),
    }
}

/// A service deployment, and the revision it brings.
pub(super) struct Found {
    deployment: ServiceDeploymentArn,
    target: ServiceRevision,
}

impl Found {
    /// The revision it brings.
    pub(super) fn target(&self) -> &ServiceRevision {
        &self.target
    }
}

/// The youngest service deployment to the task definition that is not older than `since`.
pub(super) async fn find(
    clients: &ClientSet,
    cluster: &ClusterName,
    service: &EcsServiceName,
    task_definition: &TaskDefinitionArn,
    since: Timestamp,
) -> Result<Option<Found>, PortError> {
    let not_before = earliest(since);
    let mut briefs = list(clients, cluster, service, Some(not_before), &[]).await?;
    briefs.retain(|brief| {
        brief
            .created_at
            .and_then(|time| timestamp(&time))
            .is_some_and(|time| time >= not_before)
    });
    briefs.sort_by_key(|brief| std::cmp::Reverse(brief.created_at));
    let arns: BTreeSet<String> = briefs
        .iter()
        .filter_map(|brief| brief.target_service_revision_arn.clone())
        .collect();
    let mut revisions = revisions(clients, arns.into_iter().collect()).await?;
    Ok(briefs.into_iter().find_map(|brief| {
        let target = brief.target_service_revision_arn()?;
        if revisions.get(target)?.task_definition() != Some(task_definition.as_str()) {
            return None;
        }
        Some(Found {
            target: revisions.remove(target)?,
            deployment: ServiceDeploymentArn::new(brief.service_deployment_arn?),
        })
    }))
}

/// Nothing that ECS dates before this was started after `since`.
pub(super) fn earliest(since: Timestamp) -> Timestamp {
    since.checked_sub(CLOCK_SKEW).unwrap_or(Timestamp::MIN)
}

/// The service's deployments, every page of them; of any status if `status` is empty.
pub(super) async fn list(
    clients: &ClientSet,
    cluster: &ClusterName,
    service: &EcsServiceName,
    not_before: Option<Timestamp>,
    status: &[ServiceDeploymentStatus],
) -> Result<Vec<ServiceDeploymentBrief>, PortError> {
    const ACTION: &str = "ecs:ListServiceDeployments";
    let created = not_before.map(|time| CreatedAt::builder().after(date_time(time)).build());
    let status = (!status.is_empty()).then(|| status.to_vec());
    let mut briefs = Vec::new();
    let mut next = None;
    loop {
        let page = clients
            .ecs()
            .list_service_deployments()
            .cluster(cluster.as_str())
            .service(service.as_str())
            .set_created_at(created.clone())
            .set_status(status.clone())
            .set_next_token(next)
            .send()
            .await
            .map_err(|e| port_error(ACTION, &format!("the service {service}"), e))?;
        briefs.extend(page.service_deployments.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(briefs);
        }
    }
}

/// Service revisions by ARN. Those ECS has forgotten are left out.
pub(super) async fn revisions(
    clients: &ClientSet,
    arns: Vec<String>,
) -> Result<BTreeMap<String, ServiceRevision>, PortError> {
    let mut revisions = BTreeMap::new();
    for arns in arns.chunks(ARNS_A_CALL) {
        let answer = clients
            .ecs()
            .describe_service_revisions()
            .set_service_revision_arns(Some(arns.to_vec()))
            .send()
            .await
            .map_err(|e| port_error("ecs:DescribeServiceRevisions", &arns.join(", "), e))?;
        for revision in answer.service_revisions.unwrap_or_default() {
            if let Some(arn) = revision.service_revision_arn() {
                revisions.insert(arn.to_owned(), revision);
            }
        }
    }
    Ok(revisions)
}

/// `None` where ECS has no service deployment of that ARN.
async fn describe(
    clients: &ClientSet,
    arn: &ServiceDeploymentArn,
) -> Result<Option<ServiceDeployment>, PortError> {
    let answer = clients
        .ecs()
        .describe_service_deployments()
        .service_deployment_arns(arn.as_str())
        .send()
        .await
        .map_err(|e| port_error("ecs:DescribeServiceDeployments", arn.as_str(), e))?;
    Ok(answer.service_deployments.unwrap_or_default().pop())
}

/// Stops it with a rollback. One that is over or already rolls back is not touched.
pub(super) async fn ensure_stopping(
    clients: &ClientSet,
    arn: &ServiceDeploymentArn,
) -> Result<(), PortError> {
    if is_on_its_way_back(clients, arn).await? {
        return Ok(());
    }
    let stopped = clients
        .ecs()
        .stop_service_deployment()
        .service_deployment_arn(arn.as_str())
        .stop_type(StopServiceDeploymentStopType::Rollback)
        .send()
        .await;
    match stopped {
        Ok(_) => Ok(()),
        // It ended, or someone stopped it, between the check and the call.
        Err(error) if error.code() == Some("ConflictException") => {
            if is_on_its_way_back(clients, arn).await? {
                return Ok(());
            }
            Err(PortError::retryable(format!(
                "ECS cannot stop {arn} right now: {}",
                error.message().unwrap_or("it gives no reason")
            )))
        }
        Err(error) => Err(port_error("ecs:StopServiceDeployment", arn.as_str(), error)),
    }
}

async fn is_on_its_way_back(
    clients: &ClientSet,
    arn: &ServiceDeploymentArn,
) -> Result<bool, PortError> {
    let Some(deployment) = describe(clients, arn).await? else {
        // It was listed, so it is there: DescribeServiceDeployments is behind.
        return Err(PortError::retryable(format!(
            "ECS listed the service deployment {arn}, but does not describe it"
        )));
    };
    Ok(match status_of(arn, &deployment)? {
        RolloutStatus::Pending | RolloutStatus::InProgress => false,
        RolloutStatus::Successful
        | RolloutStatus::StopRequested
        | RolloutStatus::Stopped
        | RolloutStatus::RollbackRequested
        | RolloutStatus::RollbackInProgress
        | RolloutStatus::RollbackSuccessful
        | RolloutStatus::RollbackFailed => true,
    })
}

fn observation(
    found: &Found,
    deployment: &ServiceDeployment,
) -> Result<RolloutObservation, PortError> {
    let stage = deployment.lifecycle_stage().map(|stage| stage.as_str());
    Ok(RolloutObservation {
        arn: found.deployment.clone(),
        status: status_of(&found.deployment, deployment)?,
        stage: stage.and_then(Stage::parse),
        traffic_percent: traffic_percent(found, deployment),
        reason: reason(deployment),
    })
}

fn status_of(
    arn: &ServiceDeploymentArn,
    deployment: &ServiceDeployment,
) -> Result<RolloutStatus, PortError> {
    let Some(status) = deployment.status() else {
        return Err(incomplete(
            "ecs:DescribeServiceDeployments",
            arn.as_str(),
            "status",
        ));
    };
    Ok(match status {
        ServiceDeploymentStatus::Pending => RolloutStatus::Pending,
        ServiceDeploymentStatus::InProgress => RolloutStatus::InProgress,
        ServiceDeploymentStatus::Successful => RolloutStatus::Successful,
        ServiceDeploymentStatus::StopRequested => RolloutStatus::StopRequested,
        ServiceDeploymentStatus::Stopped => RolloutStatus::Stopped,
        ServiceDeploymentStatus::RollbackRequested => RolloutStatus::RollbackRequested,
        ServiceDeploymentStatus::RollbackInProgress => RolloutStatus::RollbackInProgress,
        ServiceDeploymentStatus::RollbackSuccessful => RolloutStatus::RollbackSuccessful,
        ServiceDeploymentStatus::RollbackFailed => RolloutStatus::RollbackFailed,
        unknown => {
            return Err(PortError::needs_person(format!(
                "ECS says that {arn} is `{unknown}`, which this version of Sluice does not know: \
                 upgrade Sluice"
            )));
        }
    })
}

/// ECS's own weight where it shifts traffic; the share of the running tasks where all of them
/// stand behind one target group.
fn traffic_percent(found: &Found, deployment: &ServiceDeployment) -> Option<u8> {
    let target = deployment.target_service_revision()?;
    if let Some(weight) = target.requested_production_traffic_weight() {
        return Some(percent(weight));
    }
    if found.target.load_balancers().is_empty() {
        return None;
    }
    let running = |revision: &ServiceRevisionSummary| f64::from(revision.running_task_count());
    let before: f64 = deployment
        .source_service_revisions()
        .iter()
        .map(running)
        .sum();
    let share = running(target) / (before + running(target)).max(1.0);
    Some(percent(100.0 * share))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is between 0 and 100"
)]
fn percent(weight: f64) -> u8 {
    weight.clamp(0.0, 100.0).round() as u8
}

fn reason(deployment: &ServiceDeployment) -> Option<String> {
    let of_rollback = deployment.rollback().and_then(|rollback| rollback.reason());
    match (deployment.status_reason(), of_rollback) {
        (Some(status), Some(rollback)) if status != rollback => {
            Some(format!("{status}; {rollback}"))
        }
        (Some(reason), _) | (None, Some(reason)) => Some(reason.to_owned()),
        (None, None) => None,
    }
}
