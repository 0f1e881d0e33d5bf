//! The bake: the new version has the traffic and is watched, by ECS and by us.

use jiff::Timestamp;

use super::{cleanup, fail, late, rollout};
use crate::command::Command;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::health::{Sample, Verdict, verdict};
use crate::note::Note;
use crate::phase::Phase;

/// Samples kept. A bake of a day at one a minute has 1,440; the verdict needs far fewer.
const SAMPLES: usize = 120;

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    if d.settings.environment.bake.duration.is_zero() {
        return cleanup::begin(d, now);
    }
    d.enter(
        Phase::Baking {
            samples: Vec::new(),
        },
        now,
    );
}

pub(super) fn needs(d: &Deployment, samples: &[Sample], now: Timestamp) -> Vec<Command> {
    let mut commands = rollout::read_shifting(d);
    if now >= next_sample(d, samples) {
        commands.push(Command::SampleHealth);
    }
    commands
}

/// When the next sample is due.
pub(super) fn next_sample(d: &Deployment, samples: &[Sample]) -> Timestamp {
    let every = d.settings.environment.bake.every;
    samples.last().map_or(d.entered_at, |last| {
        last.at.saturating_add(every).unwrap_or(last.at)
    })
}

pub(super) fn on(
    d: &mut Deployment,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    match outcome {
        Outcome::Rollout { service, rollout } => {
            rollout::observe(d, service, rollout.as_ref(), now)
        }
        Outcome::Health(sample) => take(d, sample, now),
        other => Err(late(d, other)),
    }
}

fn take(d: &mut Deployment, sample: &Sample, now: Timestamp) -> Result<(), RejectedEvent> {
    let Phase::Baking { samples } = &d.phase else {
        return Ok(());
    };
    if sample.at < next_sample(d, samples) {
        // Two functions looked at once: the same moment counts once.
        return Err(RejectedEvent::Late {
            event: "health",
            phase: d.phase.name(),
        });
    }
    let Phase::Baking { samples } = &mut d.phase else {
        return Ok(());
    };
    samples.push(sample.clone());
    if samples.len() > SAMPLES {
        samples.remove(0);
    }
    let baked = now.duration_since(d.entered_at) >= d.settings.environment.bake.duration;
    match verdict(samples, &d.settings.environment.bake) {
        Verdict::Unhealthy(reason) => fail(d, Cause::BakeFailed(reason), now),
        Verdict::Healthy if baked => {
            let samples = samples.len();
            d.tell(now, Note::Baked { samples });
            cleanup::begin(d, now);
        }
        // Time alone proves nothing: the bake goes on until the samples do, or its deadline.
        Verdict::Healthy | Verdict::Inconclusive => {}
    }
    Ok(())
}
