//! The target groups of the two versions that a service deployment has.

use aws_sdk_ecs::types::{LoadBalancer, ServiceRevision};
use jiff::Timestamp;
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, EcsServiceName, TaskDefinitionArn};

use super::rollout;
use crate::clients::ClientSet;

/// The target groups of both versions, as CloudWatch's dimensions name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TargetGroups {
    /// `app/NAME/ID`.
    pub(crate) load_balancer: String,
    /// `targetgroup/NAME/ID` of the old version.
    pub(crate) old: String,
    /// The same of the new one.
    pub(crate) new: String,
}

/// The groups of our service deployment; `None` while ECS has none, and where no Application Load
/// Balancer shifts its traffic.
pub(crate) async fn groups(
    clients: &ClientSet,
    cluster: &ClusterName,
    service: &EcsServiceName,
    task_definition: &TaskDefinitionArn,
    since: Timestamp,
) -> Result<Option<TargetGroups>, PortError> {
    let found = rollout::find(clients, cluster, service, task_definition, since).await?;
    Ok(found.and_then(|found| of_revision(found.target())))
}

/// ECS says of a service revision which of its two groups it stands in.
fn of_revision(revision: &ServiceRevision) -> Option<TargetGroups> {
    let resolved = revision.resolved_configuration()?.load_balancers();
    resolved.iter().find_map(|stands| {
        let new = stands.target_group_arn()?;
        let has = |balancer: &&LoadBalancer| both(balancer).contains(&Some(new));
        let balancer = revision.load_balancers().iter().find(has)?;
        let old = both(balancer)
            .into_iter()
            .flatten()
            .find(|arn| *arn != new)?;
        let rule = balancer
            .advanced_configuration()?
            .production_listener_rule()?;
        Some(TargetGroups {
            load_balancer: load_balancer_of(rule)?,
            old: dimension(old)?,
            new: dimension(new)?,
        })
    })
}

fn both(balancer: &LoadBalancer) -> [Option<&str>; 2] {
    let advanced = balancer.advanced_configuration();
    let other = advanced.and_then(|advanced| advanced.alternate_target_group_arn());
    [balancer.target_group_arn(), other]
}

/// `arn:…:listener-rule/app/NAME/ID/LISTENER/RULE` → `app/NAME/ID`. A network load balancer knows
/// no requests.
fn load_balancer_of(rule: &str) -> Option<String> {
    let path = rule.split_once(":listener-rule/")?.1;
    let mut parts = path.split('/');
    let (kind, name, id) = (parts.next()?, parts.next()?, parts.next()?);
    (kind == "app").then(|| format!("app/{name}/{id}"))
}

/// `arn:…:targetgroup/NAME/ID` → `targetgroup/NAME/ID`.
fn dimension(arn: &str) -> Option<String> {
    let (_, rest) = arn.split_once(":targetgroup/")?;
    Some(format!("targetgroup/{rest}"))
}
