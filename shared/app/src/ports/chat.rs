//! The port to the chat where people are informed and asked (Slack).

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sluice_core::failure::PortError;
use sluice_core::id::{ChannelName, SlackGroupId, SlackUserId};
use sluice_words::home::Home;
use sluice_words::message::Message;
use sluice_words::modal::Modal;

/// A message that was posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    /// The channel's id.
    pub channel: String,
    /// Slack's `ts`: the message's id within the channel.
    pub ts: String,
}

/// A thread to post in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread<'a> {
    /// Its first message.
    pub first: &'a MessageRef,
    /// Whether the channel sees the message too.
    pub broadcast: bool,
}

/// Leave to put a form before the person who has just clicked or typed: Slack's `trigger_id`, good
/// for 3 seconds and one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerId(pub String);

/// Messages and people.
#[async_trait]
pub trait Chat: Send + Sync {
    /// Posts a message, in a thread if there is one. A message of that key that is there already is
    /// this one.
    async fn ensure_posted(
        &self,
        key: &str,
        channel: &ChannelName,
        thread: Option<Thread<'_>>,
        message: &Message,
    ) -> Result<MessageRef, PortError>;

    /// Makes the message say this.
    async fn update(&self, posted: &MessageRef, message: &Message) -> Result<(), PortError>;

    /// Opens a form for the person whose click or command brought the trigger.
    async fn open_modal(&self, trigger: &TriggerId, modal: &Modal) -> Result<(), PortError>;

    /// Makes the person's home page say this.
    async fn publish_home(&self, user: &SlackUserId, home: &Home) -> Result<(), PortError>;

    /// The user of that e-mail address; `None` where no one has it. No error says the address.
    async fn user_by_email(&self, email: &str) -> Result<Option<SlackUserId>, PortError>;

    /// Who is in the group; no one, if there is no such group.
    async fn group_members(&self, group: &SlackGroupId)
    -> Result<BTreeSet<SlackUserId>, PortError>;
}
