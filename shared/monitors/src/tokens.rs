//! Tokens and keys, read once and again where one is refused.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use sluice_core::failure::PortError;

/// Where tokens and keys are kept.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// The secret of that name or ARN, as it is now.
    async fn token(&self, secret: &str) -> Result<SecretString, PortError>;
}

/// The tokens that were read.
pub(crate) struct Known {
    source: Arc<dyn Tokens>,
    read: Mutex<BTreeMap<String, SecretString>>,
}

impl Known {
    pub(crate) fn new(source: Arc<dyn Tokens>) -> Self {
        Self {
            source,
            read: Mutex::default(),
        }
    }

    /// The token, as it was read last.
    pub(crate) async fn token(&self, secret: &str) -> Result<SecretString, PortError> {
        if let Some(known) = self.read().get(secret) {
            return Ok(known.clone());
        }
        let token = self.source.token(secret).await?;
        self.read().insert(secret.to_owned(), token.clone());
        Ok(token)
    }

    /// Another token than this one, which was refused: it may have been replaced since.
    pub(crate) async fn newer(&self, secret: &str, refused: &SecretString) -> Option<SecretString> {
        let token = self.source.token(secret).await.ok()?;
        if token.expose_secret() == refused.expose_secret() {
            return None;
        }
        tracing::info!(
            secret,
            "the secret {secret} was replaced: the new value is used"
        );
        self.read().insert(secret.to_owned(), token.clone());
        Some(token)
    }

    /// A panic while it was held leaves tokens all the same.
    fn read(&self) -> MutexGuard<'_, BTreeMap<String, SecretString>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
