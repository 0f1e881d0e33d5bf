//! The `Services` port.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sluice_app::ports::{ServiceQuery, Services, Target, TaskDefinitionOrder};
use sluice_core::command::RolloutOrder;
use sluice_core::failure::PortError;
use sluice_core::id::{EcsServiceName, ServiceDeploymentArn, TaskDefinitionArn};
use sluice_core::observation::{RolloutObservation, ServiceObservation, StoppedTask};
use sluice_core::parity::ServiceFacts;

use super::{facts, read, rollout, stopped, task_definition, update};
use crate::clients::{Clients, bounded};

/// The [`Services`] port on ECS, with the listener rules and target health of ELB.
#[derive(Clone, Debug)]
pub struct EcsServices {
    clients: Arc<Clients>,
}

impl EcsServices {
    /// The port over shared clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }
}

#[async_trait]
impl Services for EcsServices {
    /// DescribeServices, DescribeServiceRevisions, DescribeTaskDefinition, ListServiceDeployments;
    /// ELB's DescribeRules (or DescribeListeners) and DescribeTargetHealth.
    async fn read(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceObservation>, PortError> {
        let clients = self.clients.of(target).await?;
        read::read(&clients, &target.cluster, services).await
    }

    /// DescribeServices, DescribeServiceRevisions, DescribeTaskDefinition; ELB's DescribeRules and
    /// DescribeTargetGroups.
    async fn facts(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceFacts>, PortError> {
        let clients = self.clients.of(target).await?;
        facts::read(&clients, &target.cluster, services).await
    }

    /// ListTasks, DescribeTasks.
    async fn stopped_tasks(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
    ) -> Result<Vec<StoppedTask>, PortError> {
        let clients = self.clients.of(target).await?;
        stopped::read(&clients, &target.cluster, ecs_service, task_definition).await
    }

    /// DescribeTaskDefinition, RegisterTaskDefinition.
    async fn ensure_task_definition(
        &self,
        target: &Target,
        order: &TaskDefinitionOrder,
    ) -> Result<TaskDefinitionArn, PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            task_definition::ensure(&clients, &target.deployment, order).await
        })
        .await
    }

    /// ListServiceDeployments, DescribeServiceRevisions, DescribeServices, UpdateService.
    async fn ensure_rollout(&self, target: &Target, order: &RolloutOrder) -> Result<(), PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            let hook = self.clients.hook(target);
            update::ensure(&clients, &target.cluster, hook.as_ref(), order).await
        })
        .await
    }

    /// DescribeServices, UpdateService.
    async fn ensure_count(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        desired: u32,
    ) -> Result<(), PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            update::ensure_count(&clients, &target.cluster, ecs_service, desired).await
        })
        .await
    }

    /// ListServiceDeployments, DescribeServiceRevisions, DescribeServiceDeployments.
    async fn rollout(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
        since: Timestamp,
    ) -> Result<Option<RolloutObservation>, PortError> {
        let clients = self.clients.of(target).await?;
        rollout::observe(
            &clients,
            &target.cluster,
            ecs_service,
            task_definition,
            since,
        )
        .await
    }

    /// DescribeServiceDeployments, StopServiceDeployment.
    async fn ensure_stopping(
        &self,
        target: &Target,
        rollout: &ServiceDeploymentArn,
    ) -> Result<(), PortError> {
        bounded(async {
            let clients = self.clients.of(target).await?;
            rollout::ensure_stopping(&clients, rollout).await
        })
        .await
    }
}
