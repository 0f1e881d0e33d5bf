//! One batch of the queue: each message read, one call made for it, the failed ones named.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluice_app::App;
use sluice_app::ports::WakeUp;
use sluice_core::failure::PortError;
use sluice_events::{Envelope, Malformed, from_text, from_value, hint};

/// Which messages SQS must deliver again. The others are deleted from the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// SQS's own name: needs `ReportBatchItemFailures` in the event source mapping.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// The message's id.
    pub item_identifier: String,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
struct Message {
    message_id: String,
    body: String,
}

#[derive(Debug, thiserror::Error)]
enum MessageError {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Takes a batch. After `stop_at` nothing new is begun, and wake-ups are left instead.
///
/// A message that cannot be read is named as failed like any other: after its tries SQS puts it
/// into the dead-letter queue, where someone sees it.
///
/// # Errors
/// It is no batch of SQS.
pub async fn handler(
    app: &App,
    batch: &Value,
    stop_at: Timestamp,
) -> Result<BatchAnswer, Malformed> {
    let batch: Batch = from_value("the SQS batch", batch)?;
    let mut answer = BatchAnswer::default();
    // One after the other: two messages may wake the same deployment, and the second then finds
    // nothing left to do.
    for message in batch.records {
        if let Err(error) = take(app, &message, stop_at).await {
            tracing::error!(
                message.id = message.message_id,
                %error,
                "message {} stays in the queue",
                message.message_id
            );
            answer.batch_item_failures.push(BatchItemFailure {
                item_identifier: message.message_id,
            });
        }
    }
    Ok(answer)
}

async fn take(app: &App, message: &Message, stop_at: Timestamp) -> Result<(), MessageError> {
    let body = from_text("the message's body", &message.body)?;
    if body.get("detail-type").is_some() {
        return take_event(app, &body).await;
    }
    let wake_up: WakeUp = from_value("the wake-up", &body)?;
    let app = app.refreshed().await?;
    let advanced = app.advance(&wake_up, stop_at).await?;
    tracing::info!(
        deployment.id = %wake_up.deployment,
        ?advanced,
        "{} was woken",
        wake_up.deployment
    );
    Ok(())
}

async fn take_event(app: &App, event: &Value) -> Result<(), MessageError> {
    let event = Envelope::read(event)?;
    let Some(hint) = hint(&event)? else {
        tracing::debug!(
            event.id = %event.id,
            "event {} (`{}`) matches no deployment",
            event.id,
            event.detail_type
        );
        return Ok(());
    };
    let woken = app.refreshed().await?.hint(&hint).await?;
    tracing::debug!(event.id = %event.id, ?woken, "event {} wakes {} deployments", event.id, woken.len());
    Ok(())
}
