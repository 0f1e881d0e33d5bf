//! Services: what DescribeServices and the load balancer say of them.

use sluice_app::ports::ServiceQuery;
use sluice_core::config::ServiceKind;
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, EcsServiceName};
use sluice_core::observation::{ServiceObservation, TrafficObservation};

use crate::cloud::Cloud;
use crate::cloud::behaviour::{ImageBehaviour, Start};
use crate::cloud::place::Place;

/// How an image starts in a service of this kind: an exit code if it does not stay up. The load
/// balancer looks at the liveness path, so a web service that is not alive is killed like one that
/// crashed, with the code of a SIGKILL.
pub(super) fn start_failure(behaviour: &ImageBehaviour, kind: ServiceKind) -> Option<i32> {
    let start = match kind {
        ServiceKind::Web => behaviour.web,
        ServiceKind::Worker | ServiceKind::Singleton => behaviour.workers,
    };
    match start {
        Start::Crashes(code) => Some(code),
        Start::Well if kind == ServiceKind::Web && !is_alive(behaviour) => Some(137),
        Start::Well => None,
    }
}

pub(in crate::cloud) fn is_alive(behaviour: &ImageBehaviour) -> bool {
    behaviour.live.is_none_or(|status| status == 200)
}

impl Cloud {
    pub(in crate::cloud) fn service_at(
        &self,
        place: &Place,
        cluster: &ClusterName,
        name: &EcsServiceName,
    ) -> Option<usize> {
        self.ecs.services.iter().position(|service| {
            service.name == *name && service.cluster == *cluster && *service.place == *place
        })
    }

    pub(in crate::cloud) fn service_or_refuse(
        &self,
        place: &Place,
        cluster: &ClusterName,
        name: &EcsServiceName,
    ) -> Result<usize, PortError> {
        self.service_at(place, cluster, name).ok_or_else(|| {
            PortError::permanent(format!(
                "ServiceNotFoundException: there is no service `{name}` in the cluster `{cluster}`: \
                 check `ecs-service` and `cluster` in sluice.toml"
            ))
        })
    }

    /// DescribeServices, with the task definition it runs and the target groups behind it.
    pub(in crate::cloud) fn describe_service(
        &self,
        place: &Place,
        cluster: &ClusterName,
        query: &ServiceQuery,
    ) -> Option<ServiceObservation> {
        let service = &self.ecs.services[self.service_at(place, cluster, &query.ecs_service)?];
        let definition = &self.ecs.task_definitions[service.task_definition];
        let image = definition
            .container(&query.container)
            .map(|container| container.image.clone());
        let under_way = service.rollouts.last().map(|at| &self.ecs.rollouts[*at]);
        Some(ServiceObservation {
            service: query.service.clone(),
            task_definition: definition.arn.clone(),
            image: image.unwrap_or_default(),
            desired: service.desired,
            running: service.running(),
            in_progress: under_way.filter(|r| !r.is_over()).map(|r| r.arn.clone()),
            traffic: self.describe_targets(place, cluster, &query.ecs_service),
        })
    }

    fn describe_targets(
        &self,
        place: &Place,
        cluster: &ClusterName,
        name: &EcsServiceName,
    ) -> Option<TrafficObservation> {
        let service = &self.ecs.services[self.service_at(place, cluster, name)?];
        let traffic = service.traffic.as_ref()?;
        let mut observation = TrafficObservation {
            weights: traffic.by_name(),
            healthy: 0,
            unhealthy: 0,
        };
        for revision in service
            .revisions
            .iter()
            .filter(|r| r.group == traffic.live())
        {
            if revision.behaviour.as_deref().is_none_or(is_alive) {
                observation.healthy += revision.running;
            } else {
                observation.unhealthy += revision.running;
            }
        }
        Some(observation)
    }
}
