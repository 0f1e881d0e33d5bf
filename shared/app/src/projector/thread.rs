//! The thread below the message: the story of the deployment, and what the message is too long for.
//! A reply that the chat refuses does not hold up those after it: it goes without the channel seeing
//! it, or in smaller parts, then as one line, and at last it is left out with a line in the log.

use std::collections::VecDeque;

use sluice_core::deployment::Deployment;
use sluice_core::history::ChainEnd;
use sluice_core::id::{ChannelName, Hash};
use sluice_words::message::Message;
use sluice_words::parts::{Size, one_line, parts};
use sluice_words::view::Reply;

use super::batch::{Batch, batch};
use super::card::offers;
use crate::App;
use crate::ports::{ChatError, MessageRef, Refusal, Shown, Thread};

/// A thread, and the message that it is below.
pub(super) struct InThread<'a> {
    pub(super) d: &'a Deployment,
    /// The end of its history.
    pub(super) end: &'a ChainEnd,
    pub(super) channel: &'a ChannelName,
    /// Its first message.
    pub(super) first: &'a MessageRef,
    /// What that says.
    pub(super) card: &'a Message,
}

impl App {
    /// Posts what the thread does not have yet of the story.
    pub(super) async fn tell_story(
        &self,
        thread: &InThread<'_>,
        shown: &mut Shown,
    ) -> Result<(), ChatError> {
        let (d, first) = (thread.d, thread.first);
        while let Some(Batch { replies, to }) = batch(d, thread.end, shown.told, shown.posting) {
            let single = to == shown.told + 1;
            if !single && shown.posting.is_none() {
                // By the next try the story may be longer. What was posted and not answered is
                // found again only if it goes as far as this one.
                shown.posting = Some(to);
                self.ports.store.set_shown(&d.id, shown).await?;
            }
            let key = match single {
                true => format!("{}/{}", first.ts, shown.told),
                false => format!("{}/{}-{to}", first.ts, shown.told),
            };
            for (part, reply) in replies.iter().enumerate() {
                let key = match part {
                    0 => key.clone(),
                    part => format!("{key}/{part}"),
                };
                self.reply(thread, &key, reply).await?;
            }
            shown.told = to;
            shown.posting = None;
        }
        Ok(())
    }

    /// Posts what the message is too long for, once as it is.
    pub(super) async fn go_on(
        &self,
        thread: &InThread<'_>,
        continued: &[Message],
        shown: &mut Shown,
    ) -> Result<(), ChatError> {
        if continued.is_empty() {
            return Ok(());
        }
        // Where the chat takes only a little, most of the message is here: it is told again when
        // people may do something else, not with each percent of a snapshot.
        let hash = match shown.size {
            Size::Full => Hash::of_json(&continued),
            _ => Hash::of_json(&(offers(thread.card), thread.d.phase.is_terminal())),
        };
        if shown.continued.as_ref() == Some(&hash) {
            return Ok(());
        }
        let key = format!("{}/continued/{}", thread.first.ts, hash.short());
        for (part, message) in continued.iter().enumerate() {
            let reply = Reply {
                message: message.clone(),
                broadcast: false,
            };
            self.reply(thread, &format!("{key}/{part}"), &reply).await?;
        }
        shown.continued = Some(hash);
        Ok(())
    }

    /// Posts a reply, in smaller parts where it is too long, at last as one line.
    async fn reply(
        &self,
        thread: &InThread<'_>,
        key: &str,
        reply: &Reply,
    ) -> Result<(), ChatError> {
        let mut broadcast = reply.broadcast;
        let whole = (key.to_owned(), reply.message.clone(), Size::Full);
        let mut queue = VecDeque::from([whole]);
        while let Some((key, message, size)) = queue.pop_front() {
            let posted = self.reply_once(thread, &key, &message, broadcast).await;
            let Err(refused) = posted else {
                // The channel sees the first part only.
                broadcast = false;
                continue;
            };
            let id = &thread.d.id;
            let smaller = match refused.refusal {
                Refusal::TooLong => size.smaller(),
                Refusal::NotAllowedHere | Refusal::ForGood if size != Size::Line => {
                    Some(Size::Line)
                }
                Refusal::NotAllowedHere | Refusal::ForGood => None,
                _ => return Err(refused),
            };
            let parts = match smaller {
                None => {
                    tracing::error!(deployment.id = %id, error = %refused, "a reply about {id} is \
                        left out: {refused}");
                    continue;
                }
                Some(Size::Line) => vec![one_line(&message)],
                Some(smaller) => parts(message, smaller, Vec::new),
            };
            tracing::warn!(deployment.id = %id, error = %refused, "a reply about {id} is posted \
                smaller: {refused}");
            for (number, part) in parts.into_iter().enumerate().rev() {
                // Not the key of the whole: what is there of it is not all of it.
                let size = smaller.unwrap_or(Size::Line);
                queue.push_front((format!("{key}/{size:?}/{number}"), part, size));
            }
        }
        Ok(())
    }

    /// Posts a reply as it is, without the channel seeing it where that is why it is refused.
    async fn reply_once(
        &self,
        thread: &InThread<'_>,
        key: &str,
        message: &Message,
        broadcast: bool,
    ) -> Result<(), ChatError> {
        let place = |broadcast| Thread {
            first: thread.first,
            broadcast,
        };
        let id = &thread.d.id;
        let chat = &self.ports.chat;
        let post =
            |broadcast| chat.ensure_posted(key, thread.channel, Some(place(broadcast)), message);
        let posted = match post(broadcast).await {
            Err(refused)
                if broadcast
                    && matches!(refused.refusal, Refusal::NotAllowedHere | Refusal::ForGood) =>
            {
                tracing::warn!(deployment.id = %id, error = %refused, "the channel does not see a \
                    reply about {id}, only its thread: {refused}");
                post(false).await
            }
            posted => posted,
        };
        match posted {
            Ok(_) => Ok(()),
            Err(outside) if outside.refusal == Refusal::OutsideThread => {
                self.is_still_there(thread, &outside).await
            }
            Err(refused) => Err(refused),
        }
    }

    /// A reply went to the channel: the thread may have lost its first message. Changing that shows
    /// whether it is there. If it is, the reply is read in the channel, and that is all.
    async fn is_still_there(
        &self,
        thread: &InThread<'_>,
        outside: &ChatError,
    ) -> Result<(), ChatError> {
        let id = &thread.d.id;
        match self.ports.chat.update(thread.first, thread.card).await {
            Err(gone) if gone.refusal == Refusal::Deleted => Err(gone),
            _ => {
                tracing::warn!(deployment.id = %id, error = %outside, "a reply about {id} is \
                    outside its thread: {outside}");
                Ok(())
            }
        }
    }
}
