//! Running a migration on a copy of the database: how that is going.

use sluice_core::failure::PortError;
use sluice_core::id::TaskArn;
use sluice_core::migration::{HeldLock, RehearsalReading};
use sluice_migrations::report::{PREFIX, Rehearsed, Report, decode};

use super::inspection::{ended_well, ending, is_reporting, words};
use crate::App;
use crate::ports::Target;

impl App {
    pub(super) async fn read_rehearsal(
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
