//! The way back: web services, workers and singletons to what ran before. The database stays.
//!
//! Nothing heard is taken for granted, and nothing that is not seen counts as not done. For every
//! service that ECS was asked to change, or may have been, it is first found out what became of that;
//! it is over only when a look at every service shows the revision from before.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{end, late};
use crate::command::{Command, CommandKey, Direction, RolloutOrder};
use crate::config::Strategy;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::id::{ServiceName, TaskDefinitionArn};
use crate::intent::after;
use crate::note::{Note, short_arn};
use crate::observation::{RolloutObservation, RolloutStatus, ServiceObservation};
use crate::phase::{Phase, Return};
use crate::plan::PlannedService;

/// DescribeServices may show a service as it was so long ago. Until then a revision of ours that it
/// shows may have been replaced by somebody's already.
const SHOWS_WITHIN: SignedDuration = SignedDuration::from_secs(90);

pub(super) fn begin(d: &mut Deployment, cause: Cause, now: Timestamp) {
    let services: BTreeMap<ServiceName, Return> = d
        .sealed_plan()
        .plan
        .services
        .iter()
        .filter(|service| d.may_have_touched(&service.service))
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
}

pub(super) fn needs(d: &Deployment, services: &BTreeMap<ServiceName, Return>) -> Vec<Command> {
    let plan = &d.sealed_plan().plan;
    let mut commands: Vec<Command> = plan
        .services
        .iter()
        .filter_map(|service| next(d, service, services.get(&service.service)?))
        .collect();
    let is_checking = |way: &Return| matches!(way, Return::Checking { .. } | Return::SaidBack);
    if services.values().all(Return::is_settled) || services.values().any(is_checking) {
        commands.push(Command::ReadServices);
    }
    commands
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
        Return::Checking { .. } | Return::SaidBack | Return::Returned | Return::Stuck(_) => None,
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
    if let Outcome::Services(seen) = outcome {
        compare(d, seen, now);
        return Ok(());
    }
    let (Outcome::Rollout { service, .. }
    | Outcome::RolloutStarted { service }
    | Outcome::RolloutStopping { service }) = outcome
    else {
        return Err(late(d, outcome));
    };
    let was_seen = matches!(d.touched.rollouts.get(service), Some(Some(_)));
    let absent_after = d.absent_after(&CommandKey::start_rollout(service));
    let may_still_come = was_seen || absent_after.is_some_and(|at| now < at);
    let is_of_ours = is_of_ours(d, outcome);
    let Phase::RollingBack { services, .. } = &mut d.phase else {
        return Err(late(d, outcome));
    };
    let Some(way) = services.get_mut(service) else {
        return Err(late(d, outcome));
    };
    let further = match (&*way, outcome) {
        // A slower function asked for ours before theirs was begun: it says nothing of theirs.
        (Return::Redeploying { .. }, Outcome::Rollout { .. }) if is_of_ours => {
            return Err(late(d, outcome));
        }
        (Return::Looking, Outcome::Rollout { rollout: None, .. }) if !may_still_come => {
            // ECS was never asked, or refused: it is untouched by us.
            Return::SaidBack
        }
        (Return::Looking | Return::Stopping { .. }, Outcome::Rollout { rollout, .. }) => {
            after_ours(way, rollout.as_ref(), now)
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
    if let Outcome::Rollout {
        rollout: Some(seen),
        ..
    } = outcome
        && !matches!(further, Return::Redeploying { asked: true })
    {
        let known = d.touched.rollouts.entry(service.clone()).or_default();
        *known = Some(seen.clone());
    }
    match further {
        Return::Stuck(reason) => d.tell(now, Note::ServiceStuck { service, reason }),
        Return::Looking
        | Return::Stopping { .. }
        | Return::Checking { .. }
        | Return::SaidBack
        | Return::Returned
        | Return::Redeploying { .. } => {}
    }
    Ok(())
}

/// Whether it tells of the service deployment that this deployment brought forward.
fn is_of_ours(d: &Deployment, outcome: &Outcome) -> bool {
    let Outcome::Rollout {
        service,
        rollout: Some(seen),
    } = outcome
    else {
        return false;
    };
    let ours = d.touched.rollouts.get(service).and_then(Option::as_ref);
    ours.is_some_and(|ours| ours.arn == seen.arn)
}

/// What to do, by what became of our service deployment.
fn after_ours(way: &Return, rollout: Option<&RolloutObservation>, now: Timestamp) -> Return {
    let Some(rollout) = rollout else {
        return way.clone();
    };
    let asked = matches!(way, Return::Stopping { asked: true, .. });
    match rollout.status {
        RolloutStatus::Pending | RolloutStatus::InProgress => Return::Stopping {
            arn: rollout.arn.clone(),
            asked,
        },
        RolloutStatus::RollbackRequested | RolloutStatus::RollbackInProgress => Return::Stopping {
            arn: rollout.arn.clone(),
            asked: true,
        },
        RolloutStatus::RollbackSuccessful => Return::SaidBack,
        RolloutStatus::StopRequested | RolloutStatus::Stopped => Return::Checking { since: now },
        // It went all the way, or was left half way: only a new deployment goes back.
        RolloutStatus::Successful | RolloutStatus::RollbackFailed => {
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
        RolloutStatus::Successful => Return::SaidBack,
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

/// Holds what every service runs against what it is to run.
fn compare(d: &mut Deployment, seen: &[ServiceObservation], now: Timestamp) {
    let planned = d.sealed_plan().plan.services.clone();
    for service in &planned {
        let runs = seen.iter().find(|seen| seen.service == service.service);
        let runs = runs.map(|seen| &seen.task_definition);
        let ours = d.touched.task_definitions.get(&service.service).cloned();
        let Phase::RollingBack { services, .. } = &mut d.phase else {
            return;
        };
        let way = services.get(&service.service);
        let further = match way {
            Some(Return::Checking { since }) => {
                let is_sure = now >= after(*since, SHOWS_WITHIN);
                stopped_and_runs(service, runs, ours.as_ref(), is_sure)
            }
            Some(Return::SaidBack) if runs == Some(&service.from) => Some(Return::Returned),
            Some(Return::SaidBack | Return::Returned) | None => {
                let again = match way {
                    // ECS has said that it is back, and one of the two looks is old: which one, time
                    // tells. To look again at once would see both again as they are.
                    Some(_) => Return::Checking { since: now },
                    // A request that was slow has arrived, or somebody's was seen.
                    None => Return::Looking,
                };
                returned_and_runs(service, runs, ours.as_ref(), again)
            }
            Some(_) => None,
        };
        let Some(further) = further else { continue };
        services.insert(service.service.clone(), further.clone());
        let service = service.service.clone();
        match further {
            Return::Stuck(reason) => d.tell(now, Note::ServiceStuck { service, reason }),
            Return::Returned => d.tell(now, Note::ServiceReturned(service)),
            _ => {}
        }
    }
    let Phase::RollingBack { services, .. } = &d.phase else {
        return;
    };
    if services.values().all(Return::is_settled) {
        conclude(d, now);
    }
}

/// Our service deployment was stopped, or replaced: by what the service runs now.
fn stopped_and_runs(
    service: &PlannedService,
    runs: Option<&TaskDefinitionArn>,
    ours: Option<&TaskDefinitionArn>,
    is_sure: bool,
) -> Option<Return> {
    match runs {
        Some(runs) if *runs == service.from => is_sure.then_some(Return::Returned),
        Some(runs) if Some(runs) == ours => is_sure.then_some(Return::Redeploying { asked: false }),
        other => Some(Return::Stuck(by_hand(other))),
    }
}

/// It should run what it ran before, and was never asked for anything else or has returned.
fn returned_and_runs(
    service: &PlannedService,
    runs: Option<&TaskDefinitionArn>,
    ours: Option<&TaskDefinitionArn>,
    again: Return,
) -> Option<Return> {
    match runs {
        Some(runs) if *runs == service.from => None,
        Some(runs) if Some(runs) == ours => Some(again),
        other => Some(Return::Stuck(by_hand(other))),
    }
}

fn by_hand(runs: Option<&TaskDefinitionArn>) -> String {
    match runs {
        Some(runs) => format!(
            "someone else has deployed {} meanwhile, and Sluice leaves it as it is",
            short_arn(runs.as_str())
        ),
        None => "ECS does not list it any more".to_owned(),
    }
}

/// A command of the way back was refused for good: its service is stuck.
pub(super) fn refused(d: &mut Deployment, command: &CommandKey, reason: &str, now: Timestamp) {
    let Phase::RollingBack { services, .. } = &mut d.phase else {
        return;
    };
    let Some(service) = services.keys().find(|name| command.is_about(name)) else {
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
}

/// Time is up: whatever was not seen back is stuck.
pub(super) fn give_up(d: &mut Deployment, now: Timestamp) {
    let Phase::RollingBack { services, .. } = &mut d.phase else {
        return;
    };
    for way in services.values_mut() {
        let stuck = match way {
            Return::Looking => "whether ECS has deployed the new version there is not known",
            Return::Stopping { .. } | Return::Redeploying { .. } => "it was not back in time",
            Return::Checking { .. } | Return::SaidBack => "what it runs could not be seen",
            Return::Returned | Return::Stuck(_) => continue,
        };
        *way = Return::Stuck(stuck.to_owned());
    }
    conclude(d, now);
}

fn conclude(d: &mut Deployment, now: Timestamp) {
    let Phase::RollingBack { cause, services } = &d.phase else {
        return;
    };
    let stuck: BTreeMap<ServiceName, String> = services
        .iter()
        .filter_map(|(service, way)| match way {
            Return::Stuck(reason) => Some((service.clone(), reason.clone())),
            _ => None,
        })
        .collect();
    let cause = cause.clone();
    let phase = if stuck.is_empty() {
        Phase::RolledBack { cause }
    } else {
        Phase::RollbackFailed { cause, stuck }
    };
    end(d, phase, now);
}
