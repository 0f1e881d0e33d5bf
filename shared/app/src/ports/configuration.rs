//! The port to the `sluice.toml` files that people have changed while Sluice runs.

use async_trait::async_trait;
use sluice_core::config::ConfigVersion;
use sluice_core::failure::PortError;
use sluice_core::id::AppName;

/// The store of the files. An application's live file is its newest version; without one it is the
/// file in the functions' packages.
#[async_trait]
pub trait Configurations: Send + Sync {
    /// How often any application's file has been changed: where it is as before, so is every file.
    async fn changes(&self) -> Result<u64, PortError>;

    /// The newest version of each application that has one.
    async fn newest_versions(&self) -> Result<Vec<(AppName, ConfigVersion)>, PortError>;

    /// The application's version of that number.
    async fn version(&self, app: &AppName, number: u32)
    -> Result<Option<ConfigVersion>, PortError>;

    /// The application's versions, the newest first, `limit` at most.
    async fn versions(&self, app: &AppName, limit: usize) -> Result<Vec<ConfigVersion>, PortError>;

    /// Makes the version live, if no file has been changed since there were so many `changes`, and its
    /// number is the next one. `false` if it is not so: nothing is stored then.
    async fn save_version(
        &self,
        app: &AppName,
        version: &ConfigVersion,
        changes: u64,
    ) -> Result<bool, PortError>;

    /// The change that was proposed last. It may be old: its number is the next one, or it is void.
    async fn proposed(&self, app: &AppName) -> Result<Option<ConfigVersion>, PortError>;

    /// Proposes a change, in place of the one that was proposed before.
    async fn propose(&self, app: &AppName, version: &ConfigVersion) -> Result<(), PortError>;
}
