//! Bugs in what is asked of AWS, and in what is made of its answers.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::{
    Databases, ServiceQuery, Services, Target, TaskDefinitionOrder, TaskOrder, Tasks,
};
use sluice_core::command::RolloutOrder;
use sluice_core::config::{Database, Strategy};
use sluice_core::database::{CopyObservation, CopyOrder, RestorePoint};
use sluice_core::failure::PortError;
use sluice_core::id::{
    EcsServiceName, ServiceDeploymentArn, SnapshotId, TaskArn, TaskDefinitionArn,
};
use sluice_core::observation::{
    DatabaseObservation, RolloutObservation, RolloutStatus, ServiceObservation,
    SnapshotObservation, Stage, StoppedTask, TaskObservation,
};
use sluice_core::parity::ServiceFacts;
use sluice_sim::cloud::SharedCloud;

use super::Bug;

/// A port to AWS, in the hands of somebody with a bug.
pub(super) struct Buggy<T: ?Sized> {
    pub(super) bug: Bug,
    pub(super) inner: Arc<T>,
    pub(super) cloud: SharedCloud,
}

#[async_trait]
impl Services for Buggy<dyn Services> {
    async fn read(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceObservation>, PortError> {
        self.inner.read(target, services).await
    }

    async fn facts(
        &self,
        target: &Target,
        services: &[ServiceQuery],
    ) -> Result<Vec<ServiceFacts>, PortError> {
        self.inner.facts(target, services).await
    }

    async fn stopped_tasks(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
    ) -> Result<Vec<StoppedTask>, PortError> {
        self.inner
            .stopped_tasks(target, ecs_service, task_definition)
            .await
    }

    async fn ensure_task_definition(
        &self,
        target: &Target,
        order: &TaskDefinitionOrder,
    ) -> Result<TaskDefinitionArn, PortError> {
        self.inner.ensure_task_definition(target, order).await
    }

    async fn ensure_rollout(&self, target: &Target, order: &RolloutOrder) -> Result<(), PortError> {
        let mut order = order.clone();
        if self.bug == Bug::StartsTwoBeats && order.strategy == Strategy::Singleton {
            order.strategy = Strategy::Rolling;
        }
        self.inner.ensure_rollout(target, &order).await
    }

    async fn rollout(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        task_definition: &TaskDefinitionArn,
        since: Timestamp,
    ) -> Result<Option<RolloutObservation>, PortError> {
        let seen = self
            .inner
            .rollout(target, ecs_service, task_definition, since)
            .await?;
        Ok(seen.map(|seen| match self.bug {
            Bug::BelievesEveryRollout => RolloutObservation {
                status: RolloutStatus::Successful,
                stage: Some(Stage::CleanUp),
                traffic_percent: seen.traffic_percent.map(|_| 100),
                ..seen
            },
            _ => seen,
        }))
    }

    async fn ensure_count(
        &self,
        target: &Target,
        ecs_service: &EcsServiceName,
        desired: u32,
    ) -> Result<(), PortError> {
        self.inner.ensure_count(target, ecs_service, desired).await
    }

    async fn ensure_stopping(
        &self,
        target: &Target,
        rollout: &ServiceDeploymentArn,
    ) -> Result<(), PortError> {
        self.inner.ensure_stopping(target, rollout).await
    }
}

#[async_trait]
impl Tasks for Buggy<dyn Tasks> {
    async fn ensure_task(&self, target: &Target, order: &TaskOrder) -> Result<TaskArn, PortError> {
        let task = self.inner.ensure_task(target, order).await?;
        if self.bug == Bug::MigratesTwice && is_a_migrations(&order.token) {
            let again = TaskOrder {
                token: format!("{}-m7", order.token),
                ..order.clone()
            };
            self.inner.ensure_task(target, &again).await?;
        }
        Ok(task)
    }

    async fn ensure_stopped(&self, target: &Target, task: &TaskArn) -> Result<(), PortError> {
        self.inner.ensure_stopped(target, task).await
    }

    async fn task(
        &self,
        target: &Target,
        task: &TaskArn,
    ) -> Result<Option<TaskObservation>, PortError> {
        self.inner.task(target, task).await
    }

    async fn log_lines(
        &self,
        target: &Target,
        task: &TaskArn,
        prefix: &str,
    ) -> Result<Vec<String>, PortError> {
        self.inner.log_lines(target, task, prefix).await
    }
}

#[async_trait]
impl Databases for Buggy<dyn Databases> {
    async fn database(
        &self,
        target: &Target,
        database: &Database,
    ) -> Result<Option<DatabaseObservation>, PortError> {
        self.inner.database(target, database).await
    }

    async fn ensure_snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<(), PortError> {
        self.inner.ensure_snapshot(target, database, snapshot).await
    }

    async fn snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<Option<SnapshotObservation>, PortError> {
        let seen = self.inner.snapshot(target, database, snapshot).await?;
        if self.bug != Bug::BelievesEverySnapshot {
            return Ok(seen);
        }
        let now = self.cloud.lock().expect("no port panics with it").now();
        Ok(seen.map(|seen| SnapshotObservation {
            status: "available".to_owned(),
            progress: 100,
            created_at: seen.created_at.or(Some(now)),
            ..seen
        }))
    }

    async fn our_snapshots(
        &self,
        target: &Target,
        database: &Database,
    ) -> Result<Vec<SnapshotObservation>, PortError> {
        if self.bug == Bug::DeletesTheDatabase {
            let mut cloud = self.cloud.lock().expect("no port panics with it");
            cloud.delete_database_as_asked(database.identifier());
        }
        self.inner.our_snapshots(target, database).await
    }

    async fn ensure_no_snapshot(
        &self,
        target: &Target,
        database: &Database,
        snapshot: &SnapshotId,
    ) -> Result<(), PortError> {
        self.inner
            .ensure_no_snapshot(target, database, snapshot)
            .await
    }

    async fn ensure_copy(&self, target: &Target, order: &CopyOrder) -> Result<(), PortError> {
        self.inner.ensure_copy(target, &self.spoiled(order)).await
    }

    async fn copy(&self, target: &Target, order: &CopyOrder) -> Result<CopyObservation, PortError> {
        self.inner.copy(target, &self.spoiled(order)).await
    }

    async fn ensure_renamed(
        &self,
        target: &Target,
        from: &Database,
        resource_id: &str,
        to: &str,
    ) -> Result<(), PortError> {
        self.inner
            .ensure_renamed(target, from, resource_id, to)
            .await
    }

    async fn ensure_no_copy(&self, target: &Target, order: &CopyOrder) -> Result<bool, PortError> {
        self.inner.ensure_no_copy(target, order).await
    }
}

impl Buggy<dyn Databases> {
    fn spoiled(&self, order: &CopyOrder) -> CopyOrder {
        let mut order = order.clone();
        if let (Bug::RestoresTooEarly, RestorePoint::Time(until)) = (self.bug, &mut order.from) {
            *until -= SignedDuration::from_hours(1);
        }
        order
    }
}

/// The token of a migration's task is its deployment's id; of a look, and of another try, more.
fn is_a_migrations(token: &str) -> bool {
    token.starts_with("dep-") && token.matches('-').count() == 1
}
