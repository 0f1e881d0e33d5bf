//! Services: ECS services, task definitions and service deployments.

use async_trait::async_trait;
use jiff::Timestamp;
use sluice_app::ports::{ServiceQuery, Services, Target, TaskDefinitionOrder};
use sluice_core::command::RolloutOrder;
use sluice_core::failure::PortError;
use sluice_core::id::{EcsServiceName, ServiceDeploymentArn, TaskDefinitionArn};
use sluice_core::observation::{RolloutObservation, ServiceObservation, StoppedTask};
use sluice_core::parity::{NotKnown, ServiceFacts};

use super::CloudPorts;
use crate::cloud::Operation;

#[async_trait]
impl Services for CloudPorts {
    async fn read(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceObservation>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeServices)?;
        let health = cloud.ask(Operation::DescribeTargetHealth)?;
        let place = cloud.place(target)?;
        let read = services
            .iter()
            .filter_map(|query| cloud.describe_service(&place, &target.cluster, query))
            .collect();
        health.with(())?;
        reply.with(read)
    }

    async fn facts(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceFacts>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeServices)?;
        let fronts = cloud.ask(Operation::DescribeTargetGroups);
        let place = cloud.place(target)?;
        let facts = services.iter();
        let facts = facts.filter_map(|query| cloud.service_facts(&place, &target.cluster, query));
        let mut facts: Vec<ServiceFacts> = facts.collect();
        if let Err(error) = fronts.and_then(|fronts| fronts.with(())) {
            for one in &mut facts {
                one.front = Err(NotKnown::Unread(error.to_string()));
            }
        }
        reply.with(facts)
    }

    async fn stopped_tasks(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
    ) -> Result<Vec<StoppedTask>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::ListTasks)?;
        let described = cloud.ask(Operation::DescribeTasks)?;
        let place = cloud.place(target)?;
        let cluster = &target.cluster;
        cloud.service_or_refuse(&place, cluster, ecs_service)?;
        let stopped = cloud.stopped_tasks(&place, cluster, ecs_service, task_definition);
        described.with(())?;
        reply.with(stopped)
    }

    async fn ensure_task_definition(
        &self,
        target: &Target,
        order: &TaskDefinitionOrder,
    ) -> Result<TaskDefinitionArn, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::RegisterTaskDefinition)?;
        cloud.place(target)?;
        reply.with(cloud.ensure_registered(&target.deployment, order)?)
    }

    async fn ensure_rollout(&self, target: &Target, order: &RolloutOrder) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        cloud.ask(Operation::ListServiceDeployments)?.with(())?;
        let place = cloud.place(target)?;
        let service = cloud.service_or_refuse(&place, &target.cluster, &order.ecs_service)?;
        if cloud
            .find_rollout(service, &order.task_definition, order.since)
            .is_some()
        {
            return Ok(());
        }
        let reply = cloud.ask(Operation::UpdateService)?;
        cloud.update_as_ordered(service, order)?;
        reply.with(())
    }

    async fn ensure_count(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        desired: u32,
    ) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::UpdateService)?;
        let place = cloud.place(target)?;
        let service = cloud.service_or_refuse(&place, &target.cluster, ecs_service)?;
        cloud.set_desired(service, desired, true);
        reply.with(())
    }

    async fn rollout(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
        since: Timestamp,
    ) -> Result<Option<RolloutObservation>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::ListServiceDeployments)?;
        let place = cloud.place(target)?;
        let service = cloud.service_or_refuse(&place, &target.cluster, ecs_service)?;
        reply.with(cloud.find_rollout(service, task_definition, since))
    }

    async fn ensure_stopping(
        &self,
        target: &Target,
        rollout: &ServiceDeploymentArn,
    ) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::StopServiceDeployment)?;
        cloud.place(target)?;
        cloud.stop_rollout(rollout)?;
        reply.with(())
    }
}
