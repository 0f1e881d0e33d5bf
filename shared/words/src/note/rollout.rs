//! The new version: its secrets, its tests, its traffic, its bake.

use sluice_core::config::ServiceKind;
use sluice_core::deployment::Deployment;
use sluice_core::id::ServiceName;
use sluice_core::metrics::Compared;
use sluice_core::quantity;

use super::version;

pub(super) fn secrets(secrets: usize, pinned: usize, d: &Deployment) -> String {
    let secrets = quantity::count(secrets, "secret");
    let into = match d.kind.goes_first() {
        true => "in the revision that comes back",
        false => "injected into the new revision",
    };
    format!("{secrets} {into}, {pinned} of them pinned to a version")
}

pub(super) fn up(service: &ServiceName, d: &Deployment) -> String {
    match is_green(d, service) {
        true => format!("{service}: green is up, without traffic"),
        false => format!("{service}: {} is up", version(d)),
    }
}

fn is_green(d: &Deployment, service: &ServiceName) -> bool {
    let kind = d.settings.service(service).map(|found| found.kind);
    kind == Some(ServiceKind::Web) && d.settings.placement(service).strategy.shifts_traffic()
}

pub(super) fn tests_failed(failures: &[String]) -> String {
    format!(
        "smoke tests failed, trying once more: {}",
        failures.join("; ")
    )
}

pub(super) fn tests_passed(count: usize, version: &str) -> String {
    format!(
        "{} passed on {version}",
        quantity::count(count, "smoke test")
    )
}

pub(super) fn step_reached(percent: u8, version: &str) -> String {
    format!(
        "{percent} % of the traffic is on {version}; ECS is held before the next step until it is \
         healthy"
    )
}

pub(super) fn step_healthy(percent: u8, samples: usize, compared: &[Compared]) -> String {
    let (samples, requests) = (health_samples(samples), requests(compared));
    format!("healthy at {percent} % of the traffic: {samples}{requests}")
}

pub(super) fn baked(samples: usize, compared: &[Compared]) -> String {
    let (samples, requests) = (health_samples(samples), requests(compared));
    format!("bake finished: {samples}, no alarm in ALARM{requests}")
}

fn health_samples(count: usize) -> String {
    quantity::count(count, "health sample")
}

/// What was seen of the requests to each service.
fn requests(compared: &[Compared]) -> String {
    compared.iter().map(|one| format!("; {one}")).collect()
}
