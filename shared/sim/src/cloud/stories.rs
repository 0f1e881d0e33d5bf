//! What other people do to the cloud: the console, infrastructure code, autoscaling, the listener
//! rules by hand. Images, secrets, databases and alarms have theirs in their own files.

use std::sync::Arc;

use sluice_core::id::{ClusterName, EcsServiceName, ServiceDeploymentArn, TaskDefinitionArn};

use super::Cloud;
use super::ecs::RolloutConfig;
use super::elb::FrontSettings;
use super::ledger::Happened;

impl Cloud {
    pub(super) fn named(&self, cluster: &ClusterName, service: &EcsServiceName) -> Option<usize> {
        self.ecs.services_named(cluster, service).first().copied()
    }

    /// Somebody deploys an image in the console, with the service's own configuration: the hook is
    /// still there. `None` where there is no such service.
    pub fn deploy_by_hand(
        &mut self,
        cluster: &ClusterName,
        service: &EcsServiceName,
        image: &str,
    ) -> Option<TaskDefinitionArn> {
        let arn = self.register_by_hand(cluster, service, image)?;
        let at = self.named(cluster, service)?;
        let definition = self.task_definition(&arn)?;
        self.update_service(at, definition, None);
        Some(arn)
    }

    /// Somebody types `aws ecs update-service`: the service gets the revision `family:number`, and so
    /// many tasks if that is said. False where there is no such service or revision.
    pub fn update_by_hand(
        &mut self,
        cluster: &ClusterName,
        service: &EcsServiceName,
        revision: &str,
        desired: Option<u32>,
    ) -> bool {
        let Some(at) = self.named(cluster, service) else {
            return false;
        };
        let place = self.ecs.services[at].place.clone();
        let definitions = &self.ecs.task_definitions;
        let definition = definitions.iter().position(|one| {
            one.place == place && one.arn.as_str().rsplit('/').next() == Some(revision)
        });
        let Some(definition) = definition else {
            return false;
        };
        if let Some(desired) = desired {
            self.set_desired(at, desired, false);
        }
        self.update_service(at, definition, None);
        true
    }

    /// Somebody types `aws ecs stop-service-deployment`. False where there is no such one.
    pub fn stop_by_hand(&mut self, arn: &ServiceDeploymentArn) -> bool {
        self.stop_rollout(arn).is_ok()
    }

    /// Infrastructure code registers a new revision of the service's task definition and deploys
    /// nothing. `None` where there is no such service.
    pub fn register_by_hand(
        &mut self,
        cluster: &ClusterName,
        service: &EcsServiceName,
        image: &str,
    ) -> Option<TaskDefinitionArn> {
        let service = &self.ecs.services[self.named(cluster, service)?];
        let base = &self.ecs.task_definitions[service.task_definition];
        let (place, family) = (base.place.clone(), base.family.clone());
        let mut containers = base.containers.clone();
        for container in containers
            .iter_mut()
            .filter(|c| c.name == service.container)
        {
            container.image = image.to_owned();
        }
        let rest = base.rest.clone();
        let new = self.register(&place, &family, containers, rest);
        Some(self.ecs.task_definitions[new].arn.clone())
    }

    /// Autoscaling, or a hand, sets the desired count. What runs follows at once.
    pub fn scale(&mut self, cluster: &ClusterName, service: &EcsServiceName, desired: u32) {
        let Some(at) = self.named(cluster, service) else {
            return;
        };
        self.ecs.services[at].desired = desired;
        self.follow_count(at, desired);
    }

    /// Somebody changes the weights of the production rule by hand: blue's, then green's.
    pub fn set_weights(
        &mut self,
        cluster: &ClusterName,
        service: &EcsServiceName,
        weights: [u32; 2],
    ) {
        let Some(at) = self.named(cluster, service) else {
            return;
        };
        if let Some(traffic) = &mut self.ecs.services[at].traffic {
            traffic.set_weights(weights);
            self.note(Happened::WeightsSet {
                cluster: cluster.clone(),
                service: service.clone(),
            });
        }
    }

    /// Somebody changes the production rule or the health check of the target groups.
    pub fn set_front(
        &mut self,
        cluster: &ClusterName,
        service: &EcsServiceName,
        change: impl FnOnce(&mut FrontSettings),
    ) {
        let Some(at) = self.named(cluster, service) else {
            return;
        };
        if let Some(traffic) = &mut self.ecs.services[at].traffic {
            change(&mut traffic.settings);
        }
    }

    /// Whether rolling deployments of the service go back by themselves from now on, where the
    /// configuration of the next deployment does not say otherwise.
    pub fn set_circuit_breaker(
        &mut self,
        cluster: &ClusterName,
        service: &EcsServiceName,
        enabled: bool,
    ) {
        let Some(at) = self.named(cluster, service) else {
            return;
        };
        let config = &self.ecs.services[at].config;
        let config = RolloutConfig {
            circuit_breaker: enabled,
            ..(**config).clone()
        };
        self.ecs.services[at].config = Arc::new(config);
    }

    /// Forgets that any rollout of the service ever succeeded, as of a service that was just made:
    /// ECS has nothing to go back to.
    pub fn forget_success(&mut self, cluster: &ClusterName, service: &EcsServiceName) {
        if let Some(at) = self.named(cluster, service) {
            self.ecs.services[at].completed = None;
        }
    }
}
