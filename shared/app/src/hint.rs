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
    /// Wakes the deployments that the hint is for; says which.
    ///
    /// # Errors
    /// The store or the queue failed for one at least; the others are woken. A hint that is lost
    /// delays a deployment until its next check.
    pub async fn hint(&self, hint: &Hint) -> Result<Vec<DeploymentId>, PortError> {
        let found: Vec<Result<Option<DeploymentId>, PortError>> = match hint {
            Hint::ImageScanned { repository, digest } => {
                self.newest_of_image(repository, digest).await
            }
            Hint::Snapshot(snapshot) => vec![Ok(deployment_in(snapshot.as_str()))],
            Hint::Task { started_by } => vec![Ok(deployment_in(started_by))],
            Hint::Service {
                account,
                cluster,
                ecs_service,
            } => self.active_in(account, cluster, ecs_service).await,
        };
        let (mut woken, mut failed) = (Vec::new(), None);
        for found in found {
            match self.wake_found(found).await {
                Ok(id) => woken.extend(id),
                Err(error) => {
                    tracing::warn!(%error, "a hint could not be delivered to a deployment: \
                        {error}");
                    failed = failed.or(Some(error));
                }
            }
        }
        failed.map_or(Ok(woken), Err)
    }

    async fn wake_found(
        &self,
        found: Result<Option<DeploymentId>, PortError>,
    ) -> Result<Option<DeploymentId>, PortError> {
        let found = found?;
        if let Some(id) = &found {
            self.wake(id, None, SignedDuration::ZERO).await?;
        }
        Ok(found)
    }

    async fn newest_of_image(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Vec<Result<Option<DeploymentId>, PortError>> {
        let mut found = Vec::new();
        for config in self.configs.of_repository(repository) {
            for environment in &config.environments {
                let key = EnvironmentKey {
                    app: config.app.clone(),
                    environment: environment.name.clone(),
                };
                let newest = self.ports.store.environment(&key).await;
                found.push(newest.map(|state| {
                    let newest = state.newest.filter(|newest| newest.digest == *digest);
                    newest.map(|newest| newest.deployment)
                }));
            }
        }
        found
    }

    pub(crate) async fn active_in(
        &self,
        account: &AccountId,
        cluster: &ClusterName,
        ecs_service: &EcsServiceName,
    ) -> Vec<Result<Option<DeploymentId>, PortError>> {
        let mut found = Vec::new();
        for key in self.configs.of_service(account, cluster, ecs_service) {
            let state = self.ports.store.environment(key).await;
            found.push(state.map(|state| state.active));
        }
        found
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
