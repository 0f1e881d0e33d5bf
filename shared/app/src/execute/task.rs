//! What ECS is asked for around the migration: revisions and tasks.

use sluice_core::command::TaskCommand;
use sluice_core::deployment::Deployment;
use sluice_core::event::Outcome;
use sluice_core::failure::PortError;
use sluice_core::id::{ServiceName, TaskArn};
use sluice_core::task_definition::RevisionOrder;
use sluice_migrations::wrapper;

use super::inspection::{guarded, lock_settings, unknown};
use crate::App;
use crate::ports::{Target, TaskDefinitionOrder, TaskOrder};

impl App {
    pub(super) async fn run_task(
        &self,
        d: &Deployment,
        target: &Target,
        command: &TaskCommand,
    ) -> Result<Outcome, PortError> {
        let ports = &self.ports;
        Ok(match command {
            TaskCommand::RegisterInspector { revision, secrets } => {
                let order = TaskDefinitionOrder {
                    revision: revision.clone(),
                    image: d.release.image(),
                    variables: d.settings.environment.variables.clone(),
                    secrets: secrets.clone(),
                };
                let revision = ports.services.ensure_task_definition(target, &order);
                Outcome::InspectorRegistered(revision.await?)
            }
            TaskCommand::StartInspection(order) => {
                let inspects = wrapper::inspect(&order.command);
                Outcome::InspectionStarted(self.start(target, order, inspects).await?)
            }
            TaskCommand::ReadInspection { task } => {
                Outcome::Inspection(self.read_inspection(d, target, task).await?)
            }
            TaskCommand::StartRehearsal {
                task: order,
                host,
                port,
            } => {
                let rehearses = wrapper::rehearse(&order.command, &lock_settings(d), host, *port);
                Outcome::RehearsalStarted(self.start(target, order, rehearses).await?)
            }
            TaskCommand::ReadRehearsal { task } => {
                Outcome::Rehearsal(self.read_rehearsal(target, task).await?)
            }
            TaskCommand::StartMigration(order) => {
                let migrates = Some(guarded(d, &order.command));
                Outcome::MigrationStarted(self.start(target, order, migrates).await?)
            }
            TaskCommand::ReadMigration { task } => {
                Outcome::Migration(self.migration(d, target, task).await?)
            }
            TaskCommand::StopMigration { task } => {
                ports.tasks.ensure_stopped(target, task).await?;
                Outcome::MigrationStopping
            }
        })
    }

    /// Runs the task with what wraps the migration's command; `None` if that command is not
    /// Alembic's.
    async fn start(
        &self,
        target: &Target,
        order: &TaskOrder,
        wrapped: Option<Vec<String>>,
    ) -> Result<TaskArn, PortError> {
        let order = TaskOrder {
            command: wrapped.ok_or_else(|| unknown(&order.command))?,
            ..order.clone()
        };
        self.ports.tasks.ensure_task(target, &order).await
    }

    /// Registers the revision that a service gets, as the plan says.
    pub(super) async fn register(
        &self,
        d: &Deployment,
        target: &Target,
        service: &ServiceName,
        revision: &RevisionOrder,
    ) -> Result<Outcome, PortError> {
        let plan = &d.sealed_plan().plan;
        let order = TaskDefinitionOrder {
            revision: revision.clone(),
            image: plan.release.image(),
            variables: plan.variables.clone(),
            secrets: plan.secrets.clone(),
        };
        let revision = self.ports.services.ensure_task_definition(target, &order);
        Ok(Outcome::TaskDefinition {
            service: service.clone(),
            revision: revision.await?,
        })
    }
}
