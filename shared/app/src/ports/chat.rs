//! The port to the place where people are told and asked (Slack).

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sluice_core::failure::PortError;
use sluice_core::id::{ChannelName, SlackGroupId, SlackUserId};
use sluice_core::message::Message;

/// A message that was posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    /// The channel's id.
    pub channel: String,
    /// Slack's `ts`: the message's id within the channel.
    pub ts: String,
}

/// Messages and people.
#[async_trait]
pub trait Chat: Send + Sync {
    /// Posts a message, in a thread if `thread` names its first message. One of that key that is
    /// there already is this one.
    async fn ensure_posted(
        &self,
        key: &str,
        channel: &ChannelName,
        thread: Option<&MessageRef>,
        message: &Message,
    ) -> Result<MessageRef, PortError>;

    /// Makes the message say this.
    async fn update(&self, posted: &MessageRef, message: &Message) -> Result<(), PortError>;

    /// Who is in the group; nobody, if there is no such group.
    async fn group_members(&self, group: &SlackGroupId)
    -> Result<BTreeSet<SlackUserId>, PortError>;
}
