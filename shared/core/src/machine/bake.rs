//! The bake: the new version has the traffic and is watched, by ECS and by us.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{cleanup, comparison, end, fail, late, rollout};
use crate::command::{Command, CommandKind};
use crate::config::Bake;
use crate::deployment::Deployment;
use crate::event::Outcome;
use crate::failure::{Cause, RejectedEvent};
use crate::health::{self, Reading, Sample, Verdict, verdict};
use crate::id::{GroupId, UserId};
use crate::metrics::{Finding, Watched};
use crate::note::Note;
use crate::phase::Phase;
use crate::quantity;
use crate::roles::{self, Action};

/// Samples kept. A bake of a day at one a minute has 1,440; the verdict needs far fewer.
const SAMPLES: usize = 120;

/// A bake whose time is over may go on for so long before people are asked: alarms get data late,
/// and a network mends itself.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Samples further apart than this were not taken when they were due.
const GAP: SignedDuration = SignedDuration::from_mins(5);

/// How long people are asked. A night: whoever is to say is at work by then.
pub(super) const UNDECIDED: SignedDuration = SignedDuration::from_hours(12);

pub(super) fn begin(d: &mut Deployment, now: Timestamp) {
    if d.settings.environment.bake.duration.is_zero() {
        return cleanup::begin(d, now);
    }
    let mut watched = match &mut d.phase {
        Phase::Shifting { watched, .. } => std::mem::take(watched),
        _ => Watched::default(),
    };
    if rollout::shifting(d).next().is_some() {
        watched.begin(d.entered_at, now);
    }
    let phase = Phase::Baking {
        samples: Vec::new(),
        asked_at: None,
        watched,
    };
    d.enter(phase, now);
}

pub(super) fn needs(d: &Deployment, samples: &[Sample], now: Timestamp) -> Vec<Command> {
    let mut commands = rollout::read_shifting(d);
    commands.extend(comparison::needs(d, now));
    if now >= next_sample(d, samples) {
        commands.push(sample(d, samples));
    }
    commands
}

/// A look that counts what stopped since the last one.
pub(super) fn sample(d: &Deployment, samples: &[Sample]) -> Command {
    Command::SampleHealth {
        tasks_since: samples.last().map_or(d.entered_at, |last| last.at),
    }
}

/// Adds a sample to those before it: what it shows.
pub(super) fn record(samples: &mut Vec<Sample>, sample: &Sample, now: Timestamp) -> Reading {
    let sample = health::judged(samples, sample);
    let reading = sample.reading();
    health::forget(samples, now);
    samples.push(sample);
    if samples.len() > SAMPLES {
        samples.remove(0);
    }
    reading
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
        Outcome::Metrics { service, measured } => {
            comparison::take(d, service, measured, now);
            Ok(())
        }
        other => Err(late(d, other)),
    }
}

fn take(d: &mut Deployment, sample: &Sample, now: Timestamp) -> Result<(), RejectedEvent> {
    let Phase::Baking { samples, .. } = &d.phase else {
        return Ok(());
    };
    if sample.at < next_sample(d, samples) {
        // Two functions looked at once: the same moment counts once.
        return Err(RejectedEvent::Late {
            event: "health",
            phase: d.phase.name(),
        });
    }
    mind_the_gap(d, sample, now);
    let bake = &d.settings.environment.bake;
    let Phase::Baking { samples, .. } = &mut d.phase else {
        return Ok(());
    };
    let reading = record(samples, sample, now);
    let baked = now.duration_since(d.entered_at) >= bake.duration;
    // What was seen before the last look went blind is no reason to go on without looking.
    let sees = reading == Reading::Good;
    let verdict = verdict(samples, bake);
    let samples = samples.len();
    match verdict {
        Verdict::Unhealthy(reason) => fail(d, Cause::BakeFailed(reason), now),
        Verdict::Healthy if baked && sees && comparison::are_there(d) => {
            let compared = comparison::compared(d);
            d.tell(now, Note::Baked { samples, compared });
            cleanup::begin(d, now);
        }
        // Time alone proves nothing: the bake goes on until the samples do, or its deadline.
        Verdict::Healthy | Verdict::Inconclusive => {}
    }
    Ok(())
}

