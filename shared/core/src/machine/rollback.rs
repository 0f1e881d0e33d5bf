//! The way back: web services, workers and singletons to what ran before. The database stays.
//!
//! Nothing heard is taken for granted: for every service it is first found out what became of our
//! service deployment, since the answer to its start may have been lost.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{end, late};
use crate::command::{Command, Direction, RolloutOrder};
use crate::config::Strategy;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::id::ServiceName;
use crate::note::Note;
use crate::observation::{RolloutObservation, RolloutStatus};
use crate::phase::{Phase, Return};
use crate::plan::PlannedService;

pub(super) fn begin(d: &mut Deployment, cause: Cause, now: Timestamp) {
    let services: BTreeMap<ServiceName, Return> = d
        .sealed_plan()
        .plan
        .services
        .iter()
        // Without a revision of ours ECS was never asked for anything.
        .filter(|service| d.touched.task_definitions.contains_key(&service.service))
        .map(|service| (service.service.clone(), Return::Looking))
        .collect();
    // The way back is never paused.
    d.paused = None;
    d.tell(
        now,
        Note::RollingBack {
            cause: cause.clone(),
        },
    );
    d.enter(Phase::RollingBack { cause, services }, now);
    conclude(d, now);
}

pub(super) fn needs(d: &Deployment, services: &BTreeMap<ServiceName, Return>) -> Vec<Command> {
    let plan = &d.sealed_plan().plan;
    plan.services
        .iter()
        .filter_map(|service| next(d, service, services.get(&service.service)?))
        .collect()
}

fn next(d: &Deployment, service: &PlannedService, way: &Return) -> Option<Command> {
    let ours = || {
        let task_definition = d.touched.task_definitions.get(&service.service)?;
        Some(super::rollout::read(d, service, task_definition))
    };
    match way {
        Return::Looking | Return::Stopping { asked: true, .. } => ours(),
        Return::Stopping { arn, asked: false } => Some(Command::StopRollout {
            service: service.service.clone(),
            arn: arn.clone(),
        }),
        Return::Redeploying { asked: false } => Some(Command::StartRollout(order_back(d, service))),
        Return::Redeploying { asked: true } => Some(Command::ReadRollout {
            service: service.service.clone(),
            ecs_service: service.ecs_service.clone(),
            task_definition: service.from.clone(),
            since: d.entered_at,
        }),
        Return::Returned | Return::Stuck(_) => None,
    }
}

fn order_back(d: &Deployment, service: &PlannedService) -> RolloutOrder {
    RolloutOrder {
        deployment: d.id.clone(),
        service: service.service.clone(),
        ecs_service: service.ecs_service.clone(),
        task_definition: service.from.clone(),
        // What ran before needs no proof again: all traffic at once, and no bake.
        strategy: if service.strategy.shifts_traffic() {
            Strategy::BlueGreen
        } else {
            service.strategy.clone()
        },
        bake: SignedDuration::ZERO,
        alarms: Vec::new(),
        direction: Direction::Back,
        since: d.entered_at,
        desired: None,
    }
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let (Outcome::Rollout { service, .. }
    | Outcome::RolloutStarted { service }
    | Outcome::RolloutStopping { service }) = outcome
    else {
        return Err(late(d, outcome));
    };
    let Phase::RollingBack { services, .. } = &mut d.phase else {
        return Err(late(d, outcome));
    };
    let Some(way) = services.get_mut(service) else {
        return Err(late(d, outcome));
    };
    let further = match (&*way, outcome) {
        (Return::Looking | Return::Stopping { .. }, Outcome::Rollout { rollout, .. }) => {
            after_ours(way, rollout.as_ref())
        }
        (Return::Redeploying { asked: true }, Outcome::Rollout { rollout, .. }) => {
            after_theirs(way, rollout.as_ref())
        }
        (Return::Stopping { arn, .. }, Outcome::RolloutStopping { .. }) => Return::Stopping {
            arn: arn.clone(),
            asked: true,
        },
        (Return::Redeploying { .. }, Outcome::RolloutStarted { .. }) => {
            Return::Redeploying { asked: true }
        }
        _ => return Err(late(d, outcome)),
    };
    *way = further.clone();
    let service = service.clone();
    match further {
        Return::Returned => d.tell(now, Note::ServiceReturned(service)),
        Return::Stuck(reason) => d.tell(now, Note::ServiceStuck { service, reason }),
        Return::Looking | Return::Stopping { .. } | Return::Redeploying { .. } => {}
    }
    conclude(d, now);
    Ok(())
}

