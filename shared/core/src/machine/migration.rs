//! The migration: one task, run once, judged by its exit codes.

use jiff::Timestamp;

use super::{fail, late, rollout};
use crate::command::Command;
use crate::deployment::{Deployment, MigrationRun};
use crate::event::Outcome;
use crate::failure::{Cause, LOCK_NOT_FREE, RejectedEvent};
use crate::migration::{InspectionReading, places};
use crate::note::Note;
use crate::observation::TaskObservation;
use crate::phase::Phase;
use crate::plan::{PlannedMigration, PlannedService};

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    if d.sealed_plan().plan.migration.is_some() {
        d.enter(Phase::Migrating, now);
    } else {
        rollout::begin(d, now);
    }
}

pub(super) fn needs(d: &Deployment) -> Vec<Command> {
    let plan = &d.sealed_plan().plan;
    let Some(migration) = &plan.migration else {
        return Vec::new();
    };
    let Some(service) = plan.service(&migration.service) else {
        return Vec::new();
    };
    match &d.touched.migration {
        Some(run) if run.succeeded => return confirm(d, run, migration, service),
        Some(run) => {
            let task = run.task.clone();
            return vec![Command::ReadMigration { task }];
        }
        None => {}
    }
    match d.touched.task_definitions.get(&migration.service) {
        None => vec![rollout::register(service)],
        Some(task_definition) => vec![Command::StartMigration {
            token: d.id.to_string(),
            ecs_service: service.ecs_service.clone(),
            task_definition: task_definition.clone(),
            container: service.container.clone(),
            command: migration.command.clone(),
        }],
    }
}

/// Asks again where the database stands: an exit code is a word, a revision is a fact.
fn confirm(
    d: &Deployment,
    run: &MigrationRun,
    migration: &PlannedMigration,
    service: &PlannedService,
) -> Vec<Command> {
    if let Some(task) = &run.confirming {
        let task = task.clone();
        return vec![Command::ReadInspection { task }];
    }
    let Some(task_definition) = d.touched.task_definitions.get(&service.service) else {
        return Vec::new();
    };
    vec![Command::StartInspection {
        token: format!("{}-c", d.id),
        ecs_service: service.ecs_service.clone(),
        task_definition: task_definition.clone(),
        container: service.container.clone(),
        command: migration.command.clone(),
    }]
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match outcome {
        Outcome::TaskDefinition { service, revision } => {
            rollout::registered(d, service, revision, now);
            Ok(())
        }
        Outcome::MigrationStarted(task) if d.touched.migration.is_none() => {
            d.touched.migration = Some(MigrationRun {
                task: task.clone(),
                succeeded: false,
                said: None,
                confirming: None,
            });
            d.tell(now, Note::MigrationStarted(task.clone()));
            Ok(())
        }
        Outcome::Migration(task) => {
            judge(d, task.as_ref(), now);
            Ok(())
        }
        Outcome::InspectionStarted(task) => match &mut d.touched.migration {
            Some(run) if run.succeeded && run.confirming.is_none() => {
                run.confirming = Some(task.clone());
                Ok(())
            }
            _ => Err(late(d, outcome)),
        },
        Outcome::Inspection(reading) => {
            confirmed(d, reading, now);
            Ok(())
        }
        other => Err(late(d, other)),
    }
}

fn judge(d: &mut Deployment, task: Option<&TaskObservation>, now: Timestamp) {
    let Some(task) = task else {
        let reason =
            "ECS does not know the task any more, so how it ended cannot be told".to_owned();
        let cause = Cause::MigrationFailed {
            exit_code: None,
            reason,
            log_tail: Vec::new(),
        };
        return fail(d, cause, now);
    };
    if !task.stopped {
        if let (Some(run), Some(line)) = (&mut d.touched.migration, task.log_tail.last()) {
            run.said = Some(line.clone());
        }
        return;
    }
    let failed = |exit_code: Option<i32>, reason: String| Cause::MigrationFailed {
        exit_code,
        reason,
        log_tail: task.log_tail.clone(),
    };
    let stopped_reason = task
        .stopped_reason
        .clone()
        .unwrap_or_else(|| "ECS gives no reason".to_owned());
    let without = task.exit_codes.iter().find(|(_, code)| code.is_none());
    let non_zero = task
        .exit_codes
        .iter()
        .find_map(|(container, code)| match code {
            Some(code) if *code != 0 => Some((container, *code)),
            _ => None,
        });
    if let Some((container, code)) = non_zero {
        let reason = if code == LOCK_NOT_FREE && d.sealed_plan().plan.judgement().is_some() {
            "another migration of this database held the lock for too long, so it did nothing"
                .to_owned()
        } else {
            format!("container {container}: {stopped_reason}")
        };
        fail(d, failed(Some(code), reason), now);
    } else if let Some((container, _)) = without {
        fail(
            d,
            failed(
                None,
                format!("container {container} never ended: {stopped_reason}"),
            ),
            now,
        );
    } else if task.exit_codes.is_empty() {
        fail(
            d,
            failed(None, format!("the task never started: {stopped_reason}")),
            now,
        );
    } else {
        if let Some(run) = &mut d.touched.migration {
            run.succeeded = true;
        }
        d.tell(now, Note::MigrationSucceeded);
        if d.sealed_plan().plan.judgement().is_none() {
            rollout::begin(d, now);
        }
    }
}

/// What the second look showed.
fn confirmed(d: &mut Deployment, reading: &InspectionReading, now: Timestamp) {
    let reason = match reading {
        InspectionReading::UnderWay => return,
        InspectionReading::Seen(seen) if seen.pending.is_empty() => {
            let head = seen.head.clone();
            d.tell(now, Note::MigrationConfirmed { head });
            return rollout::begin(d, now);
        }
        InspectionReading::Seen(seen) => format!(
            "its task ended well, and the database stands at {} and not at {}",
            places(&seen.current),
            seen.head
        ),
        InspectionReading::Failed(why) => format!(
            "its task ended well, and whether the database stands where it should could not be \
             seen: {why}"
        ),
    };
    let cause = Cause::MigrationFailed {
        exit_code: Some(0),
        reason,
        log_tail: Vec::new(),
    };
    fail(d, cause, now);
}
