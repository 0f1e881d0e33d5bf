//! Makes the chat say what the deployment says: one message that is kept up to date, and the story
//! in its thread. What has been shown is remembered, so whatever was missed is caught up on.

use sluice_core::failure::PortError;
use sluice_core::view;

use crate::App;
use crate::ports::{Shown, Stored};

impl App {
    /// Brings what people see up to date.
    pub(crate) async fn tell(&self, stored: &Stored) -> Result<(), PortError> {
        let d = &stored.deployment;
        let mut shown = self.ports.store.shown(&d.id).await?;
        if shown.message.is_some() && shown.version >= stored.version && shown.told >= d.story.len()
        {
            return Ok(());
        }
        let result = self.catch_up(stored, &mut shown).await;
        // Also after a failure: what was posted is not posted again.
        self.ports.store.set_shown(&d.id, &shown).await?;
        result
    }

    async fn catch_up(&self, stored: &Stored, shown: &mut Shown) -> Result<(), PortError> {
        let d = &stored.deployment;
        let chat = &self.ports.chat;
        let channel = &d.settings.environment.channel;
        let message = view::message(d);
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
            Some(posted) => {
                if shown.version < stored.version {
                    chat.update(posted, &message).await?;
                }
                posted.clone()
            }
        };
        shown.version = stored.version;
        for (number, entry) in d.story.iter().enumerate().skip(shown.told) {
            let key = format!("{}/{number}", d.id);
            let message = view::thread_message(d, entry);
            chat.ensure_posted(&key, channel, Some(&posted), &message)
                .await?;
            shown.told = number + 1;
        }
        Ok(())
    }
}
