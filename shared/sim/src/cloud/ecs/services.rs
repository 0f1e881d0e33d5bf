//! Services: what DescribeServices and the load balancer say of them.

use sluice_app::ports::ServiceQuery;
use sluice_core::config::ServiceKind;
use sluice_core::failure::PortError;
use sluice_core::id::{ClusterName, EcsServiceName};
use sluice_core::observation::{RevisionTasks, ServiceObservation, TrafficObservation};

use crate::cloud::Cloud;
use crate::cloud::agenda::Due;
use crate::cloud::behaviour::{ImageBehaviour, Start};
use crate::cloud::ecs::{Rollout, Sight};
use crate::cloud::lag::Read;
use crate::cloud::ledger::Happened;
use crate::cloud::place::Place;

/// The exit code of an application that cannot log in to its database.
pub(super) const NO_LOGIN: i32 = 1;

/// How an image starts in a service of this kind: an exit code if it does not stay up. The load
/// balancer looks at the liveness path, so a web service that is not alive is killed like one that
/// crashed, with the code of a SIGKILL.
fn start_failure(behaviour: &ImageBehaviour, kind: ServiceKind) -> Option<i32> {
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

impl Cloud {
    /// Whether a task of a service that starts now fails, and with which exit code if its container
    /// ran.
    pub(super) fn start_fails(&mut self, service: usize, revision: usize) -> Option<Option<i32>> {
        if self.starts.refused().is_some() {
            return Some(None);
        }
        let service = &self.ecs.services[service];
        let revision = &service.revisions[revision];
        let Some(behaviour) = &revision.behaviour else {
            return Some(None);
        };
        let no_login = self.has_dead_password(revision.task_definition);
        start_failure(behaviour, service.kind)
            .or(no_login.then_some(NO_LOGIN))
            .map(Some)
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
        let mut named = self.ecs.services_named(cluster, name).iter().copied();
        named.find(|at| *self.ecs.services[*at].place == *place)
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
        let at = self.service_at(place, cluster, &query.ecs_service)?;
        let seen = self.sight_of(at, Read::Services);
        let service = seen.service;
        let definition = &self.ecs.task_definitions[service.task_definition];
        let image = definition
            .container(&query.container)
            .map(|container| container.image.clone());
        let under_way = seen.last();
        Some(ServiceObservation {
            service: query.service.clone(),
            task_definition: definition.arn.clone(),
            image: image.unwrap_or_default(),
            desired: service.desired,
            running: service.running(),
            in_progress: under_way.filter(|r| !r.is_over()).map(|r| r.arn.clone()),
            traffic: describe_targets(self.sight_of(at, Read::Targets)),
            newest: self.describe_newest(seen),
            definition: query.definition.as_ref().map(|wanted| {
                Box::new(self.describe_definition(definition, &query.container, wanted))
            }),
        })
    }

    /// Of `currentServiceRevisions`, the one that runs what the service was last told to run.
    fn describe_newest(&self, seen: Sight<'_>) -> Option<RevisionTasks> {
        let service = seen.service;
        let mut newest = service.revisions.iter();
        let newest = newest.rfind(|one| one.task_definition == service.task_definition)?;
        let settled = seen.last().is_none_or(Rollout::is_over);
        (newest.running > 0 || settled).then(|| RevisionTasks {
            task_definition: self.ecs.task_definitions[newest.task_definition]
                .arn
                .clone(),
            requested: service.desired,
            running: newest.running,
        })
    }

    /// UpdateService with a desired count. With a service deployment beside it that one starts the
    /// tasks; without one ECS starts or stops tasks of what the service runs.
    pub(in crate::cloud) fn set_desired(&mut self, at: usize, desired: u32, alone: bool) {
        let service = &mut self.ecs.services[at];
        if service.desired == desired {
            return;
        }
        let after = if desired < service.desired {
            self.tempo.task_stop
        } else {
            self.tempo.task_start
        };
        service.desired = desired;
        let what = Happened::ServiceScaled {
            cluster: service.cluster.clone(),
            service: service.name.clone(),
            desired,
        };
        self.note(what);
        if alone {
            let due = Due::CountReached { service: at };
            self.agenda.plan(self.now + after, due);
        }
    }

    /// The tasks of what the service runs are as many as are wanted. A service deployment that has
    /// begun meanwhile sees to its own.
    pub(in crate::cloud) fn count_reached(&mut self, at: usize) {
        let service = &self.ecs.services[at];
        let last = service.rollouts.last().map(|at| &self.ecs.rollouts[*at]);
        if last.is_some_and(|last| !last.is_over()) && service.desired > 0 {
            return;
        }
        let desired = service.desired;
        self.follow_count(at, desired);
    }

    /// What runs is as many as are wanted; of a service at zero, what ran last.
    pub(in crate::cloud) fn follow_count(&mut self, at: usize, desired: u32) {
        let service = &mut self.ecs.services[at];
        for revision in 0..service.revisions.len() {
            if service.revisions[revision].running > 0
                || (service.running() == 0 && service.completed == Some(revision))
            {
                service.set_running(revision, desired);
            }
        }
    }
}

/// DescribeRules and DescribeTargetHealth.
fn describe_targets(seen: Sight<'_>) -> Option<TrafficObservation> {
    let service = seen.service;
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
