//! Every service up on the restored database, with the code that fits it; then what users see.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::{end, late};
use super::{end_failed, enter};
use crate::command::{Command, Direction, RolloutOrder};
use crate::config::ServiceKind;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::id::ServiceName;
use crate::note::Note;
use crate::observation::{RolloutObservation, RolloutStatus, SmokeResult};
use crate::phase::Phase;
use crate::plan::PlannedService;
use crate::restore::{RestoreStep, Stands, Start};

/// A restored database is slow at first: RDS fetches its blocks as they are asked for. What answers
/// late at the beginning is given these rounds to answer in time.
const ROUNDS: u8 = 20;

/// Between rounds.
const PAUSE: SignedDuration = SignedDuration::from_secs(15);

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    let services = coming_back(d)
        .map(|service| (service.service.clone(), Start::Waiting))
        .collect();
    d.touched.rollouts_since = Some(now);
    enter(d, RestoreStep::Starting { services }, now);
    conclude(d, now);
}

fn coming_back(d: &Deployment) -> impl Iterator<Item = &PlannedService> {
    d.sealed_plan()
        .plan
        .services
        .iter()
        .filter(|service| service.revision.is_some())
}

/// Singletons last: theirs is the work that must not be sent before somebody can take it.
pub(super) fn needs(d: &Deployment, services: &BTreeMap<ServiceName, Start>) -> Vec<Command> {
    let is_singleton = |service: &PlannedService| service.kind == ServiceKind::Singleton;
    let is_settled =
        |service: &PlannedService| services.get(&service.service).is_none_or(Start::is_settled);
    let others_are_settled = coming_back(d)
        .filter(|service| !is_singleton(service))
        .all(is_settled);
    coming_back(d)
        .filter(|service| others_are_settled || !is_singleton(service))
        .filter_map(|service| next(d, service, services.get(&service.service)?))
        .collect()
}

fn next(d: &Deployment, service: &PlannedService, way: &Start) -> Option<Command> {
    let revision = d.touched.task_definitions.get(&service.service)?;
    let since = d.touched.rollouts_since.unwrap_or(d.entered_at);
    match way {
        Start::Waiting => Some(Command::StartRollout(RolloutOrder {
            deployment: d.id.clone(),
            service: service.service.clone(),
            ecs_service: service.ecs_service.clone(),
            task_definition: revision.clone(),
            strategy: service.strategy.clone(),
            bake: SignedDuration::ZERO,
            alarms: Vec::new(),
            direction: Direction::Back,
            since,
            desired: service.desired,
        })),
        Start::Asked => Some(Command::ReadRollout {
            service: service.service.clone(),
            ecs_service: service.ecs_service.clone(),
            task_definition: revision.clone(),
            since,
        }),
        Start::Up | Start::Stuck(_) => None,
    }
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::Restoring { step } = &d.phase else {
        return Err(late(d, outcome));
    };
    let RestoreStep::Starting { services } = &**step else {
        return Err(late(d, outcome));
    };
    let (service, further) = match outcome {
        Outcome::RolloutStarted { service } => match services.get(service) {
            Some(Start::Waiting) => (service, Start::Asked),
            _ => return Err(late(d, outcome)),
        },
        Outcome::Rollout { service, rollout } => match services.get(service) {
            Some(Start::Asked) => {
                d.touched.rollouts.insert(service.clone(), rollout.clone());
                (service, judge(rollout.as_ref()))
            }
            _ => return Err(late(d, outcome)),
        },
        other => return Err(late(d, other)),
    };
    let (service, reason) = (service.clone(), further.clone());
    set(d, &service, further);
    match reason {
        Start::Waiting => {}
        Start::Asked if matches!(outcome, Outcome::RolloutStarted { .. }) => {
            d.tell(now, Note::RolloutStarted(service));
        }
        Start::Asked => {}
        Start::Up => d.tell(now, Note::ServiceUpdated(service)),
        Start::Stuck(reason) => d.tell(now, Note::ServiceNotStarted { service, reason }),
    }
    conclude(d, now);
    Ok(())
}

