//! The store, in memory.

use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;
use sluice_app::ports::{
    AllMonitored, DeploymentSummary, Due, EnvironmentKey, EnvironmentState, Monitored, Opened,
    Save, SaveError, Shown, Sources, Store, Stored, StoredSource,
};
use sluice_core::controls::Controls;
use sluice_core::deployment::Deployment;
use sluice_core::event::Claim;
use sluice_core::failure::PortError;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::{AppName, DeploymentId, Digest};
use sluice_core::release::VerifiedRelease;
use sluice_core::source::Watch;

use super::gate::Gate;
use super::tables::Tables;
use crate::cloud::{Operation, Read};

/// A change of a deployment that has just been stored.
#[derive(Debug)]
pub struct Change<'a> {
    /// The deployment before; `None` if it was opened.
    pub before: Option<&'a Deployment>,
    /// The deployment now.
    pub after: &'a Deployment,
    /// What happened.
    pub records: &'a [Record],
    /// When it must be looked at next.
    pub due_at: Option<Timestamp>,
    /// What people have set on its environment by now.
    pub controls: Controls,
}

#[async_trait]
impl Sources for MemoryStore {
    async fn source(&self, app: &AppName) -> Result<Option<StoredSource>, PortError> {
        let find = || {
            self.tables()
                .sources
                .get(app)
                .map(|(stored, _)| stored.clone())
        };
        self.gate.call(Operation::GetItem, find).await
    }

    async fn save_source(
        &self,
        app: &AppName,
        watch: &Watch,
        version: u64,
        due_at: Timestamp,
    ) -> Result<bool, PortError> {
        let save = || {
            let sources = &mut self.tables().sources;
            let there = sources.get(app).map_or(0, |(stored, _)| stored.version);
            if there != version {
                return false;
            }
            let stored = StoredSource {
                watch: watch.clone(),
                version: version + 1,
            };
            sources.insert(app.clone(), (stored, due_at));
            true
        };
        self.gate.call(Operation::UpdateItem, save).await
    }

    async fn sources_due(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<AppName>, PortError> {
        let find = || {
            let tables = self.tables();
            let due = tables.sources.iter().filter(|(_, (_, at))| *at < before);
            let mut due: Vec<_> = due.map(|(app, (_, at))| (*at, app.clone())).collect();
            due.sort();
            due.into_iter().take(limit).map(|(_, app)| app).collect()
        };
        self.gate.call(Operation::Query, find).await
    }
}

/// Sees every change of a deployment at the moment it is stored.
pub trait Witness: Send {
    /// A change was stored.
    fn saw(&mut self, change: &Change<'_>);
}

/// The store, in memory: one lock is one DynamoDB, every request done whole or not at all.
pub struct MemoryStore {
    tables: Mutex<Tables>,
    witness: Option<Mutex<Box<dyn Witness>>>,
    pub(super) gate: Gate,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(gate: Gate, witness: Option<Box<dyn Witness>>) -> Self {
        Self {
            tables: Mutex::default(),
            witness: witness.map(Mutex::new),
            gate,
        }
    }

    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables
            .lock()
            .expect("no function panics while it holds the tables")
    }

    /// The tables, to be written: the index has it later.
    fn written_tables(&self) -> MutexGuard<'_, Tables> {
        let seen_at = self.gate.seen_at(Read::Index);
        let mut tables = self.tables();
        tables.due.lag_until(seen_at);
        tables
    }

    fn tell(&self, change: &Change<'_>) {
        if let Some(witness) = &self.witness {
            witness
                .lock()
                .expect("a witness does not panic")
                .saw(change);
        }
    }

    fn open_and_tell(
        &self,
        deployment: &Deployment,
        first: &Record,
        chain: &ChainEnd,
        due_at: Timestamp,
        environment_version: u64,
    ) -> Opened {
        let mut tables = self.written_tables();
        let opened = tables.open(deployment, first, chain, due_at, environment_version);
        if opened == Opened::New {
            self.tell(&Change {
                before: None,
                after: deployment,
                records: std::slice::from_ref(first),
                due_at: Some(due_at),
                controls: tables.controls_of(deployment),
            });
        }
        opened
    }

