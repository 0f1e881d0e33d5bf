//! Several writes that are made together or not at all.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use sluice_core::failure::PortError;

use super::DynamoStore;
use super::key::Item;

/// How often a transaction that met another one on the same item is retried.
const TRIES: u32 = 6;

/// The pause before the second try. It doubles each time, and is drawn between half and whole so
/// that two do not meet again.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// A transaction that was not made because a condition did not hold: what DynamoDB says about each
/// of its writes, in their order.
#[derive(Debug)]
pub(super) struct Refused(Vec<CancellationReason>);

impl Refused {
    /// Whether it was the condition of the write at this place.
    pub(super) fn at(&self, place: usize) -> bool {
        self.0
            .get(place)
            .is_some_and(|reason| is(reason, CONDITION))
    }

    /// The item that the write at this place met, if it asked to know and there is one.
    pub(super) fn met(&self, place: usize) -> Option<&Item> {
        self.0.get(place)?.item()
    }
}

/// DynamoDB's word for a condition that did not hold.
const CONDITION: &str = "ConditionalCheckFailed";

/// DynamoDB's words for what passes by itself. The SDK tries a throttled request again, but not a
/// transaction that was cancelled for such a reason.
const PASSING: [&str; 3] = [
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code() == Some(code)
}

impl DynamoStore {
    /// Makes all the writes, or none of them.
    ///
    /// The SDK gives each request a token of its own and sends it with every repetition: a write
    /// whose answer was lost is not made twice, and its repetition says that it was made.
    pub(super) async fn transact(
        &self,
        writes: &[TransactWriteItem],
    ) -> Result<Result<(), Refused>, PortError> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..TRIES {
            let request = self.client.transact_write_items();
            let error = match request
                .set_transact_items(Some(writes.to_vec()))
                .send()
                .await
            {
                Ok(_) => return Ok(Ok(())),
                Err(error) => error,
            };
            let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
                error.as_service_error()
            else {
                return Err(self.failed("dynamodb:TransactWriteItems", error));
            };
            let reasons = cancelled.cancellation_reasons();
            if reasons.iter().any(|reason| is(reason, CONDITION)) {
                return Ok(Err(Refused(reasons.to_vec())));
            }
            let passing = |reason| PASSING.iter().any(|code| is(reason, code));
            if !reasons.iter().any(passing) {
                return Err(self.invalid(reasons));
            }
            tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause *= 2;
        }
        Err(PortError::retryable(format!(
            "other requests kept writing the same items of table {}; nothing was stored",
            self.table
        )))
    }

    /// A transaction that will be refused every time.
    fn invalid(&self, reasons: &[CancellationReason]) -> PortError {
        let why: Vec<String> = reasons
            .iter()
            .filter(|reason| !is(reason, "None"))
            .map(|reason| {
                let part = |part: Option<&str>| part.unwrap_or("no reason").to_owned();
                format!("{}: {}", part(reason.code()), part(reason.message()))
            })
            .collect();
        PortError::permanent(format!(
            "DynamoDB refuses the write to table {}: {}",
            self.table,
            why.join("; ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;
    use sluice_core::failure::ErrorClass;

    use super::super::expression::put;
    use super::super::key::key;
    use super::*;
    use crate::test_cloud::{Answer, TestCloud};

    fn cancelled(code: &str) -> Answer {
        let reasons = [
            json!({"Code": "None"}),
            json!({"Code": code, "Message": "says so"}),
        ];
        Answer::refusal(&json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled",
            "CancellationReasons": reasons,
        }))
    }

    async fn transact(cloud: &TestCloud) -> Result<Result<(), Refused>, PortError> {
        let store = DynamoStore::new(&cloud.clients, "sluice");
        let write = put("sluice", key("deployment#dep-1".to_owned(), "state")).unwrap();
        store.transact(&[write]).await
    }

    #[tokio::test(start_paused = true)]
    async fn two_transactions_that_meet_are_made_one_after_the_other() {
        let count = AtomicUsize::new(0);
        let cloud = TestCloud::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => cancelled("TransactionConflict"),
            _ => Answer::json(&json!({})),
        });
        assert!(transact(&cloud).await.unwrap().is_ok());
        let asked = cloud.asked("TransactWriteItems");
        assert_eq!(asked.len(), 3);
        let tokens: std::collections::BTreeSet<_> = asked
            .iter()
            .map(|body| body["ClientRequestToken"].to_string())
            .collect();
        assert_eq!(tokens.len(), 3, "each is a request of its own");
    }

    #[tokio::test(start_paused = true)]
    async fn tries_are_bounded_and_what_is_invalid_is_not_tried_again() {
        for (code, class, tries) in [
            ("TransactionConflict", ErrorClass::Retryable, 6),
            ("ThrottlingError", ErrorClass::Retryable, 6),
            ("ValidationError", ErrorClass::Permanent, 1),
        ] {
            let cloud = TestCloud::new(move |_| cancelled(code));
            let error = transact(&cloud).await.unwrap_err();
            assert_eq!(error.class, class, "{error}");
            assert_eq!(cloud.asked("TransactWriteItems").len(), tries, "{code}");
        }
    }

    #[tokio::test]
    async fn the_place_of_a_condition_that_did_not_hold_is_known() {
        let cloud = TestCloud::new(|_| cancelled(CONDITION));
        let refused = transact(&cloud).await.unwrap().unwrap_err();
        assert!(!refused.at(0) && refused.at(1) && !refused.at(2));
    }
}
