//! The chat port on Slack's Web API.
//!
//! [`Method`] lists the methods that are called and the scopes they need. The bot must be a member
//! of every channel it posts to.

mod api;
#[cfg(feature = "doctor")]
pub mod doctor;
mod errors;
mod people;
mod posted;
mod responder;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::ports::{Chat, ChatError, Clock, MessageRef, Refusal, Thread, TriggerId};
use sluice_core::failure::PortError;
use sluice_core::id::{ChannelName, GroupId, UserId};
use sluice_words::home::Home;
use sluice_words::message::Message;
use sluice_words::modal::Modal;

use crate::method::Method;
use crate::render::{render, render_home, render_modal};
use api::{Api, Failed};
use errors::{NO_SUCH_GROUP, NO_SUCH_USER, chat_error, port_error};
use people::People;
use posted::{Place, Posted};

pub use api::{BASE_URL, InvalidBaseUrl, TokenSource};
pub use responder::Responder;

/// Names our metadata among that of other apps.
const EVENT_TYPE: &str = "sluice_message";

/// The chat port on Slack's Web API.
pub struct SlackChat {
    api: Api,
    posted: Posted,
    people: People,
}

impl fmt::Debug for SlackChat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlackChat")
    }
}

impl SlackChat {
    /// A chat with the bot's token (`xoxb-…`). `base_url` is [`BASE_URL`], or a local server's that
    /// plays Slack. The clock says how long Slack is left alone when it wants to be.
    ///
    /// # Errors
    /// The base URL is neither `https` nor on this machine: the token must not travel in the clear.
    pub fn new(
        token: &SecretString,
        base_url: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidBaseUrl> {
        Ok(Self {
            api: Api::new(token, base_url, clock.clone())?,
            posted: Posted::new(clock),
            people: People::default(),
        })
    }

    /// The same, which reads its token again where Slack does not take it any more.
    #[must_use]
    pub fn with_tokens_from(self, source: Arc<dyn TokenSource>) -> Self {
        Self {
            api: self.api.with_source(source),
            ..self
        }
    }

    async fn post(
        &self,
        key: &str,
        place: &Place,
        broadcast: bool,
        message: &Message,
    ) -> Result<MessageRef, ChatError> {
        let rendered = render(message);
        let mut request = json!({
            "channel": place.channel,
            "text": rendered.text,
            "blocks": rendered.blocks,
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}},
        });
        if let Some(thread) = &place.thread {
            request["thread_ts"] = json!(thread);
            request["reply_broadcast"] = json!(broadcast);
        }
        match self.api.post(Method::PostMessage, &request).await {
            Ok(answer) => {
                let posted = message_ref(&answer, &place.channel).ok_or_else(|| {
                    // It may exist: check before posting again.
                    self.posted.doubt(place, key);
                    PortError::retryable(
                        "Slack accepted the message without returning its id: it is searched for",
                    )
                })?;
                self.posted.add(place, key, &posted.ts);
                if place.thread.is_some() && is_outside_thread(&answer) {
                    return Err(ChatError::new(
                        Refusal::OutsideThread,
                        "Slack posted a reply in the channel instead of its thread",
                    ));
                }
                Ok(posted)
            }
            Err(failed) => {
                match failed {
                    Failed::NoAnswer(_) | Failed::Status(500..) => self.posted.doubt(place, key),
                    _ => self.posted.forget(place),
                }
                Err(chat_error(Method::PostMessage, &place.channel, failed))
            }
        }
    }
}

fn message_ref(answer: &Value, channel: &str) -> Option<MessageRef> {
    Some(MessageRef {
        channel: answer["channel"].as_str().unwrap_or(channel).to_owned(),
        ts: answer["ts"].as_str()?.to_owned(),
    })
}

/// Whether Slack's answer shows the message without a thread: it does so where the first message is
/// gone.
fn is_outside_thread(answer: &Value) -> bool {
    let message = &answer["message"];
    message["ts"].is_string() && message["thread_ts"].is_null()
}

