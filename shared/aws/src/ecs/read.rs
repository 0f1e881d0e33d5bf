//! Services as they run.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{Service, ServiceDeploymentStatus, ServiceRevision};
use sluice_app::ports::ServiceQuery;
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, EcsServiceName, ServiceDeploymentArn, TaskDefinitionArn};
use sluice_core::observation::{RevisionTasks, ServiceObservation};

use super::{family, rollout, task_definition};
use crate::clients::ClientSet;
use crate::elb;
use crate::error::{incomplete, port_error};

/// DescribeServices takes no more at once.
const SERVICES_A_CALL: usize = 10;
/// A deleted service is described as DRAINING or INACTIVE for a while; it cannot be deployed to.
const ACTIVE: &str = "ACTIVE";
/// ECS's reason for something it does not have.
pub(super) const MISSING: &str = "MISSING";

pub(super) async fn read(
    clients: &ClientSet,
    cluster: &ClusterName,
    queries: &[ServiceQuery],
) -> Result<Vec<ServiceObservation>, PortError> {
    let names: Vec<&EcsServiceName> = queries.iter().map(|query| &query.ecs_service).collect();
    let services = describe(clients, cluster, &names).await?;
    let current = services
        .values()
        .flat_map(Service::current_service_revisions);
    let current = current.filter_map(|one| one.arn().map(str::to_owned));
    let revisions = rollout::revisions(clients, current.collect()).await?;
    let mut observed = Vec::new();
    for query in queries {
        if let Some(service) = services.get(query.ecs_service.as_str()) {
            let running = current_revision(service).and_then(|arn| revisions.get(arn));
            let mut seen = observe(clients, cluster, query, service, running).await?;
            seen.newest = newest(service, &revisions);
            observed.push(seen);
        }
    }
    Ok(observed)
}

/// The services that are there, each with its query and with the ARN of the task definition that it
/// runs.
pub(super) async fn running<'a>(
    clients: &ClientSet,
    cluster: &ClusterName,
    queries: &'a [ServiceQuery],
) -> Result<Vec<(&'a ServiceQuery, Service, String)>, PortError> {
    let names: Vec<&EcsServiceName> = queries.iter().map(|query| &query.ecs_service).collect();
    let mut services = describe(clients, cluster, &names).await?;
    let current = services.values().filter_map(current_revision);
    let current = current.map(str::to_owned).collect();
    let revisions = rollout::revisions(clients, current).await?;
    let mut running = Vec::new();
    for query in queries {
        let Some(service) = services.remove(query.ecs_service.as_str()) else {
            continue;
        };
        let revision = current_revision(&service).and_then(|arn| revisions.get(arn));
        let arn = task_definition_of(&service, revision, &query.ecs_service)?.to_owned();
        running.push((query, service, arn));
    }
    Ok(running)
}

/// What the service runs: what its only revision names, or what it was last told to run.
fn task_definition_of<'a>(
    service: &'a Service,
    running: Option<&'a ServiceRevision>,
    name: &EcsServiceName,
) -> Result<&'a str, PortError> {
    running
        .and_then(ServiceRevision::task_definition)
        .or(service.task_definition())
        .ok_or_else(|| incomplete("ecs:DescribeServices", name.as_str(), "task definition"))
}

/// The one service, of any kind that can be deployed to; a permanent error if ECS does not have it.
pub(super) async fn one(
    clients: &ClientSet,
    cluster: &ClusterName,
    name: &EcsServiceName,
) -> Result<Service, PortError> {
    describe(clients, cluster, &[name]).await?.remove(name.as_str()).ok_or_else(|| {
        PortError::permanent(format!(
            "there is no active service `{name}` in the cluster {cluster}: correct `ecs-service` \
             or \
             `cluster` in sluice.toml, or create the service"
        ))
    })
}

