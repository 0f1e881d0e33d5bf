//! `after`: every environment named must be there, and none may wait for itself.

use crate::config::raw;
use crate::config::reader::{At, Field};
use crate::config::report::Report;
use crate::config::values::Map;
use crate::id::EnvironmentName;

type Environments = Map<EnvironmentName, raw::Environment>;

pub(super) fn check(environments: &Environments, report: &mut Report) {
    let mut told: Vec<&EnvironmentName> = Vec::new();
    for (name, environment) in &environments.entries {
        let Some(after) = environment.get().and_then(after) else {
            continue;
        };
        if !environments
            .entries
            .iter()
            .any(|(other, _)| other.value == after.value)
        {
            let names = environments
                .entries
                .iter()
                .map(|(name, _)| name.value.as_str());
            let message = format!("there is no environment `{}`", after.value);
            let others = names.filter(|other| *other != name.value.as_str());
            report.advise(
                &after.place,
                message,
                super::known(after.value.as_str(), others),
            );
            continue;
        }
        let Some(circle) = circle(&name.value, environments) else {
            continue;
        };
        if !circle.iter().any(|member| told.contains(member)) {
            report.advise(
                &after.place,
                sentence(&circle),
                "remove `after` from the first of them",
            );
        }
        told.extend(circle);
    }
}

fn after(environment: &raw::Environment) -> Option<&At<EnvironmentName>> {
    environment.after.as_ref().and_then(Field::at)
}

/// The environments that `start` waits for, if that leads back to it.
fn circle<'a>(
    start: &'a EnvironmentName,
    environments: &'a Environments,
) -> Option<Vec<&'a EnvironmentName>> {
    let next = |name: &EnvironmentName| {
        let (_, environment) = environments
            .entries
            .iter()
            .find(|(other, _)| other.value == *name)?;
        Some(&after(environment.get()?)?.value)
    };
    let mut circle = vec![start];
    let mut at = next(start)?;
    while at != start {
        if circle.contains(&at) {
            return None;
        }
        circle.push(at);
        at = next(at)?;
    }
    Some(circle)
}

fn sentence(circle: &[&EnvironmentName]) -> String {
    if let [only] = circle {
        return format!("{only} waits for itself, so nothing could ever go there");
    }
    let turns = circle.iter().cycle().skip(1).zip(circle);
    let waits: Vec<String> = turns
        .map(|(other, name)| format!("{name} waits for {other}"))
        .collect();
    format!("{}: nothing could ever go there", waits.join(", and "))
}