#[async_trait]
impl Chat for SlackChat {
    async fn ensure_posted(
        &self,
        key: &str,
        channel: &ChannelName,
        thread: Option<Thread<'_>>,
        message: &Message,
    ) -> Result<MessageRef, ChatError> {
        let place = match thread {
            Some(thread) => Place {
                channel: thread.first.channel.clone(),
                thread: Some(thread.first.ts.clone()),
            },
            None => Place {
                channel: self.posted.channel_id(&self.api, channel).await?,
                thread: None,
            },
        };
        if self.posted.is_unsure(&place, key) {
            return Err(ChatError::new(
                Refusal::Busy,
                "Slack may have taken the message a moment ago: it is searched for once it shows",
            ));
        }
        match self.posted.find(&self.api, &place, key).await? {
            Some(ts) => Ok(MessageRef {
                channel: place.channel,
                ts,
            }),
            None => {
                let broadcast = thread.is_some_and(|thread| thread.broadcast);
                self.post(key, &place, broadcast, message).await
            }
        }
    }

    async fn update(&self, posted: &MessageRef, message: &Message) -> Result<(), ChatError> {
        let rendered = render(message);
        // Without `metadata` Slack keeps what the message has: it is found by it again.
        let request = json!({
            "channel": posted.channel,
            "ts": posted.ts,
            "text": rendered.text,
            "blocks": rendered.blocks,
        });
        match self.api.post(Method::UpdateMessage, &request).await {
            Ok(_) => Ok(()),
            Err(failed) => Err(chat_error(Method::UpdateMessage, &posted.channel, failed)),
        }
    }

    async fn open_modal(&self, trigger: &TriggerId, modal: &Modal) -> Result<(), PortError> {
        let request = json!({"trigger_id": trigger.0, "view": render_modal(modal)});
        match self.api.post(Method::OpenView, &request).await {
            Ok(_) => Ok(()),
            Err(failed) => Err(port_error(Method::OpenView, "a form", failed)),
        }
    }

    async fn publish_home(&self, user: &UserId, home: &Home) -> Result<(), PortError> {
        let request = json!({"user_id": user, "view": render_home(home)});
        match self.api.post(Method::PublishView, &request).await {
            Ok(_) => Ok(()),
            Err(failed) => Err(port_error(Method::PublishView, user.as_str(), failed)),
        }
    }

    async fn user_by_email(&self, email: &str) -> Result<Option<UserId>, PortError> {
        let parameters = vec![("email", email.to_owned())];
        match self.api.get(Method::LookupUser, parameters).await {
            // Someone who has left does not count for four eyes.
            Ok(answer) if answer["user"]["deleted"] == true => Ok(None),
            Ok(answer) => Ok(answer["user"]["id"].as_str().map(UserId::new)),
            Err(Failed::Refused(refused)) if NO_SUCH_USER.contains(&&*refused.code) => Ok(None),
            // The address is not said.
            Err(failed) => Err(port_error(
                Method::LookupUser,
                "who pushed the image",
                failed,
            )),
        }
    }

    async fn ids_of(&self, user: &UserId) -> Result<BTreeSet<UserId>, PortError> {
        self.people.ids_of(&self.api, user).await
    }

    async fn organisation(&self) -> Result<Option<String>, PortError> {
        self.people.organisation(&self.api).await
    }

    async fn group_members(&self, group: &GroupId) -> Result<BTreeSet<UserId>, PortError> {
        let parameters = vec![("usergroup", group.as_str().to_owned())];
        match self.api.get(Method::ListGroupMembers, parameters).await {
            Ok(answer) => Ok(answer["users"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(UserId::new)
                .collect()),
            Err(Failed::Refused(refused)) if NO_SUCH_GROUP.contains(&&*refused.code) => {
                Ok(BTreeSet::new())
            }
            Err(failed) => Err(port_error(Method::ListGroupMembers, group.as_str(), failed)),
        }
    }
}

#[cfg(test)]
mod tests;
