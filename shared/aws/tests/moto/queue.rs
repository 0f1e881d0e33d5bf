//! Wake-ups on SQS.

use jiff::SignedDuration;
use sluice_app::ports::{WakeUp, Wakeups as _};
use sluice_aws::SqsWakeups;
use sluice_core::failure::ErrorClass;
use sluice_core::id::DeploymentId;

use crate::deployments::noon;
use crate::server;

#[tokio::test]
async fn a_wake_up_arrives_as_it_was_sent() {
    let sqs = aws_sdk_sqs::Client::new(&server::config().await);
    let queue = sqs
        .create_queue()
        .queue_name("advance")
        .send()
        .await
        .unwrap();
    let url = queue.queue_url().unwrap();
    let wakeups = SqsWakeups::new(&*server::clients().await, url);
    let sent = WakeUp {
        deployment: DeploymentId::from_outside("dep-0123456789abcdef"),
        due: Some(noon()),
    };
    wakeups
        .send(sent.clone(), SignedDuration::ZERO)
        .await
        .unwrap();
    // SQS refuses a longer delay than 900 s; moto does too.
    wakeups
        .send(
            WakeUp {
                due: None,
                ..sent.clone()
            },
            SignedDuration::from_hours(3),
        )
        .await
        .unwrap();

    let received = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .send()
        .await;
    let received = received.unwrap();
    let bodies: Vec<WakeUp> = received
        .messages()
        .iter()
        .map(|message| serde_json::from_str(message.body().unwrap()).unwrap())
        .collect();
    assert_eq!(bodies, [sent], "the other one is held back");
    let delayed = sqs
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessagesDelayed)
        .send()
        .await
        .unwrap();
    let delayed: Vec<_> = delayed.attributes().unwrap().values().collect();
    assert_eq!(delayed, ["1"]);
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_named() {
    let url = format!("{}/123456789012/no-such-queue", server::endpoint());
    let wakeups = SqsWakeups::new(&*server::clients().await, &url);
    let wake_up = WakeUp {
        deployment: DeploymentId::from_outside("dep-1"),
        due: None,
    };
    let error = wakeups
        .send(wake_up, SignedDuration::ZERO)
        .await
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Permanent);
    assert!(error.message.contains("no-such-queue"), "{error}");
}
