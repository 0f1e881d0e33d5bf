//! What must always be true, checked at every save and at everything that happens to the cloud.
//!
//! The saves say what Sluice believes, the cloud's ledger what happened. Broken invariants are
//! collected, not thrown: a test sees all of them and the world they broke in.

mod account;
mod facts;
mod happened;
mod restores;
mod saves;
mod secrets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use sluice_app::ports::EnvironmentKey;
use sluice_core::config::Settings;
use sluice_core::id::{DeploymentId, ServiceName, SnapshotId};

use crate::cloud::SharedCloud;
use crate::workplace::{Change, Witness};
use facts::Facts;

pub(super) use secrets::{
    replay_problems, secrets_in_histories, secrets_in_messages, secrets_in_news,
};

/// Something that must always be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// At most one deployment of an environment touches the world.
    OneActive,
    /// Whatever is over stays as it is.
    OverIsOver,
    /// Everything else is looked at again some day.
    AlwaysDue,
    /// Nothing that demands approval goes on without.
    Approved,
    /// Nothing begins in an environment that is closed to it, but by an override.
    Open,
    /// Nothing that is paused begins anything.
    Paused,
    /// No migration before a snapshot is verified, where one is demanded.
    BackedUp,
    /// A migration runs once.
    MigratedOnce,
    /// No shift of traffic before the migration succeeded and the smoke tests passed.
    Tested,
    /// Success is said only of our own service deployments.
    TrueSuccess,
    /// A singleton never runs twice.
    OneSingleton,
    /// What leads back migrates nothing, and gives way to nothing.
    PlainRollback,
    /// A restored database is what it is said to be, and what is lost was announced.
    TrueRestore,
    /// What people are told of the world is so when they are told.
    NoFalseAccount,
    /// What was rolled back runs what it ran before, every service of it.
    RolledBackIsBack,
    /// No database is deleted but a rehearsal of our own.
    NoDatabaseDeleted,
    /// No secret's value is in anything that is stored or said.
    NoSecrets,
    /// The history says how the deployment became what it is.
    Replayable,
}

impl Invariant {
    /// Every one.
    pub const ALL: [Self; 18] = [
        Self::OneActive,
        Self::OverIsOver,
        Self::AlwaysDue,
        Self::Approved,
        Self::Open,
        Self::Paused,
        Self::BackedUp,
        Self::MigratedOnce,
        Self::Tested,
        Self::TrueSuccess,
        Self::OneSingleton,
        Self::PlainRollback,
        Self::TrueRestore,
        Self::NoFalseAccount,
        Self::RolledBackIsBack,
        Self::NoDatabaseDeleted,
        Self::NoSecrets,
        Self::Replayable,
    ];
}

/// A broken invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When it was noticed.
    pub at: Timestamp,
    /// What is not true.
    pub invariant: Invariant,
    /// Of which deployment, if it is about one.
    pub deployment: Option<DeploymentId>,
    /// In words.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.at, self.invariant)?;
        if let Some(deployment) = &self.deployment {
            write!(f, " {deployment}")?;
        }
        write!(f, ": {}", self.detail)
    }
}

/// What the last save of a deployment said, as far as facts are held against it.
struct Seen {
    settings: Arc<Settings>,
    requested_at: Timestamp,
    leads_back: bool,
    migrates: bool,
    snapshot: Option<SnapshotId>,
    smoke_tests_passed: bool,
    /// When ECS last said what a service deployment of a service came to.
    looked: BTreeMap<ServiceName, Timestamp>,
}

/// Watches a world.
pub(super) struct Watcher {
    cloud: SharedCloud,
    read: usize,
    facts: Facts,
    seen: BTreeMap<DeploymentId, Seen>,
    touching: BTreeMap<EnvironmentKey, DeploymentId>,
    violations: Vec<Violation>,
}

impl Watcher {
    pub(super) fn new(cloud: SharedCloud) -> Self {
        Self {
            cloud,
            read: 0,
            facts: Facts::default(),
            seen: BTreeMap::new(),
            touching: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    pub(super) fn violations(&self) -> &[Violation] {
        &self.violations
    }

    fn broken(
        &mut self,
        at: Timestamp,
        invariant: Invariant,
        deployment: &DeploymentId,
        detail: impl Into<String>,
    ) {
        self.violations.push(Violation {
            at,
            invariant,
            deployment: Some(deployment.clone()),
            detail: detail.into(),
        });
    }
}

/// The watcher as the store sees it.
pub(super) struct Eyes(pub(super) Arc<Mutex<Watcher>>);

impl Witness for Eyes {
    fn saw(&mut self, change: &Change<'_>) {
        let mut watcher = self.0.lock().expect("the watcher does not panic");
        // What happened before this save is judged by what was believed before it.
        watcher.read_ledger();
        watcher.judge_save(change);
    }
}