/// Where nobody looked for a while, Sluice itself was away, or what it asks: the samples that are
/// still wanted get their time before people are asked.
fn mind_the_gap(d: &mut Deployment, sample: &Sample, now: Timestamp) {
    let Phase::Baking {
        samples,
        asked_at: None,
        ..
    } = &d.phase
    else {
        return;
    };
    let bake = &d.settings.environment.bake;
    let last = samples.last().map_or(d.entered_at, |last| last.at);
    if sample.at.duration_since(last) < GAP.max(bake.every.saturating_mul(3)) {
        return;
    }
    let good = health::good(samples);
    let wanted = usize::from(bake.samples).saturating_sub(good) + 1;
    let time = bake
        .every
        .saturating_mul(i32::try_from(wanted).unwrap_or(1));
    let asks_at = now.saturating_add(time.saturating_add(PATIENCE));
    let from = asks_at.and_then(|at| at.checked_sub(asks_after(bake)));
    if let Ok(from) = from
        && from > d.clock_from
    {
        d.restart_clock(from);
    }
}

/// From the beginning of the bake to the question: its own time, and time for two more samples.
pub(super) fn asks_after(bake: &Bake) -> SignedDuration {
    bake.duration
        .saturating_add(PATIENCE.max(bake.every.saturating_mul(2)))
}

/// Asks people whether it is well. Sampling goes on: it may answer before they do.
pub(super) fn ask(d: &mut Deployment, now: Timestamp) {
    let reason = what_is_known(d);
    if let Phase::Baking { asked_at, .. } = &mut d.phase {
        *asked_at = Some(now);
        d.restart_clock(now);
        d.tell(now, Note::CannotTell { reason });
    }
}

/// Somebody who may says that it is well.
pub(super) fn keep(
    d: &mut Deployment,
    by: &UserId,
    groups: &BTreeSet<GroupId>,
    now: Timestamp,
) -> Result<(), RejectedEvent> {
    let Phase::Baking {
        asked_at: Some(_), ..
    } = &d.phase
    else {
        return Err(RejectedEvent::NothingToKeep {
            phase: d.phase.name(),
        });
    };
    roles::may(&d.settings.environment, Action::Keep, by, groups)?;
    d.tell(now, Note::Kept { by: by.clone() });
    cleanup::begin(d, now);
    Ok(())
}

/// Nobody said, and nothing was seen: it neither passes nor goes back.
pub(super) fn give_up(d: &mut Deployment, now: Timestamp) {
    let reason = what_is_known(d);
    end(d, Phase::Unverified { reason }, now);
}

/// What was seen and what was not, while a bake proves nothing.
pub fn what_is_known(d: &Deployment) -> String {
    let Phase::Baking { samples, .. } = &d.phase else {
        return String::new();
    };
    let needed = usize::from(d.settings.environment.bake.samples);
    let sees = samples.last().map(Sample::reading) == Some(Reading::Good);
    let mut said = vec![match health::good(samples) {
        good if good >= needed && sees => {
            format!("{} passed", quantity::count(good, "health check"))
        }
        good if good >= needed => format!(
            "{} passed, and then none could be made",
            quantity::count(good, "health check")
        ),
        good => format!("{good} of {needed} required health checks passed"),
    }];
    if let Some(last) = samples.last() {
        said.extend(last.bad.iter().chain(last.unseen()).cloned());
    }
    let compared = comparison::compared(d).into_iter();
    let missing = compared.filter(|one| one.finding == Finding::Missing);
    said.extend(missing.map(|one| one.to_string()));
    let failed = d.setbacks.iter();
    let failed = failed.filter(|(command, _)| {
        command.kind == CommandKind::SampleHealth || comparison::is_read(command)
    });
    said.extend(failed.map(|(_, setback)| setback.error.to_string()));
    said.join("; ")
}
