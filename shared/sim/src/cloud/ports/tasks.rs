//! Tasks: one-off ECS tasks.

use async_trait::async_trait;
use sluice_app::ports::{Target, TaskOrder, Tasks};
use sluice_core::failure::PortError;
use sluice_core::id::TaskArn;
use sluice_core::observation::TaskObservation;

use super::CloudPorts;
use crate::cloud::Operation;

#[async_trait]
impl Tasks for CloudPorts {
    async fn ensure_task(&self, target: &Target, order: &TaskOrder) -> Result<TaskArn, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::RunTask)?;
        let place = cloud.place(target)?;
        reply.with(cloud.run_task(&place, &target.cluster, order)?)
    }

    async fn ensure_stopped(&self, target: &Target, task: &TaskArn) -> Result<(), PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::StopTask)?;
        cloud.place(target)?;
        cloud.stop_task(&target.cluster, task);
        reply.with(())
    }

    async fn task(
        &self,
        target: &Target,
        task: &TaskArn,
    ) -> Result<Option<TaskObservation>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::DescribeTasks)?;
        cloud.place(target)?;
        reply.with(cloud.describe_task(&target.cluster, task))
    }

    async fn log_lines(
        &self,
        target: &Target,
        task: &TaskArn,
        prefix: &str,
    ) -> Result<Vec<String>, PortError> {
        let mut cloud = self.cloud();
        cloud.ask(Operation::DescribeTasks)?.with(())?;
        let reply = cloud.ask(Operation::GetLogEvents)?;
        cloud.place(target)?;
        reply.with(cloud.log_lines(&target.cluster, task, prefix)?)
    }
}
