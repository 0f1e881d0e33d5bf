//! The migration: one task, run once, judged by its exit codes.

use jiff::Timestamp;

use super::{fail, late, rollout};
use crate::command::Command;
use crate::deployment::{Deployment, MigrationRun};
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::note::Note;
use crate::observation::TaskObservation;
use crate::phase::Phase;

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
    if let Some(run) = &d.touched.migration {
        return vec![Command::ReadMigration {
            task: run.task.clone(),
        }];
    }
    let Some(service) = plan.service(&migration.service) else {
        return Vec::new();
    };
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
            });
            d.tell(now, Note::MigrationStarted(task.clone()));
            Ok(())
        }
        Outcome::Migration(task) => {
            judge(d, task.as_ref(), now);
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
        fail(
            d,
            failed(
                Some(code),
                format!("container {container}: {stopped_reason}"),
            ),
            now,
        );
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
        rollout::begin(d, now);
    }
}
