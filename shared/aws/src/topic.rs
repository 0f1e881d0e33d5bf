//! Messages of Sluice's own on topics of Amazon SNS.

use std::sync::Arc;

use aws_sdk_sns::types::MessageAttributeValue;
use sluice_core::failure::PortError;
use sluice_core::id::Region;

use crate::clients::Clients;
use crate::error::port_error;

const ACTION: &str = "sns:Publish";

/// A message as SNS takes it.
#[derive(Clone, Debug)]
pub struct SnsMessage {
    /// The topic's ARN.
    pub topic: String,
    /// Printable ASCII, at most 100 characters.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// Texts by their names.
    pub attributes: Vec<(&'static str, String)>,
    /// The message group and the deduplication id, which FIFO topics need and others refuse.
    pub fifo: Option<(String, String)>,
}

/// Topics, called with Sluice's own credentials: Publish.
#[derive(Clone, Debug)]
pub struct SnsTopics {
    clients: Arc<Clients>,
}

impl SnsTopics {
    /// The topics over shared clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    /// Publishes one message, in the topic's own region.
    ///
    /// # Errors
    /// AWS refused it, or did not answer: then it may have been published.
    pub async fn publish(&self, message: SnsMessage) -> Result<(), PortError> {
        let SnsMessage {
            topic,
            subject,
            text,
            attributes,
            fifo,
        } = message;
        let region = topic.split(':').nth(3).map(Region::new);
        let region = region.ok_or_else(|| {
            PortError::needs_person(format!("`{topic}` is no ARN of a topic: write it in full"))
        })?;
        let mut publish = self
            .clients
            .looking_in(&region)
            .sns()
            .publish()
            .topic_arn(&topic)
            .subject(subject)
            .message(text);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build();
            let value = value.map_err(|why| PortError::permanent(format!("{name}: {why}")))?;
            publish = publish.message_attributes(name, value);
        }
        if let Some((group, deduplication)) = fifo {
            publish = publish
                .message_group_id(group)
                .message_deduplication_id(deduplication);
        }
        let answer = publish.send().await;
        answer
            .map(|_| ())
            .map_err(|error| port_error(ACTION, &topic, error))
    }
}

#[cfg(test)]
mod tests {
    use sluice_core::failure::ErrorClass;

    use super::*;
    use crate::test_cloud::{Answer, TestCloud};

    const TOPIC: &str = "arn:aws:sns:eu-west-1:222222222222:deployments";

    const PUBLISHED: &str = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\
        <PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>";

    async fn publish(cloud: &TestCloud, fifo: bool) -> Result<(), PortError> {
        let ending = if fifo { ".fifo" } else { "" };
        let fifo = fifo.then(|| ("dep-1".to_owned(), "dep-1.7".to_owned()));
        let topics = SnsTopics::new(cloud.clients.clone());
        let message = SnsMessage {
            topic: format!("{TOPIC}{ending}"),
            subject: "Person needed: erp".to_owned(),
            text: "what\nhappened".to_owned(),
            attributes: vec![("environment", "production".to_owned())],
            fifo,
        };
        topics.publish(message).await
    }

    #[tokio::test]
    async fn one_message_is_published_as_aws_knows_it_where_the_topic_is() {
        let cloud = TestCloud::new(|_| Answer::xml(PUBLISHED));
        publish(&cloud, false).await.unwrap();
        publish(&cloud, true).await.unwrap();
        let asked = cloud.asked("Publish");
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[0]["TopicArn"], TOPIC);
        let host = cloud.everything_asked()[0].host.clone();
        assert!(host.contains("eu-west-1"), "{host}");
        assert_eq!(asked[0]["Subject"], "Person needed: erp");
        assert_eq!(asked[0]["Message"], "what\nhappened");
        assert_eq!(asked[0]["MessageAttributes.entry.1.Name"], "environment");
        assert_eq!(
            asked[0]["MessageAttributes.entry.1.Value.DataType"],
            "String"
        );
        assert_eq!(
            asked[0]["MessageAttributes.entry.1.Value.StringValue"],
            "production"
        );
        assert!(asked[0].get("MessageGroupId").is_none(), "{}", asked[0]);
        assert_eq!(asked[1]["MessageGroupId"], "dep-1");
        assert_eq!(asked[1]["MessageDeduplicationId"], "dep-1.7");
    }

    #[tokio::test]
    async fn a_missing_right_and_a_missing_topic_are_for_a_person_or_for_good() {
        let cloud = TestCloud::new(|_| Answer::xml_error(403, "AuthorizationError", "no"));
        let error = publish(&cloud, false).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson);
        assert!(error.message.contains("sns:Publish"), "{error}");
        let cloud = TestCloud::new(|_| Answer::xml_error(404, "NotFound", "Topic does not exist"));
        let error = publish(&cloud, false).await.unwrap_err();
        assert_ne!(error.class, ErrorClass::Retryable, "{error}");
        let cloud = TestCloud::new(|_| Answer::xml_error(400, "Throttled", "slow down"));
        let error = publish(&cloud, false).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    }
}
