//! Makes the chat say what the deployment says: one message that is kept up to date, and the story
//! in its thread. What has been shown is remembered, so missed updates are caught up on. What is
//! too long for one message continues in the thread.

mod batch;
mod silence;

use std::sync::Arc;

use jiff::Timestamp;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::{ChannelName, Hash};
use sluice_core::machine::confirms_at;
use sluice_core::plan::SealedPlan;
use sluice_words::message::{Block, Message};
use sluice_words::parts::parts;
use sluice_words::view::{self, Reply};

use crate::App;
use crate::ports::{MessageRef, Shown, Stored, Thread};
use batch::{Batch, batch};

impl App {
    /// Brings what people see up to date; when it must be tried again, if not all could be posted.
    ///
    /// Another function may post a later version in between, and then be overwritten by this one.
    /// So after each post the state is read again, and the current one is posted.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn tell(&self, stored: &Stored) -> Result<Option<Timestamp>, PortError> {
        let now = self.ports.clock.now();
        let confirms = confirms_at(&stored.deployment).is_some_and(|at| now >= at);
        let mut told = self.tell_once(stored, confirms).await?;
        while let Told::Overtaken(current) = told {
            told = self.tell_once(&current, true).await?;
        }
        Ok(match told {
            Told::TryAgain(at) => at,
            Told::All | Told::Overtaken(_) => None,
        })
    }

    async fn tell_once(&self, stored: &Stored, again: bool) -> Result<Told, PortError> {
        let d = &stored.deployment;
        let mut shown = self.ports.store.shown(&d.id).await?;
        let up_to_date = shown.version >= stored.version && shown.told >= d.story.len();
        if shown.message.is_some() && up_to_date && !again {
            return Ok(Told::All);
        }
        let now = self.ports.clock.now();
        if let Some(undeliverable) = &shown.undeliverable
            && shown.channel.as_ref() == Some(self.channel(d))
            && undeliverable.next.is_none_or(|next| now < next)
        {
            return Ok(Told::TryAgain(undeliverable.next));
        }
        let result = self.catch_up(stored, &mut shown, again).await;
        let try_again = silence::note(&mut shown, d, &result, now);
        // Also after a failure: what was posted is not posted again.
        self.ports.store.set_shown(&d.id, &shown).await?;
        if result.is_err() {
            return Ok(Told::TryAgain(try_again));
        }
        let current = self.ports.store.load(&d.id).await?;
        let current = current.filter(|current| current.version > stored.version);
        Ok(current.map_or(Told::All, |current| Told::Overtaken(Box::new(current))))
    }

    /// Where updates are posted: as the current sluice.toml says, so that someone can name another
    /// channel for one that does not take messages any more.
    fn channel<'a>(&'a self, d: &'a Deployment) -> &'a ChannelName {
        let pinned = &d.settings.environment;
        let configured = self.configured(&EnvironmentKey::of(d));
        &configured.unwrap_or(pinned).channel
    }

    async fn catch_up(
        &self,
        stored: &Stored,
        shown: &mut Shown,
        again: bool,
    ) -> Result<(), PortError> {
        let d = &stored.deployment;
        let chat = &self.ports.chat;
        let channel = self.channel(d);
        if shown.undeliverable.is_some() && shown.channel.as_ref() != Some(channel) {
            // Another channel replaces the one that refuses: everything is posted there.
            shown.message = None;
            (shown.version, shown.told) = (0, 0);
            (shown.posting, shown.continued) = (None, None);
        }
        shown.channel = Some(channel.clone());
        let before = self.plan_before(d).await?;
        let whole = view::message(d, before.as_deref());
        let mut continued = parts(whole, || told_below(d));
        let message = continued.remove(0);
        let posted = match &shown.message {
            None => {
                let posted = chat
                    .ensure_posted(d.id.as_str(), channel, None, &message)
                    .await?;
                shown.message = Some(posted.clone());
                // It may have been there already, posted by a try whose answer was lost, and say
                // what was true then.
                chat.update(&posted, &message).await?;
                posted
            }
            Some(posted) if shown.version >= stored.version && !again => posted.clone(),
            Some(posted) => match chat.update(posted, &message).await {
                Ok(()) => posted.clone(),
                // Someone deleted it. The updates continue in its new thread.
                Err(error) if error.class == ErrorClass::Permanent => {
                    let key = format!("{}/anew/{}", d.id, stored.version);
                    let anew = chat.ensure_posted(&key, channel, None, &message).await?;
                    *shown = Shown {
                        message: Some(anew.clone()),
                        channel: shown.channel.take(),
                        ..Shown::default()
                    };
                    anew
                }
                Err(error) => return Err(error),
            },
        };
        shown.version = shown.version.max(stored.version);
        self.tell_story(d, &posted, shown).await?;
        let went_on = self.go_on(d, &posted, &continued, shown).await;
        if went_on.is_err() {
            // Not all of this version is posted: the next try checks again.
            shown.version = stored.version.saturating_sub(1);
        }
        went_on
    }

    /// Posts what the message is too long for, once as it is.
    async fn go_on(
        &self,
        d: &Deployment,
        posted: &MessageRef,
        continued: &[Message],
        shown: &mut Shown,
    ) -> Result<(), PortError> {
        if continued.is_empty() {
            return Ok(());
        }
        let hash = Hash::of_json(&continued);
        if shown.continued.as_ref() == Some(&hash) {
            return Ok(());
        }
        let key = format!("{}/continued/{}", posted.ts, hash.short());
        for (part, message) in continued.iter().enumerate() {
            let reply = Reply {
                message: message.clone(),
                broadcast: false,
            };
            self.reply(d, &format!("{key}/{part}"), posted, &reply)
                .await?;
        }
        shown.continued = Some(hash);
        Ok(())
    }

    async fn reply(
        &self,
        d: &Deployment,
        key: &str,
        posted: &MessageRef,
        reply: &Reply,
    ) -> Result<(), PortError> {
        let channel = self.channel(d);
        let thread = Thread {
            first: posted,
            broadcast: reply.broadcast,
        };
        let chat = &self.ports.chat;
        chat.ensure_posted(key, channel, Some(thread), &reply.message)
            .await
            .map(drop)
    }

    /// Posts what the thread does not have yet of the story.
    async fn tell_story(
        &self,
        d: &Deployment,
        posted: &MessageRef,
        shown: &mut Shown,
    ) -> Result<(), PortError> {
        while let Some(Batch { replies, to }) = batch(d, shown.told, shown.posting) {
            let single = to == shown.told + 1;
            if !single && shown.posting.is_none() {
                // By the next try the story may be longer. What was posted and not answered is
                // found again only if it goes as far as this one.
                shown.posting = Some(to);
                self.ports.store.set_shown(&d.id, shown).await?;
            }
            let key = match single {
                true => format!("{}/{}", posted.ts, shown.told),
                false => format!("{}/{}-{to}", posted.ts, shown.told),
            };
            for (part, reply) in replies.iter().enumerate() {
                let key = match part {
                    0 => key.clone(),
                    part => format!("{key}/{part}"),
                };
                self.reply(d, &key, posted, reply).await?;
            }
            shown.told = to;
            shown.posting = None;
        }
        Ok(())
    }

    /// The plan of the deployment that was verified last, for what is under way to be compared
    /// with. Nothing where that one cannot be read: this one is posted all the same.
    pub(crate) async fn plan_before(
        &self,
        d: &Deployment,
    ) -> Result<Option<Arc<SealedPlan>>, PortError> {
        let previous = d
            .plan
            .as_ref()
            .and_then(|sealed| sealed.seen.previous.as_ref());
        let Some(previous) = previous.filter(|_| !d.phase.is_terminal()) else {
            return Ok(None);
        };
        let id = &previous.deployment;
        let stored = match self.ports.store.load(id).await {
            Err(error) if error.class != ErrorClass::Retryable => {
                tracing::warn!(deployment.id = %id, %error, "{id} cannot be compared with: \
                    {error}");
                None
            }
            read => read?,
        };
        Ok(stored.and_then(|stored| stored.deployment.plan.clone()))
    }
}

/// Whether people were updated.
enum Told {
    /// They know all of it.
    All,
    /// They know all of a version that is not the last any more.
    Overtaken(Box<Stored>),
    /// Not all of it; when it is tried again, if at all.
    TryAgain(Option<Timestamp>),
}

/// What the thread contains in full.
fn told_below(d: &Deployment) -> Vec<Block> {
    let replies = d.story.iter().flat_map(|entry| view::replies(d, entry));
    replies.flat_map(|reply| reply.message.blocks).collect()
}