/// What to do, by what became of our service deployment.
fn after_ours(way: &Return, rollout: Option<&RolloutObservation>) -> Return {
    let Some(rollout) = rollout else {
        // ECS has never heard of it: the service is untouched.
        return if *way == Return::Looking {
            Return::Returned
        } else {
            way.clone()
        };
    };
    let asked = matches!(way, Return::Stopping { asked: true, .. });
    match rollout.status {
        RolloutStatus::Pending | RolloutStatus::InProgress => Return::Stopping {
            arn: rollout.arn.clone(),
            asked,
        },
        RolloutStatus::StopRequested
        | RolloutStatus::RollbackRequested
        | RolloutStatus::RollbackInProgress => Return::Stopping {
            arn: rollout.arn.clone(),
            asked: true,
        },
        RolloutStatus::RollbackSuccessful => Return::Returned,
        // It went all the way, or was left half way: only a new deployment goes back.
        RolloutStatus::Successful | RolloutStatus::Stopped | RolloutStatus::RollbackFailed => {
            Return::Redeploying { asked: false }
        }
    }
}

/// What to do, by what became of the new deployment of the revision from before.
fn after_theirs(way: &Return, rollout: Option<&RolloutObservation>) -> Return {
    let Some(rollout) = rollout else {
        return way.clone();
    };
    match rollout.status {
        RolloutStatus::Successful => Return::Returned,
        RolloutStatus::Pending | RolloutStatus::InProgress => way.clone(),
        RolloutStatus::StopRequested
        | RolloutStatus::Stopped
        | RolloutStatus::RollbackRequested
        | RolloutStatus::RollbackInProgress
        | RolloutStatus::RollbackSuccessful
        | RolloutStatus::RollbackFailed => Return::Stuck(format!(
            "ECS could not deploy the revision from before either{}",
            rollout
                .reason
                .as_ref()
                .map(|reason| format!(": {reason}"))
                .unwrap_or_default()
        )),
    }
}

/// A command of the way back was refused for good: its service is stuck.
pub(super) fn refused(d: &mut Deployment, command: &str, reason: &str, now: Timestamp) {
    let Phase::RollingBack { services, .. } = &mut d.phase else {
        return;
    };
    let Some(service) = services
        .keys()
        .find(|name| command.split('/').nth(1) == Some(name.as_str()))
    else {
        return;
    };
    let service = service.clone();
    services.insert(service.clone(), Return::Stuck(reason.to_owned()));
    d.tell(
        now,
        Note::ServiceStuck {
            service,
            reason: reason.to_owned(),
        },
    );
    conclude(d, now);
}

/// Time is up: whatever is not back is stuck.
pub(super) fn give_up(d: &mut Deployment, now: Timestamp) {
    let Phase::RollingBack { services, .. } = &mut d.phase else {
        return;
    };
    for way in services.values_mut() {
        match way {
            Return::Looking | Return::Stopping { .. } | Return::Redeploying { .. } => {
                *way = Return::Stuck("it was not back in time".to_owned());
            }
            Return::Returned | Return::Stuck(_) => {}
        }
    }
    conclude(d, now);
}

fn conclude(d: &mut Deployment, now: Timestamp) {
    let Phase::RollingBack { cause, services } = &d.phase else {
        return;
    };
    let mut stuck = BTreeMap::new();
    for (service, way) in services {
        match way {
            Return::Returned => {}
            Return::Stuck(reason) => {
                stuck.insert(service.clone(), reason.clone());
            }
            Return::Looking | Return::Stopping { .. } | Return::Redeploying { .. } => return,
        }
    }
    let cause = cause.clone();
    let phase = if stuck.is_empty() {
        Phase::RolledBack { cause }
    } else {
        Phase::RollbackFailed { cause, stuck }
    };
    end(d, phase, now);
}
