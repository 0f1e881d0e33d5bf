//! Secrets: Secrets Manager and Parameter Store.

use async_trait::async_trait;
use sluice_app::ports::{Secrets, Target};
use sluice_core::config::SecretSource;
use sluice_core::failure::PortError;
use sluice_core::observation::{PinnedSecret, SecretProblem};

use super::CloudPorts;
use crate::cloud::Operation;

#[async_trait]
impl Secrets for CloudPorts {
    async fn pin(
        &self,
        target: &Target,
        variable: &str,
        source: &SecretSource,
    ) -> Result<Result<PinnedSecret, SecretProblem>, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(match source {
            SecretSource::SecretsManager { .. } => Operation::GetSecretValue,
            SecretSource::Parameter { .. } => Operation::GetParameter,
        })?;
        let place = cloud.place(target)?;
        reply.with(cloud.pin_secret(&place, variable, source))
    }

    async fn is_there(&self, target: &Target, pinned: &PinnedSecret) -> Result<bool, PortError> {
        let mut cloud = self.cloud();
        let reply = cloud.ask(Operation::GetSecretValue)?;
        let place = cloud.place(target)?;
        reply.with(cloud.has_version(&place, pinned))
    }
}
