//! The migration: one task, run once, judged by its exit codes and by where the database stands
//! afterwards. How a task ended that nobody saw is not known, and is told so.

use jiff::{SignedDuration, Timestamp};

use super::{decision, fail, late, rollout, stop};
use crate::command::{Command, TaskCommand, TaskOrder};
use crate::deployment::{Deployment, MigrationEnd, MigrationRun, Stopping};
use crate::event::Outcome;
use crate::failure::{Cause, LOCK_NOT_FREE, RejectedEvent};
use crate::intent::LAG;
use crate::migration::{InspectionReading, places};
use crate::note::Note;
use crate::observation::TaskObservation;
use crate::phase::Phase;
use crate::plan::{PlannedMigration, PlannedService};

/// Fargate loses a task before it starts now and then, and on a bad day one in fifty. Nothing of it
/// was executed, so it is simply asked for again.
pub(super) const NEVER_STARTED: u8 = 3;

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
    let Some(run) = &d.touched.migration else {
        return start(d, migration, service);
    };
    if run.ended.is_some() {
        return confirm(d, run, migration, service);
    }
    let task = run.task.clone();
    let mut commands = vec![Command::Task(TaskCommand::ReadMigration {
        task: task.clone(),
    })];
    if run
        .stopping
        .as_ref()
        .is_some_and(|stopping| !stopping.asked)
    {
        commands.push(Command::Task(TaskCommand::StopMigration { task }));
    }
    commands
}

fn start(d: &Deployment, migration: &PlannedMigration, service: &PlannedService) -> Vec<Command> {
    let Some(task_definition) = d.touched.task_definitions.get(&migration.service) else {
        return vec![rollout::register(service)];
    };
    vec![Command::Task(TaskCommand::StartMigration(TaskOrder {
        token: token(d, "m", d.touched.never_started.migration),
        ecs_service: service.ecs_service.clone(),
        task_definition: task_definition.clone(),
        container: service.container.clone(),
        command: migration.command.clone(),
    }))]
}

/// One task for one token: another try of what never started has another.
fn token(d: &Deployment, what: &str, never_started: u8) -> String {
    match (what, never_started) {
        ("m", 0) => d.id.to_string(),
        (_, 0) => format!("{}-{what}", d.id),
        (_, tries) => format!("{}-{what}{tries}", d.id),
    }
}

