//! The services: what they run, how many tasks they have, their traffic, and who else changes them.

use std::collections::BTreeMap;

use sluice_core::id::{ImageTag, ServiceDeploymentArn, ServiceName, TaskDefinitionArn};
use sluice_core::note::short_arn;
use sluice_core::plan::split;
use sluice_core::quantity;

pub(super) fn runs_another(service: &ServiceName, verified: &ImageTag) -> String {
    format!(
        "{service} does not run the release verified last ({verified}): it was changed by hand, \
         and a rollback returns to what it runs now"
    )
}

pub(super) fn added_later(service: &ServiceName, tag: &ImageTag) -> String {
    format!("{service} was added after {tag} and stays as it is")
}

pub(super) fn stays_stopped(service: &ServiceName, tag: &ImageTag) -> String {
    format!(
        "{service} was added after {tag}, the version that is restored: it is stopped and stays \
         stopped"
    )
}

pub(super) fn stays_at_zero(service: &ServiceName, restored: bool) -> String {
    match restored {
        false => format!("{service} is scaled to zero: it is updated and stays at zero"),
        true => format!(
            "{service} is scaled to zero and stays at zero: scale it up afterwards if it is to run"
        ),
    }
}

pub(super) fn started_with_one(service: &ServiceName, wanted: u32) -> String {
    match wanted {
        0 => format!(
            "{service} is scaled to zero: it is started with 1 task, since nothing could be \
             checked otherwise"
        ),
        _ => format!(
            "{service} is a singleton and {} are wanted: it is started with 1",
            quantity::count(wanted as usize, "task")
        ),
    }
}

pub(super) fn unhealthy_targets(service: &ServiceName, count: u32) -> String {
    let unhealthy = quantity::count(count as usize, "unhealthy target");
    format!("{service} already has {unhealthy}")
}

pub(super) fn split_traffic(service: &ServiceName, weights: &BTreeMap<String, u32>) -> String {
    format!(
        "the traffic of {service} is split ({}): an earlier shift was left half done, and this one \
         moves all of it",
        split(weights)
    )
}

pub(super) fn replaces(service: &ServiceName, rollout: &ServiceDeploymentArn) -> String {
    others(service, rollout, "this deployment replaces it")
}

pub(super) fn waits_for(service: &ServiceName, rollout: &ServiceDeploymentArn) -> String {
    others(service, rollout, "the release waits until that has ended")
}

fn others(service: &ServiceName, rollout: &ServiceDeploymentArn, then: &str) -> String {
    let rollout = short_arn(rollout.as_str());
    format!("someone else is deploying {service} ({rollout}): {then}")
}

pub(super) fn newer_revision(
    service: &ServiceName,
    runs: &TaskDefinitionArn,
    newest: &TaskDefinitionArn,
    differs: &[String],
    base: Option<&TaskDefinitionArn>,
) -> String {
    let (runs, newest) = (short_arn(runs.as_str()), short_arn(newest.as_str()));
    let differs = match differs {
        [] => String::new(),
        some => format!(" ({})", some.join(", ")),
    };
    let from = base.map_or(runs, |base| short_arn(base.as_str()));
    let advice = match base {
        None => format!("deploy {newest} to the service first"),
        Some(_) => "make it in the base family".to_owned(),
    };
    format!(
        "{service} runs {runs}, and {newest} was registered since, not by Sluice{differs}: the new \
         revision is made from {from}, without that change. To have it, {advice}"
    )
}

pub(super) fn keeps(service: &ServiceName, variables: &[String]) -> String {
    let variables = variables.join(", ");
    format!(
        "{service} keeps {variables}, which sluice.toml does not set: Sluice removes only what it \
         has set itself"
    )
}
