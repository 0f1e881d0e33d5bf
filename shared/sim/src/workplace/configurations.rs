//! The files that people have changed, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sluice_app::ports::Configurations;
use sluice_core::config::ConfigVersion;
use sluice_core::failure::PortError;
use sluice_core::id::AppName;

use super::store::MemoryStore;
use crate::cloud::Operation;

/// What is stored of files.
#[derive(Debug, Default)]
pub(super) struct Files {
    changes: u64,
    newest: BTreeMap<AppName, ConfigVersion>,
    /// The oldest first.
    versions: BTreeMap<AppName, Vec<ConfigVersion>>,
    proposed: BTreeMap<AppName, ConfigVersion>,
}

impl Files {
    fn save(&mut self, app: &AppName, version: &ConfigVersion, changes: u64) -> bool {
        let versions = self.versions.entry(app.clone()).or_default();
        let newest = versions.last().map_or(0, |newest| newest.number);
        if self.changes != changes || version.number != newest + 1 {
            return false;
        }
        versions.push(version.clone());
        self.newest.insert(app.clone(), version.clone());
        self.changes += 1;
        true
    }
}

impl MemoryStore {
    /// Somebody deletes the newest version of an application's file by hand, as docs/operate.md says.
    pub fn delete_newest_file(&self, app: &AppName) {
        let files = &mut self.tables().files;
        files.newest.remove(app);
        files.changes += 1;
    }
}

#[async_trait]
impl Configurations for MemoryStore {
    async fn changes(&self) -> Result<u64, PortError> {
        let read = || self.tables().files.changes;
        self.gate.call(Operation::GetItem, read).await
    }

    async fn newest_versions(&self) -> Result<Vec<(AppName, ConfigVersion)>, PortError> {
        let read = || {
            let tables = self.tables();
            let newest = tables.files.newest.iter();
            newest
                .map(|(app, newest)| (app.clone(), newest.clone()))
                .collect()
        };
        self.gate.call(Operation::Query, read).await
    }

    async fn version(
        &self,
        app: &AppName,
        number: u32,
    ) -> Result<Option<ConfigVersion>, PortError> {
        let read = || {
            let tables = self.tables();
            let mut versions = tables.files.versions.get(app).into_iter().flatten();
            versions.find(|version| version.number == number).cloned()
        };
        self.gate.call(Operation::GetItem, read).await
    }

    async fn versions(&self, app: &AppName, limit: usize) -> Result<Vec<ConfigVersion>, PortError> {
        let read = || {
            let tables = self.tables();
            let versions = tables.files.versions.get(app).into_iter().flatten();
            versions.rev().take(limit).cloned().collect()
        };
        self.gate.call(Operation::Query, read).await
    }

    async fn save_version(
        &self,
        app: &AppName,
        version: &ConfigVersion,
        changes: u64,
    ) -> Result<bool, PortError> {
        let save = || self.tables().files.save(app, version, changes);
        self.gate.call(Operation::TransactWriteItems, save).await
    }

    async fn proposed(&self, app: &AppName) -> Result<Option<ConfigVersion>, PortError> {
        let read = || self.tables().files.proposed.get(app).cloned();
        self.gate.call(Operation::GetItem, read).await
    }

    async fn propose(&self, app: &AppName, version: &ConfigVersion) -> Result<(), PortError> {
        let write = || {
            let proposed = &mut self.tables().files.proposed;
            proposed.insert(app.clone(), version.clone());
        };
        self.gate.call(Operation::PutItem, write).await
    }
}