fn judge(rollout: Option<&RolloutObservation>) -> Start {
    // ECS may take a moment to show a service deployment it has accepted.
    let Some(rollout) = rollout else {
        return Start::Asked;
    };
    match rollout.status {
        RolloutStatus::Successful => Start::Up,
        RolloutStatus::Pending | RolloutStatus::InProgress => Start::Asked,
        RolloutStatus::StopRequested
        | RolloutStatus::Stopped
        | RolloutStatus::RollbackRequested
        | RolloutStatus::RollbackInProgress
        | RolloutStatus::RollbackSuccessful
        | RolloutStatus::RollbackFailed => {
            let reason = rollout.reason.as_deref().unwrap_or("ECS gives no reason");
            Start::Stuck(format!("ECS did not bring it up: {reason}"))
        }
    }
}

fn set(d: &mut Deployment, service: &ServiceName, way: Start) {
    if let Phase::Restoring { step } = &mut d.phase
        && let RestoreStep::Starting { services } = &mut **step
    {
        services.insert(service.clone(), way);
    }
}

pub(super) fn stick(d: &mut Deployment, service: &ServiceName, reason: &str, now: Timestamp) {
    set(d, service, Start::Stuck(reason.to_owned()));
    let note = Note::ServiceNotStarted {
        service: service.clone(),
        reason: reason.to_owned(),
    };
    d.tell(now, note);
    conclude(d, now);
}

/// Goes on once there is nothing more to do about any service.
fn conclude(d: &mut Deployment, now: Timestamp) {
    let Phase::Restoring { step } = &d.phase else {
        return;
    };
    let RestoreStep::Starting { services } = &**step else {
        return;
    };
    if !services.values().all(Start::is_settled) {
        return;
    }
    let stuck = stuck(services, None);
    if stuck.is_empty() {
        let step = RestoreStep::Checking {
            failed_rounds: 0,
            not_before: now,
        };
        enter(d, step, now);
    } else {
        let names: Vec<&str> = stuck.keys().map(ServiceName::as_str).collect();
        let reason = format!("ECS did not start {}", names.join(", "));
        let cause = Cause::NotRestored(reason);
        end_failed(d, cause, Stands::InPlace(stuck), now);
    }
}

/// Those that are not up, and why; `otherwise` of those about which nothing is known.
fn stuck(
    services: &BTreeMap<ServiceName, Start>,
    otherwise: Option<&str>,
) -> BTreeMap<ServiceName, String> {
    services
        .iter()
        .filter_map(|(service, way)| match way {
            Start::Up => None,
            Start::Stuck(reason) => Some((service.clone(), reason.clone())),
            Start::Waiting | Start::Asked => Some((service.clone(), otherwise?.to_owned())),
        })
        .collect()
}

/// Time is up, or something was refused that is about no service: whatever is not up is stuck.
pub(super) fn give_up(
    d: &mut Deployment,
    services: BTreeMap<ServiceName, Start>,
    cause: Cause,
    now: Timestamp,
) {
    let stuck = stuck(&services, Some("it was not up in time"));
    end_failed(d, cause, Stands::InPlace(stuck), now);
}

pub(super) fn needs_check(not_before: Timestamp, now: Timestamp) -> Vec<Command> {
    if now >= not_before {
        vec![Command::RunSmokeTests]
    } else {
        Vec::new()
    }
}

pub(super) fn on_check(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::Restoring { step } = &mut d.phase else {
        return Err(late(d, outcome));
    };
    let RestoreStep::Checking {
        failed_rounds,
        not_before,
    } = &mut **step
    else {
        return Err(late(d, outcome));
    };
    match outcome {
        // Two functions tested at once: the same round counts once.
        Outcome::SmokeTests(results) if now >= *not_before => {
            let failures = failures(results);
            if failures.is_empty() {
                let count = results.len();
                d.tell(now, Note::RestoredIsWell { count });
                end(d, Phase::Restored, now);
                return Ok(());
            }
            *failed_rounds += 1;
            *not_before = now.saturating_add(PAUSE).unwrap_or(now);
            let (is_first, is_last) = (*failed_rounds == 1, *failed_rounds >= ROUNDS);
            if is_last {
                let cause = Cause::SmokeTestsFailed(failures);
                end_failed(d, cause, Stands::InPlace(BTreeMap::new()), now);
            } else if is_first {
                d.tell(now, Note::NotWellYet { failures });
            }
            Ok(())
        }
        other => Err(late(d, other)),
    }
}

fn failures(results: &[SmokeResult]) -> Vec<String> {
    results
        .iter()
        .filter_map(|result| Some(format!("{}: {}", result.name, result.failure.as_ref()?)))
        .collect()
}
