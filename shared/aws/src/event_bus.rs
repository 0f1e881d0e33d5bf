//! Events of Sluice's own on Amazon EventBridge.

use std::sync::Arc;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use sluice_core::failure::PortError;

use crate::clients::Clients;
use crate::error::{incomplete, port_error};

const ACTION: &str = "events:PutEvents";

/// Codes of an entry that was refused, and passes by itself: PutEvents itself answers 200.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
const PASSING: [&str; 3] = [
    "ThrottlingException",
    "InternalFailure",
    "InternalException",
];

/// Event buses, called with Sluice's own credentials: PutEvents.
#[derive(Clone, Debug)]
pub struct EventBridgeBus {
    clients: Arc<Clients>,
}

impl EventBridgeBus {
    /// The buses over shared clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    /// Puts one event on the bus.
    ///
    /// # Errors
    /// AWS refused it, or did not answer: then it may be there.
    pub async fn put(
        &self,
        bus: &str,
        source: &str,
        detail_type: &str,
        detail: String,
        at: Timestamp,
    ) -> Result<(), PortError> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(source)
            .detail_type(detail_type)
            .detail(detail)
            .time(DateTime::from_secs(at.as_second()))
            .build();
        let client = self.clients.own().event_bridge();
        let answer = client.put_events().entries(entry).send().await;
        let answer = answer.map_err(|error| port_error(ACTION, bus, error))?;
        if answer.failed_entry_count() == 0 {
            return Ok(());
        }
        let entry = answer.entries().first();
        let entry = entry.ok_or_else(|| incomplete(ACTION, bus, "entries"))?;
        let code = entry.error_code().unwrap_or("an error without a code");
        let said = entry.error_message().unwrap_or("and nothing more");
        let message = format!("AWS refused {ACTION} on {bus} ({code}: {said})");
        Err(match PASSING.contains(&code) {
            true => PortError::retryable(message),
            false => PortError::needs_person(message),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sluice_core::failure::ErrorClass;

    use super::*;
    use crate::test_cloud::{Answer, TestCloud};

    async fn put(cloud: &TestCloud) -> Result<(), PortError> {
        let bus = EventBridgeBus::new(cloud.clients.clone());
        let at = "2026-01-05T12:00:00.5Z".parse().unwrap();
        let detail = json!({"state": "started"}).to_string();
        bus.put(
            "deployments",
            "sluice",
            "Deployment State Change",
            detail,
            at,
        )
        .await
    }

    #[tokio::test]
    async fn one_event_is_put_as_aws_knows_it() {
        let taken = json!({"FailedEntryCount": 0, "Entries": [{"EventId": "17"}]});
        let cloud = TestCloud::new(move |_| Answer::json(&taken));
        put(&cloud).await.unwrap();
        let asked = cloud.asked("PutEvents");
        let entry = &asked[0]["Entries"][0];
        assert_eq!(asked.len(), 1);
        assert_eq!(entry["EventBusName"], "deployments");
        assert_eq!(entry["Source"], "sluice");
        assert_eq!(entry["DetailType"], "Deployment State Change");
        assert_eq!(entry["Detail"], r#"{"state":"started"}"#);
        assert_eq!(entry["Time"], 1_767_614_400);
    }

    #[tokio::test]
    async fn an_entry_that_is_refused_within_a_success_is_a_refusal() {
        let refused = |code: &'static str| async move {
            let answer = json!({
                "FailedEntryCount": 1,
                "Entries": [{"ErrorCode": code, "ErrorMessage": "no"}],
            });
            put(&TestCloud::new(move |_| Answer::json(&answer)))
                .await
                .unwrap_err()
        };
        let busy = refused("ThrottlingException").await;
        assert_eq!(busy.class, ErrorClass::Retryable);
        let denied = refused("NotAuthorizedForSourceException").await;
        assert_eq!(denied.class, ErrorClass::NeedsPerson);
        assert!(
            denied.message.contains("events:PutEvents on deployments"),
            "{denied}"
        );
    }

    #[tokio::test]
    async fn a_missing_right_is_named() {
        let cloud = TestCloud::new(|_| Answer::error(400, "AccessDeniedException", "no"));
        let error = put(&cloud).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson);
        assert!(error.message.contains("events:PutEvents"), "{error}");
    }
}
