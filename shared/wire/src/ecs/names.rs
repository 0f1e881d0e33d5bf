//! ARNs of ECS, and the names in them.

use serde_json::{Value, json};
use sluice_core::id::ClusterName;
use sluice_sim::cloud::{Cloud, Place, ServiceDescription};

use crate::refusal::Refusal;

/// ECS takes a name or an ARN wherever it takes one of them.
pub(super) fn name_of(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

/// The cluster that is asked about; ECS has one of the name `default`.
pub(super) fn cluster(cloud: &Cloud, place: &Place, input: &Value) -> Result<ClusterName, Refusal> {
    let cluster = ClusterName::new(name_of(input["cluster"].as_str().unwrap_or("default")));
    if cloud.has_cluster(place, &cluster) {
        Ok(cluster)
    } else {
        Err(Refusal::new(
            "ClusterNotFoundException",
            "Cluster not found.",
        ))
    }
}

pub(super) fn cluster_arn(place: &Place, cluster: &ClusterName) -> String {
    place.arn("ecs", format!("cluster/{cluster}"))
}

pub(super) fn service_arn(service: &ServiceDescription) -> String {
    let name = format!("service/{}/{}", service.cluster, service.name);
    service.place.arn("ecs", name)
}

pub(super) fn revision_arn(service: &ServiceDescription, revision: u64) -> String {
    let (cluster, name) = (&service.cluster, &service.name);
    let name = format!("service-revision/{cluster}/{name}/{revision}");
    service.place.arn("ecs", name)
}

/// What ECS says of something it does not have.
pub(super) fn missing(arn: impl Into<String>) -> Value {
    json!({"arn": arn.into(), "reason": "MISSING"})
}
