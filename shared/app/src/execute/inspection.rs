//! Inspecting a migration: a task of the new image reports the database's revision and what would
//! run, and the SQL is judged here. What was judged is stored, so that a history replays the same
//! under a later judge.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use sluice_core::deployment::Deployment;
use sluice_core::failure::PortError;
use sluice_core::id::{Hash, TaskArn};
use sluice_core::migration::{
    FINDINGS, Finding, Inspection, InspectionReading, Judgement, Revision, Risk,
};
use sluice_core::observation::TaskObservation;
use sluice_core::redact::redacted;
use sluice_migrations::report::{Inspected, PREFIX, Report, Trouble, decode};
use sluice_migrations::wrapper::{self, LockSettings};
use sluice_migrations::{NO_SQL, judge};

use crate::App;
use crate::ports::Target;

/// What Alembic's own log says as each revision begins, in the format of its `alembic.ini`.
const UPGRADES: &str = "INFO  [alembic.runtime.migration] Running upgrade ";

impl App {
    /// How a task is, with its last log lines as people may see them.
    pub(super) async fn task(
        &self,
        target: &Target,
        task: &TaskArn,
    ) -> Result<Option<TaskObservation>, PortError> {
        Ok(told(self.ports.tasks.task(target, task).await?))
    }

    /// How the migration is, and while it runs which revision it is at, where Alembic says so.
    pub(super) async fn migration(
        &self,
        d: &Deployment,
        target: &Target,
        task: &TaskArn,
    ) -> Result<Option<TaskObservation>, PortError> {
        let migration = d.settings.migration.as_ref();
        if migration.is_none_or(|migration| migration.inspect.is_none()) {
            return self.task(target, task).await;
        }
        let seen = self.ports.tasks.follow(target, task, UPGRADES).await?;
        Ok(told(seen))
    }

    pub(super) async fn read_inspection(
        &self,
        d: &Deployment,
        target: &Target,
        task: &TaskArn,
    ) -> Result<InspectionReading, PortError> {
        let failed = |why: String| Ok(InspectionReading::Failed(why));
        let Some(seen) = self.task(target, task).await? else {
            return Ok(InspectionReading::NotShown);
        };
        if !seen.stopped {
            return Ok(InspectionReading::UnderWay);
        }
        if !seen.started {
            return Ok(InspectionReading::NeverStarted(ending(&seen)));
        }
        let lines = self.ports.tasks.log_lines(target, task, PREFIX).await?;
        match decode(lines.iter().map(String::as_str)) {
            Ok(Some(Report::Inspected(inspected))) => {
                Ok(InspectionReading::Seen(Box::new(judged(d, *inspected))))
            }
            Ok(Some(Report::Failed { trouble, detail })) => failed(words(trouble, &detail)),
            Ok(Some(Report::Rehearsed(_))) => failed(format!(
                "the task {task} ran a rehearsal instead of an inspection"
            )),
            // CloudWatch Logs has a line some seconds after it was written.
            Ok(None) if ended_well(&seen) || is_reporting(&seen) => Ok(InspectionReading::UnderWay),
            Ok(None) => failed(ending(&seen)),
            Err(error) => failed(format!("its report cannot be read: {error}")),
        }
    }
}

/// With its last log lines as people may see them.
fn told(mut seen: Option<TaskObservation>) -> Option<TaskObservation> {
    for line in seen.iter_mut().flat_map(|seen| &mut seen.log_tail) {
        *line = redacted(line);
    }
    seen
}

/// The migration's command, under the lock where it is Alembic's.
pub(super) fn guarded(d: &Deployment, command: &[String]) -> Vec<String> {
    let inspects = d
        .settings
        .migration
        .as_ref()
        .is_some_and(|migration| migration.inspect.is_some());
    let wrapped = inspects.then(|| wrapper::upgrade(command, &lock_settings(d)));
    wrapped.flatten().unwrap_or_else(|| command.to_vec())
}