    fn save_and_tell(&self, save: Save) -> Result<(), SaveError> {
        let mut tables = self.written_tables();
        let id = save.deployment.id.clone();
        let count = save.records.len();
        let before = tables.save(save)?;
        if let (Some(stored), Some(history)) =
            (tables.deployments.get(&id), tables.histories.get(&id))
        {
            self.tell(&Change {
                before: Some(&before.deployment),
                after: &stored.deployment,
                records: &history[history.len() - count..],
                due_at: stored.due_at,
                controls: tables.controls_of(&stored.deployment),
            });
        }
        Ok(())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn open(
        &self,
        deployment: &Deployment,
        first: &Record,
        chain: &ChainEnd,
        due_at: Timestamp,
        environment_version: u64,
    ) -> Result<Opened, PortError> {
        self.gate
            .call(Operation::TransactWriteItems, || {
                self.open_and_tell(deployment, first, chain, due_at, environment_version)
            })
            .await
    }

    async fn load(&self, id: &DeploymentId) -> Result<Option<Stored>, PortError> {
        self.gate
            .call(Operation::GetItem, || self.tables().load(id))
            .await?
    }

    async fn save(&self, save: Save) -> Result<(), SaveError> {
        self.gate
            .call(Operation::TransactWriteItems, || self.save_and_tell(save))
            .await?
    }

    async fn set_due(
        &self,
        id: &DeploymentId,
        version: u64,
        due_at: Option<Timestamp>,
    ) -> Result<(), PortError> {
        self.gate
            .call(Operation::UpdateItem, || {
                self.written_tables().set_due(id, version, due_at)
            })
            .await
    }

    async fn claim(&self, key: &EnvironmentKey, id: &DeploymentId) -> Result<Claim, PortError> {
        self.gate
            .call(Operation::UpdateItem, || self.tables().claim(key, id))
            .await?
    }

    async fn environment(&self, key: &EnvironmentKey) -> Result<EnvironmentState, PortError> {
        self.gate
            .call(Operation::GetItem, || {
                self.tables()
                    .environments
                    .get(key)
                    .cloned()
                    .unwrap_or_default()
            })
            .await
    }

    async fn set_controls(
        &self,
        key: &EnvironmentKey,
        version: u64,
        controls: &Controls,
    ) -> Result<bool, PortError> {
        self.gate
            .call(Operation::UpdateItem, || {
                self.tables().set_controls(key, version, controls)
            })
            .await
    }

    async fn verified(
        &self,
        key: &EnvironmentKey,
        digest: &Digest,
    ) -> Result<Option<VerifiedRelease>, PortError> {
        self.gate
            .call(Operation::GetItem, || self.tables().verified(key, digest))
            .await
    }

    async fn verified_releases(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<VerifiedRelease>, PortError> {
        self.gate
            .call(Operation::Query, || {
                self.tables().verified_releases(key, limit)
            })
            .await
    }

    async fn deployments(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        self.gate
            .call(Operation::Query, || self.tables().deployments(key, limit))
            .await
    }

    async fn deployments_since(
        &self,
        key: &EnvironmentKey,
        since: Timestamp,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        let read = || {
            let mut all = self.tables().deployments(key, usize::MAX);
            all.retain(|one| one.requested_at >= since);
            all
        };
        self.gate.call(Operation::Query, read).await
    }

    async fn due(
        &self,
        before: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, PortError> {
        self.gate
            .call(Operation::Query, || {
                let now = self.gate.now();
                self.tables().due.query(before, after, limit, now)
            })
            .await
    }

    async fn history(&self, id: &DeploymentId) -> Result<Vec<Record>, PortError> {
        self.gate
            .call(Operation::Query, || {
                self.tables().histories.get(id).cloned().unwrap_or_default()
            })
            .await
    }

    async fn shown(&self, id: &DeploymentId) -> Result<Shown, PortError> {
        self.gate
            .call(Operation::GetItem, || {
                self.tables().shown.get(id).cloned().unwrap_or_default()
            })
            .await
    }

    async fn set_shown(&self, id: &DeploymentId, shown: &Shown) -> Result<(), PortError> {
        self.gate
            .call(Operation::PutItem, || {
                self.tables().shown.insert(id.clone(), shown.clone());
            })
            .await
    }

    async fn monitored(&self, id: &DeploymentId) -> Result<AllMonitored, PortError> {
        self.gate
            .call(Operation::Query, || {
                self.tables().monitored.get(id).cloned().unwrap_or_default()
            })
            .await
    }

    async fn set_monitored(
        &self,
        id: &DeploymentId,
        monitor: &str,
        monitored: &Monitored,
    ) -> Result<bool, PortError> {
        self.gate
            .call(Operation::UpdateItem, || {
                self.tables().set_monitored(id, monitor, monitored)
            })
            .await
    }
}
