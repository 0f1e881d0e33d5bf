//! The comparison of the requests to both versions, while they share the traffic and in the bake:
//! what is read for it, and what it allows.

use jiff::Timestamp;

use super::{fail, rollout, shift};
use crate::command::Command;
use crate::config::Metrics;
use crate::deployment::Deployment;
use crate::failure::Cause;
use crate::health::Sample;
use crate::id::ServiceName;
use crate::metrics::{BEFORE, Compared, Finding, Measured, Traffic, Watched, judge, minute_of};
use crate::phase::Phase;
use crate::plan::PlannedService;

/// A step of the shift waits no longer for numbers that do not come: what is asked then is asked in
/// the bake.
const PATIENCE_S: i64 = 10 * 60;

fn settings(d: &Deployment) -> Option<&Metrics> {
    d.settings.environment.metrics.as_ref()
}

fn watched(d: &Deployment) -> Option<&Watched> {
    match &d.phase {
        Phase::Shifting { watched, .. } | Phase::Baking { watched, .. } => Some(watched),
        _ => None,
    }
}

/// The services that are compared now, with the share of the traffic that each has.
fn services(d: &Deployment) -> impl Iterator<Item = (&PlannedService, Traffic)> {
    let baking = matches!(d.phase, Phase::Baking { .. });
    let on = settings(d).is_some();
    let shifting = rollout::shifting(d).filter(move |_| on);
    shifting.filter_map(move |service| {
        if baking {
            return Some((service, Traffic::All));
        }
        let rollout = d.touched.rollouts.get(&service.service)?.as_ref()?;
        let percent = rollout.traffic_percent?;
        (1..100)
            .contains(&percent)
            .then_some((service, Traffic::Beside(percent)))
    })
}

/// Reads what CloudWatch may have by now.
pub(super) fn needs(d: &Deployment, now: Timestamp) -> Vec<Command> {
    let Some(watched) = watched(d) else {
        return Vec::new();
    };
    let began = watched.shift_began.unwrap_or(d.entered_at);
    let all_before = minute_of(began.saturating_sub(BEFORE).unwrap_or(began));
    services(d)
        .filter_map(|(service, traffic)| {
            let from = match watched.services.get(&service.service) {
                None => Some(all_before),
                Some(watch) if traffic == Traffic::All && watch.is_complete() => None,
                Some(watch) => watch.reads_from(now).map(|from| from.max(all_before)),
            };
            Some(Command::ReadMetrics {
                service: service.service.clone(),
                ecs_service: service.ecs_service.clone(),
                task_definition: d.touched.task_definitions.get(&service.service)?.clone(),
                since: d.touched.rollouts_since.unwrap_or(d.entered_at),
                from: from?,
            })
        })
        .collect()
}

/// Takes what was read of a service: a version that is worse goes back.
pub(super) fn take(d: &mut Deployment, service: &ServiceName, measured: &Measured, now: Timestamp) {
    let was_healthy = shift::is_healthy(d);
    let (Phase::Shifting { watched, .. } | Phase::Baking { watched, .. }) = &mut d.phase else {
        return;
    };
    watched.take(service, measured, now);
    let mut compared = compared(d).into_iter();
    let worse = compared.find(|one| matches!(one.finding, Finding::Worse(_)));
    if let Some(compared) = worse {
        let percent = Some(shift::part_of_the_traffic(d)).filter(|percent| *percent > 0);
        let compared = Box::new(compared);
        fail(d, Cause::AnswersWorse { compared, percent }, now);
    } else {
        shift::tell_if_healthy(d, was_healthy, now);
    }
}

/// What the numbers show of each service that is compared, as far as they were read.
pub(super) fn compared(d: &Deployment) -> Vec<Compared> {
    let (Some(watched), Some(metrics)) = (watched(d), settings(d)) else {
        return Vec::new();
    };
    let environment = &d.settings.environment;
    services(d)
        .map(|(service, traffic)| {
            let time = match traffic {
                Traffic::All => environment.bake.duration,
                Traffic::Beside(_) => shift::steps_bake(service).unwrap_or_default(),
            };
            let minutes = u32::try_from(time.as_secs() / 60).unwrap_or(0);
            judge(&service.service, watched, traffic, minutes, metrics)
        })
        .collect()
}

/// Whether the numbers are there, or are not to be expected. Where none could be read they are
/// missing.
pub(super) fn are_there(d: &Deployment) -> bool {
    let is_unread = d.setbacks.keys().any(is_read);
    !is_unread
        && compared(d)
            .iter()
            .all(|one| one.finding != Finding::Missing)
}

/// Whether a command reads what is compared: no look at the deployment itself.
pub(super) fn is_read(command: &crate::command::CommandKey) -> bool {
    command.kind == crate::command::CommandKind::ReadMetrics
}

/// Whether a step has waited for them for long enough, by the samples that were taken beside those
/// that it needs.
pub(super) fn was_waited_for(d: &Deployment, samples: &[Sample], needed: u8) -> bool {
    let every_s = d.settings.environment.bake.every.as_secs().max(1);
    let beside = usize::try_from(PATIENCE_S / every_s).unwrap_or(usize::MAX);
    samples.len() >= usize::from(needed).saturating_add(beside)
}
