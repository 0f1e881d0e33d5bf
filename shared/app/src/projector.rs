//! Makes the chat say what the deployment says: one message that is kept up to date, and the story
//! in its thread. What has been shown is remembered, so whatever was missed is caught up on.

use sluice_core::deployment::Deployment;
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::plan::Plan;
use sluice_core::view;

use crate::App;
use crate::ports::{Shown, Stored, Thread};

impl App {
    /// Brings what people see up to date.
    ///
    /// Another function may tell of a later version in between, and then be overwritten by this
    /// one. So whoever told something looks again, and tells what is true now.
    pub(crate) async fn tell(&self, stored: &Stored) -> Result<(), PortError> {
        let mut overtaken_by = self.tell_once(stored, false).await?;
        while let Some(current) = overtaken_by {
            overtaken_by = self.tell_once(&current, true).await?;
        }
        Ok(())
    }

    /// Tells of this version; the version that is current afterwards, if it is a later one.
    async fn tell_once(&self, stored: &Stored, again: bool) -> Result<Option<Stored>, PortError> {
        let d = &stored.deployment;
        let mut shown = self.ports.store.shown(&d.id).await?;
        let up_to_date = shown.version >= stored.version && shown.told >= d.story.len();
        if shown.message.is_some() && up_to_date && !again {
            return Ok(None);
        }
        let result = self.catch_up(stored, &mut shown).await;
        // Also after a failure: what was posted is not posted again.
        self.ports.store.set_shown(&d.id, &shown).await?;
        result?;
        let current = self.ports.store.load(&d.id).await?;
        Ok(current.filter(|current| current.version > stored.version))
    }

    async fn catch_up(&self, stored: &Stored, shown: &mut Shown) -> Result<(), PortError> {
        let d = &stored.deployment;
        let chat = &self.ports.chat;
        let channel = &d.settings.environment.channel;
        let before = self.plan_before(d).await?;
        let message = view::message(d, before.as_ref());
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
            Some(posted) => match chat.update(posted, &message).await {
                Ok(()) => posted.clone(),
                // Somebody deleted it. The story follows it to its new thread.
                Err(error) if error.class == ErrorClass::Permanent => {
                    let key = format!("{}/anew/{}", d.id, stored.version);
                    let anew = chat.ensure_posted(&key, channel, None, &message).await?;
                    *shown = Shown {
                        message: Some(anew.clone()),
                        ..Shown::default()
                    };
                    anew
                }
                Err(error) => return Err(error),
            },
        };
        shown.version = stored.version;
        for (number, entry) in d.story.iter().enumerate().skip(shown.told) {
            let key = format!("{}/{number}", posted.ts);
            for (part, reply) in view::replies(d, entry).iter().enumerate() {
                let key = match part {
                    0 => key.clone(),
                    part => format!("{key}/{part}"),
                };
                let thread = Thread {
                    first: &posted,
                    broadcast: reply.broadcast,
                };
                chat.ensure_posted(&key, channel, Some(thread), &reply.message)
                    .await?;
            }
            shown.told = number + 1;
        }
        Ok(())
    }

    /// The plan of the deployment that was proven last, for what is under way to be compared with.
    async fn plan_before(&self, d: &Deployment) -> Result<Option<Plan>, PortError> {
        let previous = d
            .plan
            .as_ref()
            .and_then(|sealed| sealed.plan.previous.as_ref());
        let Some(previous) = previous.filter(|_| !d.phase.is_terminal()) else {
            return Ok(None);
        };
        let stored = self.ports.store.load(&previous.deployment).await?;
        let sealed = stored.and_then(|stored| stored.deployment.plan);
        Ok(sealed.map(|sealed| sealed.plan.clone()))
    }
}
