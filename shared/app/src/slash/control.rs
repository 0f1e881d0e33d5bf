//! Commands that hold deployments up, or let them go on.

use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{DeploymentId, UserId};
use sluice_words::message::Message;
use sluice_words::refusal::SlashFailed;
use sluice_words::slash::{Control, Reason};

use super::NO_REASON;
use crate::App;

impl App {
    pub(super) async fn controlled_by(
        &self,
        control: &Control,
        by: &UserId,
    ) -> Result<Message, SlashFailed> {
        let decided = match control {
            Control::Pause { at, reason } => {
                let id = self.active(at).await?;
                self.pause(&id, by, &given(reason.as_ref())).await?
            }
            Control::Resume(at) => self.resume(&self.active(at).await?, by).await?,
            Control::Hold { at, reason } => {
                self.hold(at, Some(by), &given(reason.as_ref())).await?
            }
            Control::Release(at) => self.release(at, by).await?,
            Control::Freeze { at, until, reason } => {
                let reason = given(reason.as_ref());
                self.freeze(at, by, &reason, *until).await?
            }
            Control::Thaw(at) => self.thaw(at, by).await?,
        };
        Ok(Message::line(decided.reply))
    }

    /// The deployment that has the environment.
    async fn active(&self, at: &EnvironmentKey) -> Result<DeploymentId, SlashFailed> {
        let state = self.ports.store.environment(at).await?;
        let nothing = || SlashFailed::NothingUnderWay(at.clone());
        state.active.ok_or_else(nothing)
    }
}

fn given(reason: Option<&Reason>) -> String {
    reason.map_or_else(|| NO_REASON.to_owned(), Reason::to_string)
}
