//! Forms for somebody who has no Slack before them: what Slack would have opened comes back with the
//! answer.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sluice_core::failure::PortError;
use sluice_core::id::{ChannelName, GroupId, UserId};
use sluice_words::home::Home;
use sluice_words::message::Message;
use sluice_words::modal::Modal;

use crate::ports::{Chat, ChatError, MessageRef, Thread, TriggerId};

/// The chat of one request: everything but forms goes on to the real one.
pub(super) struct Paper {
    chat: Arc<dyn Chat>,
    seen: Mutex<Seen>,
}

/// What a request came by.
#[derive(Default)]
struct Seen {
    form: Option<Modal>,
    is_group_unknown: bool,
}

impl Paper {
    pub(super) fn before(chat: Arc<dyn Chat>) -> Self {
        Self {
            chat,
            seen: Mutex::default(),
        }
    }

    /// The form that was opened, if one was.
    pub(super) fn form(&self) -> Option<Modal> {
        self.seen(|seen| seen.form.take())
    }

    /// Whether Slack was asked who is in a group, and did not say.
    pub(super) fn is_group_unknown(&self) -> bool {
        self.seen(|seen| seen.is_group_unknown)
    }

    fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Chat for Paper {
    async fn ensure_posted(
        &self,
        key: &str,
        channel: &ChannelName,
        thread: Option<Thread<'_>>,
        message: &Message,
    ) -> Result<MessageRef, ChatError> {
        self.chat.ensure_posted(key, channel, thread, message).await
    }

    async fn update(&self, posted: &MessageRef, message: &Message) -> Result<(), ChatError> {
        self.chat.update(posted, message).await
    }

    async fn open_modal(&self, _: &TriggerId, modal: &Modal) -> Result<(), PortError> {
        self.seen(|seen| seen.form = Some(modal.clone()));
        Ok(())
    }

    async fn publish_home(&self, user: &UserId, home: &Home) -> Result<(), PortError> {
        self.chat.publish_home(user, home).await
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<UserId>, PortError> {
        self.chat.user_by_email(email).await
    }

    async fn ids_of(&self, user: &UserId) -> Result<BTreeSet<UserId>, PortError> {
        self.chat.ids_of(user).await
    }

    async fn organisation(&self) -> Result<Option<String>, PortError> {
        self.chat.organisation().await
    }

    async fn group_members(&self, group: &GroupId) -> Result<BTreeSet<UserId>, PortError> {
        let answer = self.chat.group_members(group).await;
        if answer.is_err() {
            self.seen(|seen| seen.is_group_unknown = true);
        }
        answer
    }
}
