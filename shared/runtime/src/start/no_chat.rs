//! The chat of a function that has no business in Slack, and no token for it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sluice_app::ports::{Chat, ChatError, MessageRef, Thread, TriggerId};
use sluice_core::failure::PortError;
use sluice_core::id::{ChannelName, GroupId, UserId};
use sluice_words::home::Home;
use sluice_words::message::Message;
use sluice_words::modal::Modal;

/// Refuses everything. What such a function cannot post, the next one posts.
pub(super) struct NoChat;

fn refusal() -> PortError {
    PortError::needs_person(
        "this function has no Slack token: set SLUICE_SLACK_BOT_TOKEN_ARN if it should have one",
    )
}

#[async_trait]
impl Chat for NoChat {
    async fn ensure_posted(
        &self,
        _: &str,
        _: &ChannelName,
        _: Option<Thread<'_>>,
        _: &Message,
    ) -> Result<MessageRef, ChatError> {
        Err(refusal().into())
    }

    async fn update(&self, _: &MessageRef, _: &Message) -> Result<(), ChatError> {
        Err(refusal().into())
    }

    async fn open_modal(&self, _: &TriggerId, _: &Modal) -> Result<(), PortError> {
        Err(refusal())
    }

    async fn publish_home(&self, _: &UserId, _: &Home) -> Result<(), PortError> {
        Err(refusal())
    }

    async fn user_by_email(&self, _: &str) -> Result<Option<UserId>, PortError> {
        Err(refusal())
    }

    async fn group_members(&self, _: &GroupId) -> Result<BTreeSet<UserId>, PortError> {
        Err(refusal())
    }
}
