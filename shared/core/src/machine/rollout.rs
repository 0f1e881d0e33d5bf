//! Bringing services to the new revision: web services first, then workers and singletons.
//!
//! A web service that shifts traffic is up when ECS holds its green at POST_TEST_TRAFFIC_SHIFT,
//! where our hook answers "wait". One that rolls, and every worker, is up when ECS says
//! SUCCESSFUL of our own service deployment.

use jiff::{SignedDuration, Timestamp};

use super::{decision, fail, late, verify};
use crate::command::{Command, Direction, RolloutOrder};
use crate::config::{ServiceKind, Strategy};
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::id::{AlarmName, ServiceName, TaskDefinitionArn};
use crate::note::Note;
use crate::observation::{RolloutObservation, RolloutStatus, Stage};
use crate::phase::Phase;
use crate::plan::PlannedService;

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    d.touched.rollouts_since = Some(now);
    d.enter(Phase::RollingOut, now);
    advance(d, now);
}

/// The services that the present phase brings up.
fn in_turn(d: &Deployment) -> impl Iterator<Item = &PlannedService> {
    let web = matches!(d.phase, Phase::RollingOut);
    d.sealed_plan()
        .plan
        .services
        .iter()
        .filter(move |service| (service.kind == ServiceKind::Web) == web)
}

pub(super) fn needs(d: &Deployment) -> Vec<Command> {
    let in_turn = in_turn(d)
        .filter(|service| !is_up(d, service))
        .map(|service| next(d, service));
    if !matches!(d.phase, Phase::RollingOut) {
        return in_turn.collect();
    }
    // Workers' revisions too: one that ECS refuses is found before anything has changed.
    let workers = unregistered(d).filter(|service| service.kind != ServiceKind::Web);
    in_turn.chain(workers.map(register)).collect()
}

fn unregistered(d: &Deployment) -> impl Iterator<Item = &PlannedService> {
    let registered = &d.touched.task_definitions;
    let services = &d.sealed_plan().plan.services;
    services
        .iter()
        .filter(|service| !registered.contains_key(&service.service))
}

fn next(d: &Deployment, service: &PlannedService) -> Command {
    let Some(task_definition) = d.touched.task_definitions.get(&service.service) else {
        return register(service);
    };
    if d.touched.rollouts.contains_key(&service.service) {
        read(d, service, task_definition)
    } else {
        Command::StartRollout(order(d, service, task_definition))
    }
}

pub(super) fn register(service: &PlannedService) -> Command {
    Command::RegisterTaskDefinition {
        service: service.service.clone(),
        revision: service.order(),
    }
}

/// Remembers a revision; of the first, people are told what it carries.
pub(super) fn registered(
    d: &mut Deployment,
    service: &ServiceName,
    revision: &TaskDefinitionArn,
    now: Timestamp,
) {
    let secrets = &d.sealed_plan().plan.secrets;
    if d.touched.task_definitions.is_empty() && !secrets.is_empty() {
        let pinned = secrets.iter().filter(|secret| secret.pinned).count();
        let note = Note::SecretsInjected {
            secrets: secrets.len(),
            pinned,
        };
        d.tell(now, note);
    }
    d.touched
        .task_definitions
        .insert(service.clone(), revision.clone());
}

fn order(
    d: &Deployment,
    service: &PlannedService,
    task_definition: &TaskDefinitionArn,
) -> RolloutOrder {
    let plan = &d.sealed_plan().plan;
    let shifts = service.strategy.shifts_traffic();
    RolloutOrder {
        deployment: d.id.clone(),
        service: service.service.clone(),
        ecs_service: service.ecs_service.clone(),
        task_definition: task_definition.clone(),
        strategy: service.strategy.clone(),
        bake: if shifts {
            plan.bake
        } else {
            SignedDuration::ZERO
        },
        alarms: alarms(d, service),
        direction: Direction::Forward,
        since: d.touched.rollouts_since.unwrap_or(d.entered_at),
        desired: service.desired,
    }
}

/// The alarms that make ECS go back by itself. None after a migration that the old code does not run
/// on: then the alarms are watched by Sluice alone, which asks a person first.
fn alarms(d: &Deployment, service: &PlannedService) -> Vec<AlarmName> {
    let sealed = d.sealed_plan();
    if service.kind == ServiceKind::Web && sealed.plan.is_additive() {
        sealed.alarms()
    } else {
        Vec::new()
    }
}

pub(super) fn read(
    d: &Deployment,
    service: &PlannedService,
    task_definition: &TaskDefinitionArn,
) -> Command {
    Command::ReadRollout {
        service: service.service.clone(),
        ecs_service: service.ecs_service.clone(),
        task_definition: task_definition.clone(),
        since: d.touched.rollouts_since.unwrap_or(d.entered_at),
    }
}

/// Reads every web service whose traffic ECS shifts.
pub(super) fn read_shifting(d: &Deployment) -> Vec<Command> {
    shifting(d)
        .filter_map(|service| {
            let task_definition = d.touched.task_definitions.get(&service.service)?;
            Some(read(d, service, task_definition))
        })
        .collect()
}

