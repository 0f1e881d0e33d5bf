//! Running a migration on a copy of the database, and removing the copy.

use sluice_core::command::Command;
use sluice_core::deployment::Deployment;
use sluice_core::event::Outcome;
use sluice_core::failure::PortError;
use sluice_core::id::TaskArn;
use sluice_core::migration::{HeldLock, RehearsalReading};
use sluice_migrations::report::{PREFIX, Rehearsed, Report, decode};
use sluice_migrations::wrapper;

use super::inspection::{ended_well, ending, is_reporting, lock_settings, unknown, words};
use crate::App;
use crate::ports::{Target, TaskOrder};

impl App {
    pub(super) async fn rehearse(
        &self,
        d: &Deployment,
        target: &Target,
        command: &Command,
    ) -> Result<Outcome, PortError> {
        let ports = &self.ports;
        match command {
            Command::StartRehearsal {
                token,
                ecs_service,
                task_definition,
                container,
                command,
                host,
                port,
            } => {
                let lock = lock_settings(d);
                let wrapped = wrapper::rehearse(command, &lock, host, *port);
                let order = TaskOrder {
                    token: token.clone(),
                    ecs_service: ecs_service.clone(),
                    task_definition: task_definition.clone(),
                    container: container.clone(),
                    command: wrapped.ok_or_else(|| unknown(command))?,
                };
                let task = ports.tasks.ensure_task(target, &order).await?;
                Ok(Outcome::RehearsalStarted(task))
            }
            Command::ReadRehearsal { task } => {
                Ok(Outcome::Rehearsal(self.read_rehearsal(target, task).await?))
            }
            Command::RemoveCopy(order) => {
                let gone = ports.databases.ensure_no_copy(target, order).await?;
                Ok(Outcome::CopyRemoved(gone))
            }
            Command::RemoveSnapshot { snapshot, database } => {
                let databases = &ports.databases;
                databases
                    .ensure_no_snapshot(target, database, snapshot)
                    .await?;
                Ok(Outcome::SnapshotRemoved)
            }
            other => Err(PortError::permanent(format!(
                "{} does not rehearse a migration",
                other.kind().name()
            ))),
        }
    }

    async fn read_rehearsal(
        &self,
        target: &Target,
        task: &TaskArn,
    ) -> Result<RehearsalReading, PortError> {
        let failed = |why: String| Ok(RehearsalReading::Failed(why));
        let Some(seen) = self.task(target, task).await? else {
            return Ok(RehearsalReading::NotShown);
        };
        if !seen.stopped {
            return Ok(RehearsalReading::UnderWay);
        }
        if !seen.started {
            return Ok(RehearsalReading::NeverStarted(ending(&seen)));
        }
        let lines = self.ports.tasks.log_lines(target, task, PREFIX).await?;
        match decode(lines.iter().map(String::as_str)) {
            Ok(Some(Report::Rehearsed(rehearsed))) if ended_well(&seen) => Ok(done(rehearsed)),
            Ok(Some(Report::Failed { trouble, detail })) => failed(words(trouble, &detail)),
            // CloudWatch Logs has a line some seconds after it was written.
            Ok(None) if ended_well(&seen) || is_reporting(&seen) => Ok(RehearsalReading::UnderWay),
            Ok(_) => failed(ending(&seen)),
            Err(error) => failed(format!("its report cannot be read: {error}")),
        }
    }
}

fn done(rehearsed: Rehearsed) -> RehearsalReading {
    let locks = rehearsed.locks.into_iter();
    RehearsalReading::Done {
        took_ms: rehearsed.took_ms,
        locks: locks
            .map(|(table, mode, held_ms)| HeldLock {
                table,
                mode,
                held_ms,
            })
            .collect(),
    }
}
