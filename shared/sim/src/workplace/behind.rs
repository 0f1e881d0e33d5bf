//! The store looked at from behind, without asking its port: for stories, pages and tests.

use sluice_app::ports::{EnvironmentKey, EnvironmentState, Stored};
use sluice_core::history::Record;
use sluice_core::id::DeploymentId;

use super::store::MemoryStore;

impl MemoryStore {
    /// How many deployments are still to be looked at: not over, or over and not told.
    pub fn unfinished(&self) -> usize {
        self.tables().unfinished()
    }

    /// Whether anything about source code waits: to be clear, or to be told.
    pub fn has_open_sources(&self) -> bool {
        let tables = self.tables();
        let mut sources = tables.sources.values();
        sources.any(|(stored, _)| !stored.watch.suspects.is_empty() || stored.watch.has_work())
    }

    /// Every deployment, by id: for stories and tests, which may look behind the port.
    pub fn deployments(&self) -> Vec<Stored> {
        self.tables().deployments.values().cloned().collect()
    }

    /// The deployment as it is stored, without asking the port.
    pub fn deployment(&self, id: &DeploymentId) -> Option<Stored> {
        self.tables().deployments.get(id).cloned()
    }

    /// Its history, in the same way.
    pub fn history_of(&self, id: &DeploymentId) -> Vec<Record> {
        self.tables().histories.get(id).cloned().unwrap_or_default()
    }

    /// The environment, in the same way.
    pub fn environment_state(&self, key: &EnvironmentKey) -> EnvironmentState {
        self.tables()
            .environments
            .get(key)
            .cloned()
            .unwrap_or_default()
    }

    /// Damages the stored item of a deployment: from now on nobody can read it.
    pub fn damage(&self, id: &DeploymentId) {
        self.tables().damaged.insert(id.clone());
    }

    /// Every history, by deployment.
    pub fn histories(&self) -> Vec<(DeploymentId, Vec<Record>)> {
        let tables = self.tables();
        tables
            .histories
            .iter()
            .map(|(id, history)| (id.clone(), history.clone()))
            .collect()
    }
}