/// How long the migration waits for others; not at all where nothing is configured.
pub(super) fn lock_settings(d: &Deployment) -> LockSettings {
    let migration = d.settings.migration.as_ref();
    let inspect = migration.and_then(|migration| migration.inspect.as_ref());
    let seconds = |time: Option<SignedDuration>| time.map_or(0, whole_seconds);
    LockSettings {
        wait_s: seconds(inspect.map(|inspect| inspect.lock_wait)),
        lock_timeout_s: seconds(inspect.map(|inspect| inspect.lock_timeout)),
    }
}

fn whole_seconds(time: SignedDuration) -> u32 {
    let time = Duration::try_from(time).unwrap_or_default();
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

pub(super) fn unknown(command: &[String]) -> PortError {
    PortError::permanent(format!(
        "`{}` is not a known Alembic command: write `inspect = false` in [migration] to skip the \
         inspection of migrations before they run",
        command.join(" ")
    ))
}

fn judged(d: &Deployment, seen: Inspected) -> Inspection {
    let mut judgement = match &seen.sql {
        Some(sql) => judge(sql, &seen.tables),
        None => not_rendered(&seen),
    };
    let migration = d.settings.migration.as_ref();
    if let Some(inspect) = migration.and_then(|migration| migration.inspect.as_ref()) {
        judgement.waive(&inspect.waivers());
    }
    Inspection {
        current: seen.current,
        head: seen.head,
        pending: seen
            .pending
            .into_iter()
            .map(|(id, message)| Revision { id, message })
            .collect(),
        judgement,
    }
}

/// A migration that reads the database while it runs has no SQL beforehand.
fn not_rendered(seen: &Inspected) -> Judgement {
    let ids: Vec<&String> = seen.pending.iter().map(|(id, _)| id).collect();
    let why = seen
        .sql_error
        .as_deref()
        .unwrap_or("Alembic gives no reason");
    let findings = ids.iter().map(|id| Finding {
        rule: NO_SQL.to_owned(),
        risk: Risk::Unjudged,
        revision: Some((*id).clone()),
        statement: String::new(),
        means: format!("its SQL could not be generated without running it ({why})"),
        waiver: None,
    });
    Judgement {
        sql: Hash::of_json(&ids),
        statements: 0,
        findings: findings.take(FINDINGS).collect(),
        left_out: 0,
        left_out_risks: BTreeSet::new(),
    }
}

pub(super) fn ended_well(task: &TaskObservation) -> bool {
    !task.exit_codes.is_empty() && task.exit_codes.values().all(|code| *code == Some(0))
}

/// Whether the end of its log has a part of its report, so that the rest of it is on its way.
pub(super) fn is_reporting(task: &TaskObservation) -> bool {
    task.log_tail.iter().any(|line| line.starts_with(PREFIX))
}

/// How a task ended without a report.
pub(super) fn ending(task: &TaskObservation) -> String {
    let code = task.exit_codes.values().flatten().find(|code| **code != 0);
    let code = code.map_or_else(String::new, |code| format!(" with exit code {code}"));
    let reason = task
        .stopped_reason
        .as_deref()
        .unwrap_or("ECS gives no reason");
    let last = task.log_tail.last();
    let last = last.map_or_else(String::new, |line| format!("; its last log line: {line}"));
    format!("its task ended{code}: {reason}{last}")
}

pub(super) fn words(trouble: Trouble, detail: &str) -> String {
    let advice = match trouble {
        Trouble::NoAlembic => {
            "the image has no Alembic: install it there, or write `inspect = false` in [migration]"
        }
        Trouble::NoConfig => {
            "Alembic's configuration could not be read: check that alembic.ini and its scripts \
             are in the image, in the working directory of the container"
        }
        Trouble::SeveralHeads => {
            "the migrations have several heads: merge them with `alembic merge heads` and push \
             again"
        }
        Trouble::UnknownRevision => {
            "the database is at a revision that the image does not have: is the image older than \
             the database?"
        }
        Trouble::NoDatabase => {
            "the database did not answer: check its security groups, its state and the secret \
             with its address"
        }
        Trouble::Locked => "another migration of the same database is running: wait until it ends",
        Trouble::NotRedirected => {
            "the connection could not be redirected to the copy of the database"
        }
        Trouble::Other => "another error",
    };
    if detail.is_empty() {
        return advice.to_owned();
    }
    format!("{advice} ({detail})")
}
