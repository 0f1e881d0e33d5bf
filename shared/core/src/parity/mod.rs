//! Two environments side by side: what is known of each, and where one is unlike the other.
//!
//! What is not known is never taken to be alike. The environment's own name, its account and its
//! region stand in many names, and are no difference: see [`neutral`].

mod compare;
mod facts;
mod neutral;
mod unlike;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::config::ParityTopic;
use crate::id::{DeploymentId, ServiceName};

pub use compare::{Alike, Difference, Parity, Side, Unknown, Verdict, compare};
pub use facts::{Readings, facts};
pub use neutral::neutral;
pub use unlike::{Named, Unlike};

/// A topic, of one service or of the whole environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The topic.
    pub what: ParityTopic,
    /// The service.
    pub service: Option<ServiceName>,
}

/// What was read of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// All of it, by name.
    Known(BTreeMap<String, Value>),
    /// The environment has nothing of that kind.
    NotApplicable,
    /// It could not be read.
    Unknown(NotKnown),
}

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Something of which only the name is compared: a variable, a secret.
    There,
    /// A text that people may read.
    Text(String),
    /// A text that is compared and not shown: a password may stand in it.
    Hidden(String),
    /// A size, which is compared by ratio.
    Size(u64),
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotKnown {
    /// AWS or Sluice's own table refused or did not answer: the error.
    Unread(String),
    /// There was no answer in the time that there was.
    TooSlow,
    /// Nothing was ever deployed there, and Sluice's roles take only sessions for a deployment.
    NothingDeployed,
    /// The database was restored by this deployment.
    Restored(DeploymentId),
    /// The migration of this deployment runs, or may run.
    Migrating(DeploymentId),
    /// The migration of this deployment did not succeed.
    MigrationFailed(DeploymentId),
    /// This deployment migrated without an inspection.
    NotInspected(DeploymentId),
    /// No deployment has inspected the schema yet.
    NeverInspected,
}

/// Everything that was read of an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<Subject, Reading>);

impl Facts {
    /// Adds what was read of a subject.
    pub fn add(&mut self, what: ParityTopic, service: Option<&ServiceName>, reading: Reading) {
        let subject = Subject {
            what,
            service: service.cloned(),
        };
        self.0.insert(subject, reading);
    }

    /// What was read of a subject; nothing is like nothing of the kind.
    pub fn of(&self, subject: &Subject) -> &Reading {
        self.0.get(subject).unwrap_or(&Reading::NotApplicable)
    }
}

/// What a service runs, and what stands before it: the answer of ECS and of the load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Which.
    pub service: ServiceName,
    /// The image of our container, as the revision names it.
    pub image: String,
    /// `cpu` (1024 are one vCPU) and `memory` (MiB) of the task, where the revision says them.
    pub size: BTreeMap<String, u64>,
    /// The names of plain variables; of another container than ours `NAME of CONTAINER`.
    pub variables: BTreeSet<String>,
    /// The names of secrets, in the same way.
    pub secrets: BTreeSet<String>,
    /// What else the revision says.
    pub settings: BTreeMap<String, Value>,
    /// The health checks of its containers, setting by setting.
    pub health_checks: BTreeMap<String, Value>,
    /// What stands before it, `None` without a load balancer; or why that is not known.
    pub front: Result<Option<Front>, NotKnown>,
}

/// The way of requests to a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// The production listener rule: the values of each condition, the actions. Without weights,
    /// which change with each deployment.
    pub rule: BTreeMap<String, Value>,
    /// The health check of the target group, setting by setting.
    pub health_check: BTreeMap<String, Value>,
}
