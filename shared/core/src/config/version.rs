//! A `sluice.toml` as it is stored while Sluice runs, and what a change of it needs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Approval, Config, Environment, Monitor, SecretSource};
use crate::id::{Hash, UserId};

/// The longest file that is stored, in bytes. It travels as JSON, in which each sign may take two.
pub const LONGEST_FILE: usize = 96 * 1024;

/// An application's file, as somebody has stored it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigVersion {
    /// From 1, without gaps. 0 is the file in the functions' packages.
    pub number: u32,
    /// The file.
    pub text: String,
    /// Who changed it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who accepted the change, where two people must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<UserId>,
    /// The request that stored it: sent again, it stores nothing more.
    pub request: Hash,
}

impl ConfigVersion {
    /// What somebody accepts: this file, as this version.
    pub fn hash(&self) -> Hash {
        Hash::of_json(&(self.number, &self.text))
    }
}

impl Config {
    /// Whether two people must agree on a change of the file: where an approval demands four eyes,
    /// one person could otherwise change the file and so approve alone.
    pub fn is_changed_by_two(&self) -> bool {
        let asks_two =
            |approval: &Option<Approval>| approval.as_ref().is_some_and(|it| it.four_eyes);
        let environments = self.environments.iter();
        environments
            .flat_map(|it| [&it.approval, &it.restore])
            .any(asks_two)
    }
}

/// A parameter of a stack that must follow a change of the file: rights and rules are made of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StackParameter {
    /// Of Sluice's own stack: the parameter, and what it must contain now.
    Sluice(&'static str, String),
    /// Of an environment's stack: the environment, the parameter, and what it must allow now.
    Environment(String, &'static str, String),
}

/// The parameters of stacks that must follow where `after` replaces `before`: each names something
/// that `before` did not.
pub fn to_follow(before: &Config, after: &Config) -> BTreeSet<StackParameter> {
    let had: BTreeSet<StackParameter> = parameters(before).collect();
    parameters(after).filter(|it| !had.contains(it)).collect()
}

fn parameters(config: &Config) -> impl Iterator<Item = StackParameter> {
    let sluice = StackParameter::Sluice;
    let mut all = vec![sluice("Repositories", config.repository.to_string())];
    if let Some(registry) = &config.registry {
        all.push(sluice("RegistryAccount", registry.account.to_string()));
    }
    if let Some(source) = &config.source {
        all.push(match &source.github {
            Some(github) => sluice("MonitorSecretArns", github.token.clone()),
            None => sluice("SourceRepositories", source.repository.to_string()),
        });
        let build = source.build.iter();
        all.extend(build.map(|build| sluice("BuildProjects", build.to_string())));
    }
    for environment in &config.environments {
        all.push(sluice(
            "EnvironmentAccounts",
            environment.account.to_string(),
        ));
        let role = environment.role.iter();
        all.extend(role.map(|role| sluice("EnvironmentRoles", role.to_string())));
        let monitors = environment.monitors.iter();
        all.extend(monitors.filter_map(|monitor| match monitor {
            Monitor::EventBridge { bus } => Some(sluice("EventBusArn", bus.clone())),
            Monitor::Sns { topic } => Some(sluice("TopicArns", topic.clone())),
            _ => None,
        }));
        all.extend(of_environment(environment));
    }
    all.into_iter()
}

fn of_environment(environment: &Environment) -> impl Iterator<Item = StackParameter> {
    let name = environment.name.to_string();
    let mut named = vec![("Cluster", environment.cluster.to_string())];
    let services = environment.services.values();
    named.extend(services.map(|it| ("TaskFamilies", it.ecs_service.to_string())));
    named.extend(environment.secrets.values().filter_map(|it| match it {
        SecretSource::SecretsManager { name, .. } => Some(("Secrets", name.clone())),
        _ => None,
    }));
    let backup = environment.backup.iter();
    named.extend(backup.map(|it| ("Database", it.database.identifier().to_owned())));
    let parameter =
        move |(parameter, value)| StackParameter::Environment(name.clone(), parameter, value);
    named.into_iter().map(parameter)
}