/// By name. Those ECS does not have are left out.
async fn describe(
    clients: &ClientSet,
    cluster: &ClusterName,
    names: &[&EcsServiceName],
) -> Result<BTreeMap<String, Service>, PortError> {
    const ACTION: &str = "ecs:DescribeServices";
    let mut services = BTreeMap::new();
    for names in names.chunks(SERVICES_A_CALL) {
        let on = format!("the services of the cluster {cluster}");
        let answer = clients
            .ecs()
            .describe_services()
            .cluster(cluster.as_str())
            .set_services(Some(names.iter().map(ToString::to_string).collect()))
            .send()
            .await
            .map_err(|e| port_error(ACTION, &on, e))?;
        for failure in answer.failures() {
            if failure.reason() != Some(MISSING) {
                return Err(PortError::permanent(format!(
                    "ECS could not describe {}: {}",
                    failure.arn().unwrap_or(&on),
                    failure.reason().unwrap_or("it gives no reason"),
                )));
            }
        }
        for service in answer.services.unwrap_or_default() {
            if service.status() == Some(ACTIVE)
                && let Some(name) = service.service_name()
            {
                services.insert(name.to_owned(), service);
            }
        }
    }
    Ok(services)
}

/// The revision whose tasks run, once there is only one. While ECS replaces one by another, the
/// service's own field is what it was last told to run.
fn current_revision(service: &Service) -> Option<&str> {
    match service.current_service_revisions() {
        [only] => only.arn(),
        _ => None,
    }
}

/// The tasks of the revision that the service was last told to run.
fn newest(
    service: &Service,
    revisions: &BTreeMap<String, ServiceRevision>,
) -> Option<RevisionTasks> {
    let told = service.task_definition()?;
    let mut current = service.current_service_revisions().iter();
    let newest = current.find(|one| {
        let revision = one.arn().and_then(|arn| revisions.get(arn));
        revision.and_then(ServiceRevision::task_definition) == Some(told)
    })?;
    Some(RevisionTasks {
        task_definition: TaskDefinitionArn::new(told),
        requested: u32::try_from(newest.requested_task_count()).unwrap_or(0),
        running: u32::try_from(newest.running_task_count()).unwrap_or(0),
    })
}

async fn observe(
    clients: &ClientSet,
    cluster: &ClusterName,
    query: &ServiceQuery,
    service: &Service,
    running: Option<&ServiceRevision>,
) -> Result<ServiceObservation, PortError> {
    let name = &query.ecs_service;
    let arn = task_definition_of(service, running, name)?;
    let (definition, tags) = task_definition::describe(clients, arn).await?;
    let container = task_definition::container(&definition, &query.container)?;
    let beside = match &query.definition {
        Some(wanted) => {
            let runs = family::Runs {
                service,
                definition: &definition,
                tags: &tags,
                container,
            };
            Some(Box::new(family::read(clients, &runs, wanted).await?))
        }
        None => None,
    };
    Ok(ServiceObservation {
        service: query.service.clone(),
        task_definition: TaskDefinitionArn::new(arn),
        image: container.image().unwrap_or_default().to_owned(),
        desired: u32::try_from(service.desired_count()).unwrap_or(0),
        running: u32::try_from(service.running_count()).unwrap_or(0),
        in_progress: in_progress(clients, cluster, name).await?,
        traffic: elb::traffic(clients, service.load_balancers()).await?,
        newest: None,
        definition: beside,
    })
}

/// The youngest service deployment that is not over, no matter who started it.
async fn in_progress(
    clients: &ClientSet,
    cluster: &ClusterName,
    service: &EcsServiceName,
) -> Result<Option<ServiceDeploymentArn>, PortError> {
    let under_way = [
        ServiceDeploymentStatus::Pending,
        ServiceDeploymentStatus::InProgress,
        ServiceDeploymentStatus::StopRequested,
        ServiceDeploymentStatus::RollbackRequested,
        ServiceDeploymentStatus::RollbackInProgress,
    ];
    let found = rollout::list(clients, cluster, service, None, &under_way).await?;
    let youngest = found.into_iter().max_by_key(|brief| brief.created_at);
    Ok(youngest
        .and_then(|brief| brief.service_deployment_arn)
        .map(ServiceDeploymentArn::new))
}
