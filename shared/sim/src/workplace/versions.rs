//! The store as a function of one version of Sluice sees it, while functions of another work on the
//! same items: each item says which version of the stored form it was written in last.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;
use sluice_app::ports::{
    AllMonitored, DeploymentSummary, Due, EnvironmentKey, EnvironmentState, Monitored, Opened,
    Save, SaveError, Shown, Store, Stored,
};
use sluice_core::controls::Controls;
use sluice_core::deployment::Deployment;
use sluice_core::event::Claim;
use sluice_core::failure::PortError;
use sluice_core::history::{ChainEnd, Record};
use sluice_core::id::{DeploymentId, Digest};
use sluice_core::release::VerifiedRelease;

/// In which version each item was written last.
#[derive(Debug, Default)]
pub struct Versions {
    deployments: Mutex<BTreeMap<DeploymentId, u16>>,
    environments: Mutex<BTreeMap<EnvironmentKey, u16>>,
    /// How often a function met an item of a version after its own.
    newer: Mutex<usize>,
}

impl Versions {
    /// How often a function met an item of a version after its own.
    pub fn met_newer(&self) -> usize {
        *locked(&self.newer)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no function panics while it holds it")
}

/// The store for functions that know one version.
pub struct StoreOfVersion {
    inner: Arc<dyn Store>,
    versions: Arc<Versions>,
    schema: u16,
}

impl StoreOfVersion {
    /// The store for functions that know this version. What they write is of it.
    pub fn new(inner: Arc<dyn Store>, versions: Arc<Versions>, schema: u16) -> Self {
        Self {
            inner,
            versions,
            schema,
        }
    }

    fn know<K: Ord + fmt::Display>(
        &self,
        items: &Mutex<BTreeMap<K, u16>>,
        key: &K,
    ) -> Result<(), PortError> {
        let written = locked(items).get(key).copied();
        if written.is_none_or(|written| written <= self.schema) {
            return Ok(());
        }
        *locked(&self.versions.newer) += 1;
        Err(PortError::newer(key))
    }

    fn know_deployment(&self, id: &DeploymentId) -> Result<(), PortError> {
        self.know(&self.versions.deployments, id)
    }

    fn know_environment(&self, key: &EnvironmentKey) -> Result<(), PortError> {
        self.know(&self.versions.environments, key)
    }

    fn wrote<K: Ord + Clone + fmt::Display>(&self, items: &Mutex<BTreeMap<K, u16>>, key: &K) {
        let before = locked(items).insert(key.clone(), self.schema);
        assert!(
            before.is_none_or(|before| before <= self.schema),
            "a function of version {} wrote over {key}, of a later version",
            self.schema
        );
    }
}

#[async_trait]
impl Store for StoreOfVersion {
    async fn open(
        &self,
        deployment: &Deployment,
        first: &Record,
        chain: &ChainEnd,
        due_at: Timestamp,
        environment_version: u64,
    ) -> Result<Opened, PortError> {
        let key = EnvironmentKey::of(deployment);
        self.know_environment(&key)?;
        let opened = self
            .inner
            .open(deployment, first, chain, due_at, environment_version)
            .await?;
        if opened == Opened::New {
            self.wrote(&self.versions.deployments, &deployment.id);
            self.wrote(&self.versions.environments, &key);
        }
        Ok(opened)
    }

    async fn load(&self, id: &DeploymentId) -> Result<Option<Stored>, PortError> {
        self.know_deployment(id)?;
        self.inner.load(id).await
    }

    async fn save(&self, save: Save) -> Result<(), SaveError> {
        let (id, key) = (
            save.deployment.id.clone(),
            EnvironmentKey::of(&save.deployment),
        );
        let leaves =
            save.frees_environment || save.holds_environment.is_some() || save.proves.is_some();
        if leaves {
            self.know_environment(&key)?;
        }
        self.inner.save(save).await?;
        self.wrote(&self.versions.deployments, &id);
        if leaves {
            self.wrote(&self.versions.environments, &key);
        }
        Ok(())
    }

    async fn set_due(
        &self,
        id: &DeploymentId,
        version: u64,
        due_at: Option<Timestamp>,
    ) -> Result<(), PortError> {
        self.inner.set_due(id, version, due_at).await
    }

    async fn claim(&self, key: &EnvironmentKey, id: &DeploymentId) -> Result<Claim, PortError> {
        self.know_environment(key)?;
        let claim = self.inner.claim(key, id).await?;
        if claim == Claim::Granted {
            self.wrote(&self.versions.environments, key);
        }
        Ok(claim)
    }

    async fn environment(&self, key: &EnvironmentKey) -> Result<EnvironmentState, PortError> {
        self.know_environment(key)?;
        self.inner.environment(key).await
    }

    async fn set_controls(
        &self,
        key: &EnvironmentKey,
        version: u64,
        controls: &Controls,
    ) -> Result<bool, PortError> {
        self.know_environment(key)?;
        let set = self.inner.set_controls(key, version, controls).await?;
        if set {
            self.wrote(&self.versions.environments, key);
        }
        Ok(set)
    }

    async fn verified(
        &self,
        key: &EnvironmentKey,
        digest: &Digest,
    ) -> Result<Option<VerifiedRelease>, PortError> {
        self.know_environment(key)?;
        self.inner.verified(key, digest).await
    }

    async fn verified_releases(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<VerifiedRelease>, PortError> {
        self.know_environment(key)?;
        self.inner.verified_releases(key, limit).await
    }

    async fn deployments(
        &self,
        key: &EnvironmentKey,
        limit: usize,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        self.know_environment(key)?;
        self.inner.deployments(key, limit).await
    }

    async fn deployments_since(
        &self,
        key: &EnvironmentKey,
        since: Timestamp,
    ) -> Result<Vec<DeploymentSummary>, PortError> {
        self.know_environment(key)?;
        self.inner.deployments_since(key, since).await
    }

    async fn due(
        &self,
        before: Timestamp,
        after: Option<&Due>,
        limit: usize,
    ) -> Result<Vec<Due>, PortError> {
        self.inner.due(before, after, limit).await
    }

    async fn history(&self, id: &DeploymentId) -> Result<Vec<Record>, PortError> {
        self.know_deployment(id)?;
        self.inner.history(id).await
    }

    async fn shown(&self, id: &DeploymentId) -> Result<Shown, PortError> {
        self.know_deployment(id)?;
        self.inner.shown(id).await
    }

    async fn set_shown(&self, id: &DeploymentId, shown: &Shown) -> Result<(), PortError> {
        self.inner.set_shown(id, shown).await
    }

    async fn monitored(&self, id: &DeploymentId) -> Result<AllMonitored, PortError> {
        self.know_deployment(id)?;
        self.inner.monitored(id).await
    }

    async fn set_monitored(
        &self,
        id: &DeploymentId,
        monitor: &str,
        monitored: &Monitored,
    ) -> Result<bool, PortError> {
        self.inner.set_monitored(id, monitor, monitored).await
    }
}
