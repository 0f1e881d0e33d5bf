//! The Slack bot token, in its secret.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use sluice_aws::{Clients, own_secret};
use sluice_core::failure::PortError;
use sluice_slack::TokenSource;

/// The secret of Secrets Manager that holds it.
pub(super) struct TokenSecret {
    pub(super) clients: Arc<Clients>,
    pub(super) arn: String,
}

#[async_trait]
impl TokenSource for TokenSecret {
    async fn token(&self) -> Result<SecretString, PortError> {
        own_secret(&self.clients, &self.arn).await
    }
}
