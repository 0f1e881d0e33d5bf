//! The port to the chat where people are informed and asked (Slack).

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{ChannelName, GroupId, UserId};
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

/// What it means that the chat did not take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// The message to be changed, or the first message of the thread, was deleted.
    Deleted,
    /// It is too long, or the chat does not take one of its parts: a smaller one may pass.
    TooLong,
    /// No message of this kind may be in that place: no reply, or none that the channel sees too.
    NotAllowedHere,
    /// This message will never be taken. Of one that stands: it cannot be changed any more.
    ForGood,
    /// It was posted, but in the channel instead of the thread, which may be gone.
    OutsideThread,
    /// The chat is busy, down, or wants fewer calls: it passes by itself.
    Busy,
    /// The token is not good.
    Token,
    /// The form came too late after the click.
    Trigger,
    /// A person must change a setting of the chat, of its app or of the channel.
    Setting,
}

impl Refusal {
    /// What can be done about it, where nothing smaller or simpler can be posted.
    pub fn class(self) -> ErrorClass {
        match self {
            Self::Deleted | Self::TooLong | Self::ForGood | Self::OutsideThread => {
                ErrorClass::Permanent
            }
            Self::Busy | Self::Trigger => ErrorClass::Retryable,
            Self::NotAllowedHere | Self::Token | Self::Setting => ErrorClass::NeedsPerson,
        }
    }
}

/// A message that the chat did not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct ChatError {
    /// What it means.
    pub refusal: Refusal,
    /// What happened and what can be done about it.
    pub error: PortError,
}

impl ChatError {
    /// A refusal, with the class that it has.
    pub fn new(refusal: Refusal, message: impl Into<String>) -> Self {
        let error = PortError {
            class: refusal.class(),
            // Cut to its limit.
            ..PortError::permanent(message)
        };
        Self { refusal, error }
    }
}

/// An error that is not about the message.
impl From<PortError> for ChatError {
    fn from(error: PortError) -> Self {
        let refusal = match error.class {
            ErrorClass::Retryable | ErrorClass::Newer => Refusal::Busy,
            ErrorClass::Permanent => Refusal::ForGood,
            ErrorClass::NeedsPerson => Refusal::Setting,
        };
        Self { refusal, error }
    }
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
    ) -> Result<MessageRef, ChatError>;

    /// Makes the message say this.
    async fn update(&self, posted: &MessageRef, message: &Message) -> Result<(), ChatError>;

    /// Opens a form for the person whose click or command brought the trigger.
    async fn open_modal(&self, trigger: &TriggerId, modal: &Modal) -> Result<(), PortError>;

    /// Makes the person's home page say this.
    async fn publish_home(&self, user: &UserId, home: &Home) -> Result<(), PortError>;

    /// The user of that e-mail address; `None` where no one has it. No error says the address.
    async fn user_by_email(&self, email: &str) -> Result<Option<UserId>, PortError>;

    /// All ids of that person, this one among them: where a chat has several workspaces, people have
    /// several.
    async fn ids_of(&self, user: &UserId) -> Result<BTreeSet<UserId>, PortError> {
        Ok(BTreeSet::from([user.clone()]))
    }

    /// The organisation that the workspace belongs to, if it belongs to one.
    async fn organisation(&self) -> Result<Option<String>, PortError> {
        Ok(None)
    }

    /// Who is in the group; no one, if there is no such group.
    async fn group_members(&self, group: &GroupId) -> Result<BTreeSet<UserId>, PortError>;
}
