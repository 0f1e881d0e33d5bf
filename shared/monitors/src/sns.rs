//! Amazon SNS: a message where a person is needed, and when none is any more.
//!
//! `Publish` (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>). A standard topic knows no
//! message a second time. A FIFO topic drops one with an id that it took within the last five minutes,
//! and the id is the change's; its group is the deployment, so that its messages stay in order.

use async_trait::async_trait;
use sluice_core::failure::PortError;
use sluice_words::monitoring::Page;

/// The API takes no longer subject, and only printable ASCII on one line in it.
const SUBJECT_CHARS: usize = 100;

/// Far below the 256 KiB that a message may have, and more than anyone reads.
const TEXT_CHARS: usize = 15_000;

/// Topics: Amazon SNS.
#[async_trait]
pub trait Topics: Send + Sync {
    /// Publishes a message.
    ///
    /// # Errors
    /// SNS refused it, or did not answer: then it may have been published.
    async fn publish(&self, message: TopicMessage) -> Result<(), PortError>;
}

/// A message for a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicMessage {
    /// The topic's ARN.
    pub topic: String,
    /// Printable ASCII, at most 100 characters.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// Texts by their names, for subscriptions that filter.
    pub attributes: Vec<(&'static str, String)>,
    /// What a FIFO topic needs.
    pub fifo: Option<Fifo>,
}

/// Of a message for a FIFO topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fifo {
    /// Messages of one group arrive in order.
    pub group: String,
    /// The same id within five minutes is the same message.
    pub deduplication: String,
}

/// The message about a page.
pub(crate) fn message(topic: &str, page: &Page) -> TopicMessage {
    let change = &page.change;
    let state = serde_json::to_value(change.state).unwrap_or_default();
    let mut attributes = vec![
        ("application", change.application.to_string()),
        ("environment", change.environment.to_string()),
        ("state", state.as_str().unwrap_or_default().to_owned()),
        ("needsPerson", page.needs_person().to_string()),
    ];
    let outcome = change.outcome.map(|outcome| outcome.name().to_owned());
    attributes.extend(outcome.map(|outcome| ("outcome", outcome)));
    TopicMessage {
        topic: topic.to_owned(),
        subject: subject(&page.heading()),
        text: page.text().chars().take(TEXT_CHARS).collect(),
        attributes,
        fifo: topic.ends_with(".fifo").then(|| Fifo {
            group: change.deployment.to_string(),
            deduplication: change.id.clone(),
        }),
    }
}

fn subject(heading: &str) -> String {
    let printable = heading.chars().map(|c| match c {
        ' '..='~' => c,
        _ => '?',
    });
    printable.take(SUBJECT_CHARS).collect()
}
