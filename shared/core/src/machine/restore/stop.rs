//! Every service to no tasks; and, if the database is left as it is, up again as it was.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::{late, rollout};
use super::{copy, end_failed, enter};
use crate::command::Command;
use crate::config::ServiceKind;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::id::ServiceName;
use crate::note::Note;
use crate::observation::ServiceObservation;
use crate::phase::Phase;
use crate::plan::PlannedService;
use crate::restore::{RestoreStep, Stands, Tasks};

/// First the revisions that come back are there: one that ECS refuses is found before anything stands
/// still.
pub(super) fn needs(d: &Deployment, tasks: Option<&BTreeMap<ServiceName, Tasks>>) -> Vec<Command> {
    let registered = &d.touched.task_definitions;
    let unregistered: Vec<Command> = d
        .sealed_plan()
        .plan
        .services
        .iter()
        .filter(|service| service.revision.is_some() && !registered.contains_key(&service.service))
        .map(rollout::register)
        .collect();
    match tasks {
        _ if !unregistered.is_empty() => unregistered,
        None => vec![Command::ReadServices],
        Some(tasks) => look_and_stop(d, tasks),
    }
}

/// Looks, and stops whatever was seen with tasks: whoever scaled it up.
pub(super) fn look_and_stop(d: &Deployment, tasks: &BTreeMap<ServiceName, Tasks>) -> Vec<Command> {
    let wanted = |service: &&PlannedService| {
        tasks
            .get(&service.service)
            .is_some_and(|tasks| tasks.desired > 0)
    };
    let services = &d.sealed_plan().plan.services;
    let stops = services
        .iter()
        .filter(wanted)
        .map(|service| scale(service, 0));
    std::iter::once(Command::ReadServices)
        .chain(stops)
        .collect()
}

fn scale(service: &PlannedService, tasks: u32) -> Command {
    Command::ScaleService {
        service: service.service.clone(),
        ecs_service: service.ecs_service.clone(),
        tasks,
    }
}

/// The tasks of every service that was seen.
pub(super) fn tasks_of(seen: &[ServiceObservation]) -> BTreeMap<ServiceName, Tasks> {
    seen.iter()
        .map(|service| {
            let tasks = Tasks {
                desired: service.desired,
                running: service.running,
            };
            (service.service.clone(), tasks)
        })
        .collect()
}

/// Whether every service was seen, and none has a task.
pub(super) fn all_stand_still(d: &Deployment, tasks: &BTreeMap<ServiceName, Tasks>) -> bool {
    d.sealed_plan().plan.services.iter().all(|service| {
        tasks
            .get(&service.service)
            .is_some_and(|tasks| tasks.is_none())
    })
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
        Outcome::ServiceScaled { .. } => Ok(()),
        Outcome::Services(seen) => {
            let tasks = tasks_of(seen);
            if all_stand_still(d, &tasks) {
                d.tell(now, Note::ServicesStopped);
                copy::begin(d, tasks, now);
            } else if let Phase::Restoring { step } = &mut d.phase {
                **step = RestoreStep::Stopping { tasks: Some(tasks) };
            }
            Ok(())
        }
        other => Err(late(d, other)),
    }
}

/// The database is left as it is.
pub(super) fn start_again(d: &mut Deployment, cause: Cause, now: Timestamp) {
    d.tell(
        now,
        Note::RestoreGivenUp {
            cause: cause.clone(),
        },
    );
    let step = RestoreStep::StartingAgain {
        cause,
        tasks: None,
        stuck: BTreeMap::new(),
    };
    enter(d, step, now);
}

/// Web and workers first. A singleton is started once they are up and none of its old tasks is seen
/// running: then the old one is gone.
pub(super) fn needs_again(
    d: &Deployment,
    tasks: Option<&BTreeMap<ServiceName, Tasks>>,
    stuck: &BTreeMap<ServiceName, String>,
) -> Vec<Command> {
    let mut commands = vec![Command::ReadServices];
    let Some(tasks) = tasks else { return commands };
    let services = &d.sealed_plan().plan.services;
    let waits = |service: &PlannedService| {
        !stuck.contains_key(&service.service) && !is_as_before(service, tasks)
    };
    let is_singleton = |service: &PlannedService| service.kind == ServiceKind::Singleton;
    let others_wait = services
        .iter()
        .any(|service| !is_singleton(service) && waits(service));
    for service in services.iter().filter(|service| waits(service)) {
        let seen = tasks.get(&service.service);
        let wanted = service.desired.unwrap_or(0);
        let is_asked = seen.is_some_and(|seen| seen.desired >= wanted);
        let is_gone = seen.is_some_and(|seen| seen.running == 0);
        if !is_asked && !(is_singleton(service) && (others_wait || !is_gone)) {
            commands.push(scale(service, wanted));
        }
    }
    commands
}

fn is_as_before(service: &PlannedService, tasks: &BTreeMap<ServiceName, Tasks>) -> bool {
    let wanted = service.desired.unwrap_or(0);
    tasks
        .get(&service.service)
        .is_some_and(|seen| seen.desired >= wanted && seen.running >= wanted)
}

pub(super) fn on_again(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match outcome {
        Outcome::ServiceScaled { .. } => Ok(()),
        Outcome::Services(seen) => {
            if let Phase::Restoring { step } = &mut d.phase
                && let RestoreStep::StartingAgain { tasks, .. } = &mut **step
            {
                *tasks = Some(tasks_of(seen));
            }
            conclude(d, false, now);
            Ok(())
        }
        other => Err(late(d, other)),
    }
}

pub(super) fn stick(d: &mut Deployment, service: &ServiceName, reason: &str, now: Timestamp) {
    if let Phase::Restoring { step } = &mut d.phase
        && let RestoreStep::StartingAgain { stuck, .. } = &mut **step
    {
        stuck.insert(service.clone(), reason.to_owned());
    }
    let note = Note::ServiceNotStarted {
        service: service.clone(),
        reason: reason.to_owned(),
    };
    d.tell(now, note);
    conclude(d, false, now);
}

/// Time is up: whatever does not run is stuck.
pub(super) fn give_up(d: &mut Deployment, now: Timestamp) {
    conclude(d, true, now);
}

fn conclude(d: &mut Deployment, is_over: bool, now: Timestamp) {
    let Phase::Restoring { step } = d.phase.clone() else {
        return;
    };
    let RestoreStep::StartingAgain {
        cause,
        tasks,
        mut stuck,
    } = *step
    else {
        return;
    };
    let tasks = tasks.unwrap_or_default();
    for service in &d.sealed_plan().plan.services {
        let name = &service.service;
        if stuck.contains_key(name) || is_as_before(service, &tasks) {
            continue;
        }
        if !is_over {
            return;
        }
        let reason = match tasks.get(name) {
            Some(seen) if seen.desired == 0 && seen.running > 0 => {
                "an old task of it was still running when time was up, so no new one was started"
                    .to_owned()
            }
            Some(seen) => format!(
                "{} of {} were running when time was up",
                seen.running,
                service.desired.unwrap_or(0)
            ),
            None => "ECS did not say how it is".to_owned(),
        };
        stuck.insert(name.clone(), reason);
    }
    let stands = if stuck.is_empty() {
        Stands::AsBefore
    } else {
        Stands::NotStarted(stuck)
    };
    end_failed(d, cause, stands, now);
}
