//! Bugs in what people are told.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use sluice_app::ports::{Chat, ChatError, MessageRef, Thread, TriggerId};
use sluice_core::failure::PortError;
use sluice_core::id::{ChannelName, GroupId, UserId};
use sluice_sim::cloud::SharedCloud;
use sluice_words::home::Home;
use sluice_words::message::{Block, Message};
use sluice_words::modal::Modal;

use super::Bug;

/// Slack, told by somebody with a bug.
pub(super) struct Buggy {
    pub(super) bug: Bug,
    pub(super) inner: Arc<dyn Chat>,
    pub(super) cloud: SharedCloud,
}

impl Buggy {
    fn said(&self, message: &Message) -> Message {
        let mut message = message.clone();
        if self.bug == Bug::TellsASecret {
            let cloud = self.cloud.lock().expect("no port panics with it");
            let values = cloud.secret_values().into_iter();
            let value = values.map(|value| Block::Text(value.to_owned()));
            message.blocks.extend(value.take(1));
        }
        message
    }
}

#[async_trait]
impl Chat for Buggy {
    async fn ensure_posted(
        &self,
        key: &str,
        channel: &ChannelName,
        thread: Option<Thread<'_>>,
        message: &Message,
    ) -> Result<MessageRef, ChatError> {
        let message = self.said(message);
        self.inner
            .ensure_posted(key, channel, thread, &message)
            .await
    }

    async fn update(&self, posted: &MessageRef, message: &Message) -> Result<(), ChatError> {
        match self.bug {
            Bug::TellsNobody => Ok(()),
            _ => self.inner.update(posted, &self.said(message)).await,
        }
    }

    async fn open_modal(&self, trigger: &TriggerId, modal: &Modal) -> Result<(), PortError> {
        self.inner.open_modal(trigger, modal).await
    }

    async fn publish_home(&self, user: &UserId, home: &Home) -> Result<(), PortError> {
        self.inner.publish_home(user, home).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<UserId>, PortError> {
        self.inner.user_by_email(email).await
    }

    async fn ids_of(&self, user: &UserId) -> Result<BTreeSet<UserId>, PortError> {
        self.inner.ids_of(user).await
    }

    async fn group_members(&self, group: &GroupId) -> Result<BTreeSet<UserId>, PortError> {
        self.inner.group_members(group).await
    }
}