/// The web services whose traffic ECS shifts.
pub(super) fn shifting(d: &Deployment) -> impl Iterator<Item = &PlannedService> {
    d.sealed_plan()
        .plan
        .services
        .iter()
        .filter(|service| service.strategy.shifts_traffic())
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match outcome {
        Outcome::TaskDefinition { service, revision } => {
            registered(d, service, revision, now);
        }
        Outcome::RolloutStarted { service } => {
            if !d.touched.rollouts.contains_key(service) {
                d.touched.rollouts.insert(service.clone(), None);
                d.tell(now, Note::RolloutStarted(service.clone()));
                d.restart_clock(now);
            }
        }
        Outcome::Rollout { service, rollout } => {
            let was_up = planned(d, service).is_some_and(|service| is_up(d, service));
            let phase = d.phase.name();
            observe(d, service, rollout.as_ref(), now)?;
            let is_up = planned(d, service).is_some_and(|service| is_up(d, service));
            // What ended it here is no news of the release.
            if is_up && !was_up && d.phase.name() == phase {
                d.tell(now, up_note(d, service));
            }
        }
        other => return Err(late(d, other)),
    }
    advance(d, now);
    Ok(())
}

fn planned<'a>(d: &'a Deployment, service: &ServiceName) -> Option<&'a PlannedService> {
    d.sealed_plan().plan.service(service)
}

fn up_note(d: &Deployment, service: &ServiceName) -> Note {
    if matches!(d.phase, Phase::RollingOut) {
        Note::GreenUp(service.clone())
    } else {
        Note::ServiceUpdated(service.clone())
    }
}

/// Takes what ECS says of our service deployment; a bad end of it is the end of the way forward.
pub(super) fn observe(
    d: &mut Deployment,
    service: &ServiceName,
    rollout: Option<&RolloutObservation>,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Some(known) = d.touched.rollouts.get(service) else {
        return Err(RejectedEvent::Late {
            event: "rollout",
            phase: d.phase.in_words(),
        });
    };
    // ECS may take a moment to show a service deployment it has accepted. It never forgets one.
    let Some(rollout) = rollout else {
        return Ok(());
    };
    if known.as_ref() != Some(rollout) {
        let rollouts = &mut d.touched.rollouts;
        rollouts.insert(service.clone(), Some(rollout.clone()));
    }
    if has_traffic(d) && is_stopped(rollout) {
        // Whoever deployed something else over it knows why: Sluice does not undo that by itself.
        let reason = rollout.reason.clone().unwrap_or_default();
        let service = service.clone();
        decision::begin(d, Cause::Replaced { service, reason }, now);
    } else if let Some(reason) = went_wrong(rollout) {
        fail(
            d,
            Cause::RolloutFailed {
                service: service.clone(),
                reason,
            },
            now,
        );
    }
    Ok(())
}

/// Whether the new version has traffic by now, or is about to get it.
fn has_traffic(d: &Deployment) -> bool {
    matches!(
        d.phase,
        Phase::Shifting { .. } | Phase::Baking { .. } | Phase::CleaningUp { .. }
    )
}

/// ECS stops a service deployment that somebody replaces by another. Its own way back is told apart.
pub(super) fn is_stopped(rollout: &RolloutObservation) -> bool {
    matches!(
        rollout.status,
        RolloutStatus::StopRequested | RolloutStatus::Stopped
    )
}

fn went_wrong(rollout: &RolloutObservation) -> Option<String> {
    let said = |what: &str| match &rollout.reason {
        Some(reason) => format!("{what}: {reason}"),
        None => what.to_owned(),
    };
    match rollout.status {
        RolloutStatus::Pending | RolloutStatus::InProgress | RolloutStatus::Successful => None,
        RolloutStatus::StopRequested | RolloutStatus::Stopped => Some(said(
            "the service deployment was stopped, or replaced by another",
        )),
        RolloutStatus::RollbackRequested
        | RolloutStatus::RollbackInProgress
        | RolloutStatus::RollbackSuccessful => Some(said("ECS rolls back by itself")),
        RolloutStatus::RollbackFailed => Some(said("ECS tried to go back and failed")),
    }
}

fn is_up(d: &Deployment, service: &PlannedService) -> bool {
    let Some(Some(rollout)) = d.touched.rollouts.get(&service.service) else {
        return false;
    };
    match service.strategy {
        Strategy::Rolling | Strategy::Singleton => rollout.status == RolloutStatus::Successful,
        Strategy::BlueGreen | Strategy::Canary(_) | Strategy::Linear(_) => {
            rollout.stage >= Some(Stage::PostTestTrafficShift)
        }
    }
}

/// Goes on once everything of the phase is up.
fn advance(d: &mut Deployment, now: Timestamp) {
    if !matches!(d.phase, Phase::RollingOut | Phase::UpdatingWorkers)
        || !in_turn(d).all(|service| is_up(d, service))
        || unregistered(d).next().is_some()
    {
        return;
    }
    if matches!(d.phase, Phase::RollingOut) {
        d.enter(Phase::UpdatingWorkers, now);
        advance(d, now);
    } else {
        verify::begin(d, now);
    }
}
