//! Events that say something may have happened. None is believed: each wakes the deployment it
//! seems to be about, which then looks for itself.

use jiff::SignedDuration;
use sluice_core::failure::PortError;
use sluice_core::id::{
    AccountId, ClusterName, DeploymentId, Digest, EcsServiceName, RepositoryName, SnapshotId,
};

use crate::App;
use crate::ports::EnvironmentKey;

/// Something may have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// An image scan ended.
    ImageScanned {
        /// Where.
        repository: RepositoryName,
        /// Of what.
        digest: Digest,
    },
    /// A snapshot changed.
    Snapshot(SnapshotId),
    /// A task changed; `startedBy` names the deployment if it is one of ours.
    Task {
        /// ECS `startedBy`.
        started_by: String,
    },
    /// A service deployment changed.
    Service {
        /// The account it is in.
        account: AccountId,
        /// The cluster.
        cluster: ClusterName,
        /// The service.
        ecs_service: EcsServiceName,
    },
}

impl App {
    /// Wakes whoever the hint is for; says whom.
    ///
    /// # Errors
    /// The store or the queue failed. A hint that is lost delays a deployment until its next look.
    pub async fn hint(&self, hint: &Hint) -> Result<Vec<DeploymentId>, PortError> {
        let ids = match hint {
            Hint::ImageScanned { repository, digest } => {
                self.newest_of_image(repository, digest).await?
            }
            Hint::Snapshot(snapshot) => deployment_in(snapshot.as_str()).into_iter().collect(),
            Hint::Task { started_by } => deployment_in(started_by).into_iter().collect(),
            Hint::Service {
                account,
                cluster,
                ecs_service,
            } => self.active_in(account, cluster, ecs_service).await?,
        };
        for id in &ids {
            self.wake(id, None, SignedDuration::ZERO).await?;
        }
        Ok(ids)
    }

    async fn newest_of_image(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Result<Vec<DeploymentId>, PortError> {
        let mut ids = Vec::new();
        for config in self
            .configs
            .iter()
            .filter(|config| config.repository == *repository)
        {
            for environment in &config.environments {
                let key = EnvironmentKey {
                    app: config.app.clone(),
                    environment: environment.name.clone(),
                };
                let newest = self.ports.store.environment(&key).await?.newest;
                ids.extend(
                    newest
                        .filter(|newest| newest.digest == *digest)
                        .map(|newest| newest.deployment),
                );
            }
        }
        Ok(ids)
    }

    pub(crate) async fn active_in(
        &self,
        account: &AccountId,
        cluster: &ClusterName,
        ecs_service: &EcsServiceName,
    ) -> Result<Vec<DeploymentId>, PortError> {
        let mut ids = Vec::new();
        for config in self.configs.iter() {
            for environment in &config.environments {
                let is_here = environment.account == *account
                    && environment.cluster == *cluster
                    && environment
                        .services
                        .values()
                        .any(|placement| placement.ecs_service == *ecs_service);
                if is_here {
                    let key = EnvironmentKey {
                        app: config.app.clone(),
                        environment: environment.name.clone(),
                    };
                    ids.extend(self.ports.store.environment(&key).await?.active);
                }
            }
        }
        Ok(ids)
    }
}

/// The deployment id in a name we gave: `sluice-production-dep-0123456789abcdef`, and with what the
/// task is for `dep-0123456789abcdef-i1`.
fn deployment_in(name: &str) -> Option<DeploymentId> {
    let start = name.rfind(PREFIX)?;
    let hex = name[start + PREFIX.len()..].split('-').next()?;
    Some(DeploymentId::from_outside(format!("{PREFIX}{hex}")))
}

/// What every deployment's id begins with.
const PREFIX: &str = "dep-";
