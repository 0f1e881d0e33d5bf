//! What monitors need of AWS: tokens in Sluice's own secrets, and event buses.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use sluice_aws::{Clients, EventBridgeBus, own_secret};
use sluice_core::failure::PortError;
use sluice_monitors::{DETAIL_TYPE, EventBus, SOURCE, Tokens};

/// Secrets of Secrets Manager in Sluice's own account.
pub(super) struct OwnSecrets(pub(super) Arc<Clients>);

#[async_trait]
impl Tokens for OwnSecrets {
    async fn token(&self, secret: &str) -> Result<SecretString, PortError> {
        own_secret(&self.0, secret).await
    }
}

/// Buses of EventBridge.
pub(super) struct Bus(pub(super) EventBridgeBus);

#[async_trait]
impl EventBus for Bus {
    async fn put(&self, bus: &str, detail: String, at: Timestamp) -> Result<(), PortError> {
        self.0.put(bus, SOURCE, DETAIL_TYPE, detail, at).await
    }
}
