//! The shift of traffic. ECS does it; from the moment this phase is stored the hook lets it.
//!
//! Where only a part of the traffic is shifted at first, health is sampled meanwhile, and ECS is held
//! before the next step until this one was found healthy.

use jiff::{SignedDuration, Timestamp};

use super::{bake, comparison, fail, late, rollout};
use crate::command::Command;
use crate::config::{Bake, Strategy};
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::health::{Sample, Verdict, verdict};
use crate::id::ServiceName;
use crate::metrics::Watched;
use crate::note::Note;
use crate::observation::{RolloutObservation, RolloutStatus, Stage};
use crate::phase::Phase;
use crate::plan::PlannedService;

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    let phase = Phase::Shifting {
        samples: Vec::new(),
        step: 0,
        held: None,
        watched: Watched::default(),
    };
    d.enter(phase, now);
    if rollout::shifting(d).next().is_some() {
        d.tell(now, Note::TrafficReleased);
    }
    advance(d, now);
}

pub(super) fn needs(d: &Deployment, samples: &[Sample], now: Timestamp) -> Vec<Command> {
    let mut commands = rollout::read_shifting(d);
    commands.extend(comparison::needs(d, now));
    if part_of_the_traffic(d) > 0 && now >= bake::next_sample(d, samples) {
        commands.push(bake::sample(d, samples));
    }
    commands
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match outcome {
        Outcome::Rollout { service, rollout } => {
            let before = has_shifted(d, service);
            rollout::observe(d, service, rollout.as_ref(), now)?;
            if matches!(d.phase, Phase::Shifting { .. }) {
                if has_shifted(d, service) && !before {
                    d.tell(now, Note::TrafficShifted(service.clone()));
                }
                step(d, rollout.as_ref(), now);
                advance(d, now);
            }
            Ok(())
        }
        Outcome::Health(sample) => take(d, sample, now),
        Outcome::Metrics { service, measured } => {
            comparison::take(d, service, measured, now);
            Ok(())
        }
        other => Err(late(d, other)),
    }
}

/// What was seen of a service whose traffic is shifted in steps.
fn step(d: &mut Deployment, rollout: Option<&RolloutObservation>, now: Timestamp) {
    let part = part_of_the_traffic(d);
    let is_held = rollout.is_some_and(|seen| seen.stage == Some(Stage::PreProductionTrafficShift));
    let shift_began = d.entered_at;
    let Phase::Shifting {
        samples,
        step,
        held,
        watched,
    } = &mut d.phase
    else {
        return;
    };
    if part > *step {
        *step = part;
        // What was seen at another share of the traffic says nothing of this one.
        samples.clear();
        watched.begin(shift_began, now);
        d.restart_clock(now);
        d.tell(now, Note::StepReached { percent: part });
    } else if is_held {
        *held = Some(now);
    }
}

fn take(d: &mut Deployment, sample: &Sample, now: Timestamp) -> Result<(), RejectedEvent> {
    let Phase::Shifting { samples, .. } = &d.phase else {
        return Ok(());
    };
    if sample.at < bake::next_sample(d, samples) {
        // Two functions looked at once: the same moment counts once.
        return Err(RejectedEvent::Late {
            event: "health",
            phase: d.phase.name(),
        });
    }
    let was_healthy = is_healthy(d);
    let Phase::Shifting { samples, step, .. } = &mut d.phase else {
        return Ok(());
    };
    let percent = *step;
    bake::record(samples, sample, now);
    match verdict(samples, &d.settings.environment.bake) {
        Verdict::Unhealthy(reason) => {
            let reason = format!("at {percent} % of the traffic: {reason}");
            fail(d, Cause::BakeFailed(reason), now);
        }
        Verdict::Healthy | Verdict::Inconclusive => tell_if_healthy(d, was_healthy, now),
    }
    Ok(())
}

/// People are told once that a step was found healthy.
pub(super) fn tell_if_healthy(d: &mut Deployment, was_healthy: bool, now: Timestamp) {
    let Phase::Shifting { samples, step, .. } = &d.phase else {
        return;
    };
    if !was_healthy && is_healthy(d) {
        let note = Note::StepHealthy {
            percent: *step,
            samples: samples.len(),
            compared: comparison::compared(d),
        };
        d.tell(now, note);
    }
}

/// Per cent of the traffic that the step gave to the new version: of the services whose traffic is
/// shifted in steps the furthest that is not through; 0 where none is under way.
pub(crate) fn part_of_the_traffic(d: &Deployment) -> u8 {
    in_steps(d)
        .filter_map(|service| {
            let rollout = d.touched.rollouts.get(&service.service)?.as_ref()?;
            rollout.traffic_percent.filter(|percent| *percent < 100)
        })
        .max()
        .unwrap_or(0)
}

fn in_steps(d: &Deployment) -> impl Iterator<Item = &PlannedService> {
    rollout::shifting(d).filter(|service| steps_bake(service).is_some())
}

/// How long ECS waits after each step.
pub(super) fn steps_bake(service: &PlannedService) -> Option<SignedDuration> {
    match &service.strategy {
        Strategy::Canary(steps) | Strategy::Linear(steps) => Some(steps.bake),
        Strategy::Rolling | Strategy::BlueGreen | Strategy::Singleton => None,
    }
}

/// Whether the present step was found healthy: by as many samples as fit into it, and by no more
/// than a bake needs, and by the requests to both versions, unless their numbers stay away.
pub(crate) fn is_healthy(d: &Deployment) -> bool {
    let Phase::Shifting { samples, .. } = &d.phase else {
        return false;
    };
    let bake = &d.settings.environment.bake;
    let longest = in_steps(d).filter_map(steps_bake).max().unwrap_or_default();
    let fit = u8::try_from(longest.as_secs() / bake.every.as_secs().max(1)).unwrap_or(u8::MAX);
    let bake = Bake {
        samples: bake.samples.min(fit.max(1)),
        ..bake.clone()
    };
    verdict(samples, &bake) == Verdict::Healthy
        && (comparison::are_there(d) || comparison::was_waited_for(d, samples, bake.samples))
}

/// All of its traffic is on the new version and ECS has left the shifting stages.
fn has_shifted(d: &Deployment, service: &ServiceName) -> bool {
    let Some(Some(rollout)) = d.touched.rollouts.get(service) else {
        return false;
    };
    rollout.status == RolloutStatus::Successful
        || (rollout.stage >= Some(Stage::PostProductionTrafficShift)
            && rollout.traffic_percent == Some(100))
}

/// Whether every service has all of its traffic on the new version, as far as was seen.
pub(super) fn all_have_shifted(d: &Deployment) -> bool {
    rollout::shifting(d).all(|service| has_shifted(d, &service.service))
}

fn advance(d: &mut Deployment, now: Timestamp) {
    if all_have_shifted(d) {
        bake::begin(d, now);
    }
}