/// Asks again where the database stands: an exit code is a word, a revision is a fact.
fn confirm(
    d: &Deployment,
    run: &MigrationRun,
    migration: &PlannedMigration,
    service: &PlannedService,
) -> Vec<Command> {
    if let Some((task, _)) = &run.confirming {
        let task = task.clone();
        return vec![Command::Task(TaskCommand::ReadInspection { task })];
    }
    let Some(task_definition) = d.touched.task_definitions.get(&service.service) else {
        return Vec::new();
    };
    vec![Command::Task(TaskCommand::StartInspection(TaskOrder {
        token: token(d, "c", d.touched.never_started.confirmation),
        ecs_service: service.ecs_service.clone(),
        task_definition: task_definition.clone(),
        container: service.container.clone(),
        command: migration.command.clone(),
    }))]
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
            d.touched.migration = Some(MigrationRun::new(task.clone(), now));
            d.restart_clock(now);
            d.tell(now, Note::MigrationStarted(task.clone()));
            Ok(())
        }
        Outcome::MigrationStopping => match &mut d.touched.migration {
            Some(MigrationRun {
                stopping: Some(stopping),
                ..
            }) => {
                stopping.asked = true;
                Ok(())
            }
            _ => Err(late(d, outcome)),
        },
        Outcome::Migration(task) if is_running(d) => {
            match task {
                Some(task) => seen(d, task, now),
                None => not_shown(d, now),
            }
            Ok(())
        }
        Outcome::InspectionStarted(task) => match &mut d.touched.migration {
            Some(run) if run.ended.is_some() && run.confirming.is_none() => {
                run.confirming = Some((task.clone(), now));
                // However long it took to have it started, it has its own time to look.
                d.restart_clock(now);
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

fn is_running(d: &Deployment) -> bool {
    let run = d.touched.migration.as_ref();
    run.is_some_and(|run| run.ended.is_none())
}

/// DescribeTasks may not show yet what RunTask has accepted, and forgets a task an hour after it
/// stopped. What became of it then is not known.
fn not_shown(d: &mut Deployment, now: Timestamp) {
    let Some(run) = &mut d.touched.migration else {
        return;
    };
    let since = *run.missing_since.get_or_insert(now);
    if now.duration_since(since.max(run.since)) >= LAG {
        let reason = "ECS does not show its task any more".to_owned();
        ended(d, MigrationEnd::Unknown(reason), now);
    }
}

fn seen(d: &mut Deployment, task: &TaskObservation, now: Timestamp) {
    let Some(run) = &mut d.touched.migration else {
        return;
    };
    run.missing_since = None;
    if !task.stopped {
        if let Some(line) = task.log_tail.last() {
            run.said = Some(line.clone());
        }
        return;
    }
    let stopping = run.stopping.clone();
    if !task.started && d.touched.never_started.migration + 1 < NEVER_STARTED && stopping.is_none()
    {
        d.touched.never_started.migration += 1;
        d.touched.migration = None;
        d.restart_clock(now);
        let why = reason_of(task);
        return d.tell(now, Note::TaskNeverStarted { why });
    }
    match (how_it_ended(d, task), stopping) {
        (MigrationEnd::Succeeded, _) => {
            d.tell(now, Note::MigrationSucceeded);
            ended(d, MigrationEnd::Succeeded, now);
        }
        (MigrationEnd::Unknown(reason), _) => ended(d, MigrationEnd::Unknown(reason), now),
        (MigrationEnd::Failed(cause), None) => fail(d, cause, now),
        // It may have committed before it was stopped.
        (MigrationEnd::Failed(_), Some(stopping)) => {
            let cause = Cause::MigrationFailed {
                exit_code: None,
                reason: format!(
                    "Sluice stopped it: it was not done after {}",
                    crate::quantity::duration_s(stopping.after_s)
                ),
                log_tail: task.log_tail.clone(),
            };
            ended(d, MigrationEnd::Failed(cause), now);
        }
    }
}

fn reason_of(task: &TaskObservation) -> String {
    let reason = task.stopped_reason.clone();
    reason.unwrap_or_else(|| "ECS gives no reason".to_owned())
}

/// How a task that has stopped ended, by the exit codes of its containers.
fn how_it_ended(d: &Deployment, task: &TaskObservation) -> MigrationEnd {
    let stopped_reason = reason_of(task);
    let failed = |exit_code: Option<i32>, reason: String| {
        MigrationEnd::Failed(Cause::MigrationFailed {
            exit_code,
            reason,
            log_tail: task.log_tail.clone(),
        })
    };
    let non_zero = task
        .exit_codes
        .iter()
        .find_map(|(container, code)| code.filter(|code| *code != 0).map(|code| (container, code)));
    if let Some((container, code)) = non_zero {
        let has_wrapper = d.sealed_plan().plan.judgement().is_some();
        return if code == LOCK_NOT_FREE && has_wrapper {
            let reason = "another migration of this database held the lock for too long, so it did \
                          nothing";
            failed(Some(code), reason.to_owned())
        } else {
            failed(
                Some(code),
                format!("container {container}: {stopped_reason}"),
            )
        };
    }
    if !task.started {
        return failed(None, format!("its task never started: {stopped_reason}"));
    }
    if task.exit_codes.is_empty() || task.exit_codes.values().any(Option::is_none) {
        let reason = format!("its task stopped without an exit code: {stopped_reason}");
        return MigrationEnd::Unknown(reason);
    }
    MigrationEnd::Succeeded
}

/// The task is over, or lost. Where it can be seen where the database stands, that is looked at.
fn ended(d: &mut Deployment, end: MigrationEnd, now: Timestamp) {
    let can_look = d.sealed_plan().plan.judgement().is_some();
    if let Some(run) = &mut d.touched.migration {
        run.ended = Some(end.clone());
    }
    d.restart_clock(now);
    match end {
        _ if can_look => {}
        MigrationEnd::Succeeded => go_on(d, now),
        MigrationEnd::Failed(cause) => fail(d, cause, now),
        MigrationEnd::Unknown(reason) => unknown(d, reason, now),
    }
}

fn go_on(d: &mut Deployment, now: Timestamp) {
    match d.stop.clone() {
        Some(stop) => stop::after_migration(d, &stop, now),
        None => rollout::begin(d, now),
    }
}

/// Nobody knows what it did: a person finds out.
fn unknown(d: &mut Deployment, reason: String, now: Timestamp) {
    let run = d.touched.migration.as_ref();
    let task = run.map(|run| run.task.clone());
    decision::begin(d, Cause::MigrationUnknown { task, reason }, now);
}

/// What the look at the database showed.
fn confirmed(d: &mut Deployment, reading: &InspectionReading, now: Timestamp) {
    let touched = &mut *d.touched;
    let Some(run) = &mut touched.migration else {
        return;
    };
    let (Some(ended), Some((_, since))) = (run.ended.clone(), &run.confirming) else {
        return;
    };
    let cannot_see = match reading {
        InspectionReading::UnderWay => return,
        InspectionReading::NotShown if now.duration_since(*since) < LAG => return,
        InspectionReading::Seen(seen) if seen.pending.is_empty() => {
            let head = seen.head.clone();
            run.ended = Some(MigrationEnd::Succeeded);
            d.tell(now, Note::MigrationConfirmed { head });
            return go_on(d, now);
        }
        InspectionReading::Seen(seen) => {
            let stands = format!("the database is at {}", places(&seen.current));
            let head = seen.head.clone();
            return not_at_head(d, ended, &stands, &head, now);
        }
        // It has told nothing, and changes nothing: another one looks.
        InspectionReading::NeverStarted(_) | InspectionReading::NotShown
            if touched.never_started.confirmation + 1 < NEVER_STARTED =>
        {
            touched.never_started.confirmation += 1;
            run.confirming = None;
            return d.restart_clock(now);
        }
        InspectionReading::NeverStarted(why) => {
            format!("the task that looks never started: {why}")
        }
        InspectionReading::NotShown => "ECS does not show the task that looks".to_owned(),
        InspectionReading::Failed(why) => why.clone(),
    };
    cannot_confirm(d, ended, &format!(": {cannot_see}"), now);
}

fn not_at_head(d: &mut Deployment, ended: MigrationEnd, stands: &str, head: &str, now: Timestamp) {
    match ended {
        MigrationEnd::Succeeded => {
            let cause = Cause::MigrationFailed {
                exit_code: Some(0),
                reason: format!("its task succeeded, but {stands}, not at {head}"),
                log_tail: Vec::new(),
            };
            fail(d, cause, now);
        }
        MigrationEnd::Failed(cause) => fail(d, cause, now),
        // It may still be running: where the database is now is not where it ends.
        MigrationEnd::Unknown(reason) => {
            unknown(d, format!("{reason}; {stands}, not at {head}"), now)
        }
    }
}

fn cannot_confirm(d: &mut Deployment, ended: MigrationEnd, why: &str, now: Timestamp) {
    let known = match ended {
        MigrationEnd::Succeeded => "its task succeeded".to_owned(),
        // Its last act may have been to commit.
        MigrationEnd::Failed(cause) => cause.to_string(),
        MigrationEnd::Unknown(reason) => reason,
    };
    let reason = format!("{known}, and the database revision could not be read{why}");
    unknown(d, reason, now);
}

/// Its time is over, and it was looked at since: it is stopped, and what it did is found out.
pub(super) fn time_out(d: &mut Deployment, after_s: u64, now: Timestamp) {
    let last_error = d.setbacks.values().next();
    let last_error = last_error.map(|setback| setback.error.to_string());
    let aside = last_error
        .as_ref()
        .map_or_else(String::new, |error| format!(" ({error})"));
    let Some(run) = &mut d.touched.migration else {
        if d.may_have_migrated() {
            let reason = format!("whether its task was started is not known{aside}");
            return unknown(d, reason, now);
        }
        let doing = format!("starting the migration{aside}");
        return fail(d, Cause::TimedOut { doing, after_s }, now);
    };
    match (&run.ended, &run.stopping) {
        (Some(ended), _) => {
            let ended = ended.clone();
            let why =
                last_error.map_or_else(|| " in time".to_owned(), |error| format!(": {error}"));
            cannot_confirm(d, ended, &why, now);
        }
        (None, Some(_)) => {
            let reason = "it was told to stop, and was not seen to".to_owned();
            ended(d, MigrationEnd::Unknown(reason), now);
        }
        (None, None) => {
            run.stopping = Some(Stopping {
                since: now,
                after_s,
                asked: false,
            });
            d.restart_clock(now);
            d.tell(now, Note::MigrationStopping { after_s });
        }
    }
}

/// Nothing could be seen of it for half a day.
pub(super) fn give_up_blind(d: &mut Deployment, why: &str, now: Timestamp) {
    let time = SignedDuration::from_hours(12);
    let reason = format!(
        "AWS could not be asked for {}{why}",
        crate::quantity::duration(time)
    );
    unknown(d, reason, now);
}
