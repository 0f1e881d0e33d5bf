//! What an environment is like right now: what each service runs, its tasks and targets, what its
//! health paths answer, and the alarms that ring.

use sluice_core::health::Sample;
use sluice_core::id::ServiceName;
use sluice_core::observation::ServiceObservation;
use sluice_core::release::Release;

use crate::inline::clock;

/// More services are counted only.
const SHOWN_MAX: usize = 20;
/// Of an image's digest: what people compare.
const DIGEST_CHARS: usize = 12;

/// What a look at an environment saw.
#[derive(Clone, Debug)]
pub struct Running {
    /// The application's services.
    pub wanted: Vec<ServiceName>,
    /// Those of them that ECS has; `None` where it showed nothing.
    pub services: Option<Vec<ServiceObservation>>,
    /// What its health paths and its alarms said, and what could not be seen.
    pub sample: Sample,
}

impl Running {
    /// A line for each service, and one for whatever else is wrong. `known` are the releases whose
    /// version can be named; the first of them is the one that should run, unless a deployment is
    /// `moving` the services.
    pub(super) fn lines(&self, known: &[&Release], moving: bool) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(services) = &self.services {
            lines.extend(self.wanted.iter().map(|name| {
                let seen = services.iter().find(|seen| seen.service == *name);
                match seen {
                    Some(seen) => service(seen, known, moving),
                    None => format!("❌ {name}: ECS has no such service"),
                }
            }));
        }
        // What is wrong stands first, so that it is not among those that are only counted.
        lines.sort_by_key(|line| line.starts_with('✅'));
        let more = lines.len().saturating_sub(SHOWN_MAX);
        lines.truncate(SHOWN_MAX);
        if more > 0 {
            lines.push(format!("and {more} more services"));
        }
        // What cannot be reached from here while ECS calls it healthy is not told: this function need
        // not be in the application's network.
        let Sample {
            at, bad, unknown, ..
        } = &self.sample;
        lines.extend(bad.iter().map(|bad| format!("❌ {bad}")));
        lines.extend(unknown.iter().map(|unknown| format!("❔ {unknown}")));
        lines.push(format!("seen at {}", clock(*at)));
        lines
    }
}

fn service(seen: &ServiceObservation, known: &[&Release], moving: bool) -> String {
    let runs = known
        .iter()
        .position(|release| release.image() == seen.image);
    let version = runs.and_then(|at| known.get(at)).map_or_else(
        || short(&seen.image).to_owned(),
        |release| release.tag.to_string(),
    );
    let mut said = vec![version, tasks(seen)];
    let mut is_down = seen.running < seen.desired;
    if let Some(traffic) = &seen.traffic {
        said.push(match (traffic.healthy, traffic.unhealthy) {
            (0, 0) => "no targets".to_owned(),
            (healthy, 0) => count(healthy, "healthy target"),
            (healthy, unhealthy) => {
                format!(
                    "{unhealthy} of {} unhealthy",
                    count(healthy + unhealthy, "target")
                )
            }
        });
        is_down |= traffic.unhealthy > 0 || (traffic.healthy == 0 && seen.desired > 0);
    }
    let is_other = !moving && runs != Some(0) && !known.is_empty();
    if is_other {
        said.push("not the verified release".to_owned());
    }
    let mark = match (is_down, is_other || seen.desired == 0) {
        (true, _) => '❌',
        (false, true) => '⚠',
        (false, false) => '✅',
    };
    format!("{mark} {}: {}", seen.service, said.join(", "))
}

fn tasks(seen: &ServiceObservation) -> String {
    match (seen.running, seen.desired) {
        (0, 0) => "scaled to zero".to_owned(),
        (running, desired) if running < desired => {
            format!("{running} of {}", count(desired, "task"))
        }
        (running, _) => count(running, "task"),
    }
}

fn count(number: u32, of: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {of}{s}")
}

/// `erp@sha256:3f2a9c1d0b7e`, of an image as a task definition names it.
fn short(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.split_once("@sha256:") {
        Some((before, digest)) => {
            let end = before.len() + "@sha256:".len() + digest.len().min(DIGEST_CHARS);
            name.get(..end).unwrap_or(name)
        }
        None => name,
    }
}
