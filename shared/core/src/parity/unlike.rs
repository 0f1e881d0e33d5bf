//! What a plan says of the environment in which its release has succeeded before.

use serde::{Deserialize, Serialize};

use super::{Difference, NotKnown, Parity, Side, Unknown};
use crate::config::{ParityTopic, Settings};
use crate::id::{EnvironmentName, ServiceName};

/// Differences that are named in a plan; the rest is counted.
const NAMED: usize = 5;

/// Where the environment before is unlike the one that a release is planned for, apart from what the
/// release itself changes and what someone answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlike {
    /// The environment before.
    pub environment: EnvironmentName,
    /// The first differences.
    pub named: Vec<Named>,
    /// How many more there are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
    /// The first thing that could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Unknown>,
}

/// The name of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// In what.
    pub what: ParityTopic,
    /// Of which service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceName>,
    /// The name.
    pub name: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Unlike {
    /// Of the environment before and the one that the release is planned for, in this order: `settings`
    /// are those of the latter.
    pub fn of(parity: &Parity, settings: &Settings) -> Self {
        let [environment, _] = &parity.environments;
        let stays = |one: &&Difference| !brought(one.what) && !is_set(one, settings);
        let differences: Vec<&Difference> = parity.not_allowed().filter(stays).collect();
        let named = differences.iter().take(NAMED).map(|one| Named {
            what: one.what,
            service: one.service.clone(),
            name: one.name.clone(),
        });
        let mut unknown = parity.unknown.iter();
        Self {
            environment: environment.clone(),
            named: named.collect(),
            more: differences.len().saturating_sub(NAMED),
            unknown: unknown.find(|one| !brought(one.what)).cloned(),
        }
    }

    /// That nothing is known.
    pub fn unread(environment: &EnvironmentName, why: &str) -> Self {
        Self {
            environment: environment.clone(),
            named: Vec::new(),
            more: 0,
            unknown: Some(Unknown {
                what: ParityTopic::Configuration,
                service: None,
                environment: environment.clone(),
                why: NotKnown::Unread(why.to_owned()),
            }),
        }
    }

    /// Whether there is nothing to say.
    pub fn is_alike(&self) -> bool {
        self.named.is_empty() && self.unknown.is_none()
    }
}

/// What a release brings with it.
fn brought(what: ParityTopic) -> bool {
    matches!(what, ParityTopic::Image | ParityTopic::Schema)
}

/// What is there before, and will be here once the release is: Sluice sets it.
fn is_set(one: &Difference, settings: &Settings) -> bool {
    let environment = &settings.environment;
    // What it sets and the environment before has not stays a difference.
    let is_before = one.sides[0] != Side::Absent;
    let is_set = match one.what {
        ParityTopic::Variable => environment.variables.contains_key(&one.name),
        ParityTopic::Secret => environment.secrets.contains_key(&one.name),
        ParityTopic::TaskDefinition => {
            let service = one.service.as_ref().and_then(|name| settings.service(name));
            let service = service.filter(|service| service.stop_timeout.is_some());
            service.is_some_and(|it| one.name == format!("stop timeout of {}", it.container))
        }
        _ => false,
    };
    is_before && is_set
}
