//! The shift of traffic. ECS does it; from the moment this phase is stored the hook lets it.

use jiff::Timestamp;

use super::{bake, late, rollout};
use crate::command::Command;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::RejectedEvent;
use crate::id::ServiceName;
use crate::note::Note;
use crate::observation::{RolloutStatus, Stage};
use crate::phase::Phase;

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    d.enter(Phase::Shifting, now);
    if rollout::shifting(d).next().is_some() {
        d.tell(now, Note::TrafficReleased);
    }
    advance(d, now);
}

pub(super) fn needs(d: &Deployment) -> Vec<Command> {
    rollout::read_shifting(d)
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Outcome::Rollout { service, rollout } = outcome else {
        return Err(late(d, outcome));
    };
    let before = has_shifted(d, service);
    rollout::observe(d, service, rollout.as_ref(), now)?;
    if matches!(d.phase, Phase::Shifting) {
        if has_shifted(d, service) && !before {
            d.tell(now, Note::TrafficShifted(service.clone()));
        }
        advance(d, now);
    }
    Ok(())
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

fn advance(d: &mut Deployment, now: Timestamp) {
    if rollout::shifting(d).all(|service| has_shifted(d, &service.service)) {
        bake::begin(d, now);
    }
}
