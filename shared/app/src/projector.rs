//! Makes the chat say what the deployment says: one message that is kept up to date, and the story
//! in its thread. What has been shown is remembered, so missed updates are caught up on. What is
//! too long for one message continues in the thread.

mod batch;
mod card;
mod silence;
mod thread;

use std::sync::Arc;

use jiff::Timestamp;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::id::ChannelName;
use sluice_core::machine::confirms_at;
use sluice_core::plan::SealedPlan;
use sluice_words::message::Message;
use sluice_words::view;

use crate::App;
use crate::ports::{ChatError, Refusal, Shown, Stored};
use thread::InThread;

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
        let channel = self.channel(d);
        if shown.undeliverable.is_some() && shown.channel.as_ref() != Some(channel) {
            // Another channel replaces the one that refuses: everything is posted there.
            *shown = Shown {
                undeliverable: shown.undeliverable.take(),
                ..Shown::default()
            };
        }
        shown.channel = Some(channel.clone());
        let before = self.plan_before(d).await?;
        let whole = view::message(d, before.as_deref());
        match self.show_all(stored, shown, &whole, again).await {
            Err(gone) if gone.refusal == Refusal::Deleted && shown.message.is_some() => {
                tracing::warn!(deployment.id = %d.id, error = %gone, "the message of {} was \
                    deleted and is posted again: {gone}", d.id);
                *shown = Shown {
                    channel: shown.channel.take(),
                    undeliverable: shown.undeliverable.take(),
                    replaced: shown.replaced + 1,
                    ..Shown::default()
                };
                self.show_all(stored, shown, &whole, true).await
            }
            result => result,
        }
        .map_err(|refused| refused.error)
    }

    /// The message, its thread, and what the message is too long for.
    async fn show_all(
        &self,
        stored: &Stored,
        shown: &mut Shown,
        whole: &Message,
        again: bool,
    ) -> Result<(), ChatError> {
        let d = &stored.deployment;
        let (card, continued) = self.show_card(stored, shown, whole, again).await?;
        shown.version = shown.version.max(stored.version);
        let Some(first) = shown.message.clone() else {
            return Ok(());
        };
        let thread = InThread {
            d,
            end: &stored.chain,
            channel: self.channel(d),
            first: &first,
            card: &card,
        };
        self.tell_story(&thread, shown).await?;
        let went_on = self.go_on(&thread, &continued, shown).await;
        if went_on.is_err() {
            // Not all of this version is posted: the next try checks again.
            shown.version = stored.version.saturating_sub(1);
        }
        went_on
    }

    /// The plan of the deployment that was verified last, for what is under way to be compared
    /// with. Nothing where that one cannot be read: this one is posted all the same.
    pub(crate) async fn plan_before(
        &self,
        d: &Deployment,
    ) -> Result<Option<Arc<SealedPlan>>, PortError> {
        if d.phase.is_terminal() {
            return Ok(None);
        }
        self.plan_of_previous(d).await
    }

    /// The same, also for what is over.
    pub(crate) async fn plan_of_previous(
        &self,
        d: &Deployment,
    ) -> Result<Option<Arc<SealedPlan>>, PortError> {
        let plan = d.plan.as_ref();
        let Some(previous) = plan.and_then(|sealed| sealed.seen.previous.as_ref()) else {
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
