//! Commands that request a deployment, a promotion, or a rollback.

use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::UserId;
use sluice_core::rollback::{ImageReference, ReleaseReference};
use sluice_words::message::Message;
use sluice_words::refusal::SlashFailed;
use sluice_words::slash::{Ask, Version};

use crate::App;
use crate::asked::Request;
use crate::ports::TriggerId;

impl App {
    /// `None` if a form asks for more.
    pub(super) async fn asked_for(
        &self,
        ask: &Ask,
        by: &UserId,
        trigger: &TriggerId,
    ) -> Result<Option<Message>, SlashFailed> {
        let request = |environment: &EnvironmentKey| Request {
            id: trigger.0.clone(),
            by: by.clone(),
            environment: environment.clone(),
        };
        let asked = match ask {
            Ask::Deploy {
                version,
                to,
                hotfix,
            } => match hotfix {
                None => self.deploy(&request(to), &image(version)).await?,
                Some(reason) => {
                    self.hotfix(&request(to), &image(version), reason.as_str())
                        .await?
                }
            },
            Ask::Promote(to) => self.promote(&request(to)).await?,
            Ask::Restore(at) => {
                self.ask_what_to_restore(at, by, trigger).await?;
                return Ok(None);
            }
            Ask::RollBack { at, to } => {
                // A deployment's id is written like a tag.
                let to = to
                    .as_ref()
                    .map(|to| ReleaseReference::parse(&to.to_string()));
                self.ask_where_to(at, by, to.as_ref(), trigger).await?;
                return Ok(None);
            }
        };
        Ok(Some(Message::line(asked.reply)))
    }
}

fn image(version: &Version) -> ImageReference {
    match version {
        Version::Tag(tag) => ImageReference::Tag(tag.clone()),
        Version::Digest(digest) => ImageReference::Digest(digest.clone()),
    }
}
