//! The application's secrets and parameters, and who may read them.

use std::collections::BTreeMap;

use sluice_core::config::{Environment as Configured, SecretSource};
use sluice_words::doctor::{Check, Outcome, secrets as words};

use crate::facts::{Environment, Service};
use crate::rights::refused;
use crate::sheet::Sheet;

pub(crate) fn examine(environment: &Configured, seen: &Environment, sheet: &mut Sheet) {
    for (name, variable) in named(environment, secret_name) {
        let Some(secret) = seen.secrets.get(name) else {
            continue;
        };
        sheet.check(Check::Secret, name, secret, |secret| match secret {
            None => Some(words::no_secret(name, variable)),
            Some(secret) if secret.deleted => Some(words::deleted(name)),
            Some(secret) => (!secret.has_value).then(|| words::empty(name)),
        });
        if !matches!(secret, Ok(None)) {
            sheet.check(Check::SecretRotation, name, secret, |secret| {
                let rotates = secret.as_ref().is_some_and(|secret| secret.rotates);
                rotates.then(|| words::rotates(name))
            });
        }
    }
    for (name, variable) in named(environment, parameter_name) {
        sheet.check(Check::Parameter, name, &seen.parameters, |there| {
            let is_there = there.iter().any(|one| one == name);
            (!is_there).then(|| words::no_parameter(name, variable))
        });
    }
}

/// Each place once, with the first variable that it is for.
fn named<'a>(
    environment: &'a Configured,
    name: impl Fn(&'a SecretSource) -> Option<&'a str>,
) -> BTreeMap<&'a str, &'a str> {
    let mut places = BTreeMap::new();
    for (variable, source) in &environment.secrets {
        if let Some(name) = name(source) {
            places.entry(name).or_insert(variable.as_str());
        }
    }
    places
}

fn secret_name(source: &SecretSource) -> Option<&str> {
    match source {
        SecretSource::SecretsManager { name, .. } => Some(name),
        SecretSource::Parameter { .. } => None,
    }
}

fn parameter_name(source: &SecretSource) -> Option<&str> {
    match source {
        SecretSource::Parameter { name } => Some(name),
        SecretSource::SecretsManager { .. } => None,
    }
}

/// What the execution role of a service may read.
pub(crate) fn readable(
    environment: &Configured,
    seen: &Environment,
    name: &str,
    service: &Service,
    sheet: &mut Sheet,
) {
    if environment.secrets.is_empty() {
        return;
    }
    const CHECK: Check = Check::ExecutionRole;
    let role = match &service.task_definition {
        Err(not_seen) => return sheet.unknown(&[CHECK], name, not_seen),
        Ok(definition) => definition.execution_role.as_deref(),
    };
    let Some(role) = role else {
        let finding = words::no_execution_role(name);
        return sheet.add(CHECK, name, Outcome::Finding(finding));
    };
    let role = role.rsplit('/').next().unwrap_or(role);
    let decisions = match &service.readable {
        Err(not_seen) => return sheet.unknown(&[CHECK], name, not_seen),
        Ok(decisions) => decisions,
    };
    let refused = refused(decisions);
    let unseen = seen
        .secrets
        .values()
        .find_map(|secret| secret.as_ref().err());
    let outcome = match (refused.is_empty(), unseen) {
        (false, _) => Outcome::Finding(words::unreadable(role, name, &refused)),
        // IAM was not asked about a secret that was not seen.
        (true, Some(why)) => Outcome::Unknown(why.clone()),
        (true, None) => Outcome::Fine,
    };
    sheet.add(CHECK, name, outcome);
}
