//! What monitors need of AWS: tokens in Sluice's own secrets, event buses and topics; and
//! where lines for CloudWatch go.

use std::io::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use sluice_aws::{Clients, EventBridgeBus, SnsMessage, SnsTopics, own_secret};
use sluice_core::failure::PortError;
use sluice_monitors::{DETAIL_TYPE, EventBus, LogLines, SOURCE, Tokens, TopicMessage, Topics};

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

/// Topics of SNS.
pub(super) struct Sns(pub(super) SnsTopics);

#[async_trait]
impl Topics for Sns {
    async fn publish(&self, message: TopicMessage) -> Result<(), PortError> {
        let TopicMessage {
            topic,
            subject,
            text,
            attributes,
            fifo,
        } = message;
        let fifo = fifo.map(|fifo| (fifo.group, fifo.deduplication));
        let message = SnsMessage {
            topic,
            subject,
            text,
            attributes,
            fifo,
        };
        self.0.publish(message).await
    }
}

/// The function's log: Lambda reads standard output line by line.
pub(super) struct Stdout;

impl LogLines for Stdout {
    fn write(&self, line: &str) -> std::io::Result<()> {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{line}")?;
        stdout.flush()
    }
}
