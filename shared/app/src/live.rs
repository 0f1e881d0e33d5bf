//! The configuration that is live: the files in the functions' packages, and in their place what
//! people have stored since.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluice_core::config::{Config, ConfigVersion, shared};
use sluice_core::failure::PortError;
use sluice_core::id::AppName;
use sluice_core::registry::Registry;

use crate::App;
use crate::configs::Configs;

/// The files that a function was deployed with.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// Each application's file, as text.
    pub files: BTreeMap<AppName, String>,
    /// The registry of files that name none.
    pub registry: Option<Registry>,
}

/// What a process knows of the live configuration.
pub(crate) struct Live {
    package: Package,
    packaged: Vec<Arc<Config>>,
    latest: Mutex<Arc<Configs>>,
}

impl Live {
    pub(crate) fn new(package: Package, packaged: Vec<Arc<Config>>, first: Arc<Configs>) -> Self {
        Self {
            package,
            packaged,
            latest: Mutex::new(first),
        }
    }

    /// A panic while it was held leaves the configuration as it was.
    fn latest(&self) -> MutexGuard<'_, Arc<Configs>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The application's file in the package.
    pub(crate) fn packaged(&self, app: &AppName) -> Option<&String> {
        self.package.files.get(app)
    }

    /// The file as it counts where this Sluice is installed.
    pub(crate) fn installed(&self, config: Config) -> Config {
        match &self.package.registry {
            Some(own) => config.installed_in(own),
            None => config,
        }
    }
}

impl App {
    /// The same with the configuration that is live now. Each function begins with it.
    ///
    /// # Errors
    /// The store did not answer, or what it holds cannot be read by this version of Sluice.
    pub async fn refreshed(&self) -> Result<Self, PortError> {
        let known = self.live.latest().clone();
        let changes = self.ports.configurations.changes().await?;
        let configs = if changes == known.changes {
            known
        } else {
            let read = Arc::new(self.read_live(changes).await?);
            tracing::info!(
                changes,
                "the configuration was changed: it has been read again"
            );
            *self.live.latest() = read.clone();
            read
        };
        Ok(Self {
            configs,
            ..self.clone()
        })
    }

    async fn read_live(&self, changes: u64) -> Result<Configs, PortError> {
        let newest = self.ports.configurations.newest_versions().await?;
        let mut newest: BTreeMap<AppName, ConfigVersion> = newest.into_iter().collect();
        let mut configs = Vec::with_capacity(self.live.packaged.len());
        let mut versions = BTreeMap::new();
        // An application without a file in the package has no rights and no rules: it is not deployed.
        for packaged in &self.live.packaged {
            let Some(version) = newest.remove(&packaged.app) else {
                configs.push(packaged.clone());
                continue;
            };
            let config = Config::parse(&version.text).map_err(|problems| {
                PortError::permanent(format!(
                    "version {} of sluice.toml of {} cannot be read by this version of Sluice (\
                     docs/operate.md says how to go back to the file in the packages): {problems}",
                    version.number, packaged.app
                ))
            })?;
            configs.push(Arc::new(self.live.installed(config)));
            versions.insert(packaged.app.clone(), version);
        }
        let mut configs = Configs::new(configs);
        configs.changes = changes;
        configs.versions = versions;
        Ok(configs)
    }

    /// Everything that a file would share with those of other applications and must not.
    pub(crate) fn shared_with_others(&self, file: &Config) -> Vec<String> {
        let others = self.configs.iter().filter(|other| other.app != file.app);
        let named = |config: &Config| format!("sluice.toml of {}", config.app);
        let mut files: Vec<(String, &Config)> = others.map(|it| (named(it), &**it)).collect();
        files.push((named(file), file));
        shared(&files).iter().map(ToString::to_string).collect()
    }
}
