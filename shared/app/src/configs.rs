//! The applications, found by what events and people name: one of ten thousand as quickly as one of
//! two.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use sluice_core::config::{Config, ConfigVersion};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{AccountId, AppName, ClusterName, EcsServiceName, RepositoryName};

/// A service as ECS's events name it.
type Service = (AccountId, ClusterName, EcsServiceName);

/// The applications in the order of their files.
pub(crate) struct Configs {
    all: Vec<Arc<Config>>,
    apps: BTreeMap<AppName, Arc<Config>>,
    repositories: BTreeMap<RepositoryName, Vec<Arc<Config>>>,
    services: BTreeMap<Service, Vec<EnvironmentKey>>,
    /// How often the files had been changed when these were read; 0: they are those of the package.
    pub(crate) changes: u64,
    /// The versions that stand in place of files of the package.
    pub(crate) versions: BTreeMap<AppName, ConfigVersion>,
}

impl Configs {
    pub(crate) fn new(all: Vec<Arc<Config>>) -> Self {
        let mut configs = Self {
            all: Vec::new(),
            apps: BTreeMap::new(),
            repositories: BTreeMap::new(),
            services: BTreeMap::new(),
            changes: 0,
            versions: BTreeMap::new(),
        };
        for config in &all {
            let apps = configs.apps.entry(config.app.clone());
            apps.or_insert_with(|| config.clone());
            let repositories = configs.repositories.entry(config.repository.clone());
            repositories.or_default().push(config.clone());
            for environment in &config.environments {
                for placement in environment.services.values() {
                    let service = (
                        environment.account.clone(),
                        environment.cluster.clone(),
                        placement.ecs_service.clone(),
                    );
                    let keys = configs.services.entry(service).or_default();
                    let key = EnvironmentKey {
                        app: config.app.clone(),
                        environment: environment.name.clone(),
                    };
                    if keys.last() != Some(&key) {
                        keys.push(key);
                    }
                }
            }
        }
        Self { all, ..configs }
    }

    /// The application of that name.
    pub(crate) fn app(&self, app: &AppName) -> Option<&Arc<Config>> {
        self.apps.get(app)
    }

    /// The applications whose images are in the repository.
    pub(crate) fn of_repository(&self, repository: &RepositoryName) -> &[Arc<Config>] {
        let found = self.repositories.get(repository);
        found.map_or(&[], Vec::as_slice)
    }

    /// The environments that deploy to the service.
    pub(crate) fn of_service(
        &self,
        account: &AccountId,
        cluster: &ClusterName,
        service: &EcsServiceName,
    ) -> &[EnvironmentKey] {
        let service = (account.clone(), cluster.clone(), service.clone());
        self.services.get(&service).map_or(&[], Vec::as_slice)
    }
}

impl Deref for Configs {
    type Target = [Arc<Config>];

    fn deref(&self) -> &[Arc<Config>] {
        &self.all
    }
}
