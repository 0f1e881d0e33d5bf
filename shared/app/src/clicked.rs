//! Clicks on buttons: decisions, pauses, and forms that ask for more.

use std::sync::Arc;

use sluice_core::controls::ControlsObservation;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::id::{DeploymentId, UserId};
use sluice_core::phase::Phase;
use sluice_core::roles::{Action, may};
use sluice_words::message::{Block, ButtonAction, Message};
use sluice_words::view::override_modal;

use crate::App;
use crate::asked::AskError;
use crate::control::ControlError;
use crate::decide::{Decide, DecideError, Decided};
use crate::ports::TriggerId;
use crate::slash::NO_REASON;

/// Why a click failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClickFailed {
    /// There is nothing to put a form before them with.
    #[error("`{}` needs a reason, and Slack sent no trigger to open the form: click again", .0.label())]
    NoTrigger(ButtonAction),
    /// The button shows a plan that has been replaced since. The message shows the one there is.
    #[error("{}", .0.summary)]
    OldPlan(Box<Message>),
    /// A decision was not taken.
    #[error(transparent)]
    Decide(#[from] DecideError),
    /// A pause or an override was not carried out.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The rollback is not possible, or they may not.
    #[error(transparent)]
    Ask(#[from] AskError),
}

impl ClickFailed {
    /// What did not answer, if that is why: the click may be made again.
    pub fn port(&self) -> Option<&PortError> {
        match self {
            Self::Decide(DecideError::Port(error))
            | Self::Control(ControlError::Port(error))
            | Self::Ask(AskError::Port(error)) => Some(error),
            Self::NoTrigger(_)
            | Self::OldPlan(_)
            | Self::Decide(_)
            | Self::Control(_)
            | Self::Ask(_) => None,
        }
    }
}

impl App {
    /// Takes a click; `None` if the person who clicked is asked for more. Without a trigger to ask,
    /// a rejection goes without a reason.
    ///
    /// # Errors
    /// See [`ClickFailed`]; each tells the person who clicked what to do.
    pub async fn click(
        &self,
        click: &Decide,
        trigger: Option<&TriggerId>,
    ) -> Result<Option<Decided>, ClickFailed> {
        let by = self.known_as(&click.by).await;
        let click = &Decide {
            by,
            ..click.clone()
        };
        let (id, by) = (&click.deployment, &click.by);
        let leave = || trigger.ok_or(ClickFailed::NoTrigger(click.action));
        match (click.action, trigger) {
            (ButtonAction::Reject, Some(trigger)) => {
                let waits = self.clicked_on(id).await.map_err(DecideError::from)?;
                if let Some(d) = waits.filter(|d| is_of_old_plan(d, click)) {
                    return Err(old_plan(&d));
                }
                self.ask_why(id, trigger).await?;
                Ok(None)
            }
            (ButtonAction::Approve | ButtonAction::Reject | ButtonAction::Cancel, _) => {
                match self.decide(click).await {
                    Err(DecideError::Rejected(RejectedEvent::StalePlan)) => {
                        let d = self.clicked_on(id).await.map_err(DecideError::from)?;
                        Err(d.map_or_else(
                            || DecideError::Unknown(id.clone()).into(),
                            |d| old_plan(&d),
                        ))
                    }
                    decided => Ok(Some(decided?)),
                }
            }
            (ButtonAction::Pause, _) => Ok(Some(self.pause(id, by, NO_REASON).await?)),
            (ButtonAction::Resume, _) => Ok(Some(self.resume(id, by).await?)),
            (ButtonAction::RollForward, _) => Ok(Some(self.roll_forward(id, by).await?)),
            (ButtonAction::Keep, _) => Ok(Some(self.keep(id, by).await?)),
            (ButtonAction::Override, _) => {
                self.ask_why_override(id, by, leave()?).await?;
                Ok(None)
            }
            (ButtonAction::RestoreDatabase, _) => {
                let d = self.clicked_on(id).await.map_err(ControlError::from)?;
                let d = d.ok_or_else(|| DecideError::Unknown(id.clone()))?;
                let at = EnvironmentKey::of(&d);
                self.ask_what_to_restore(&at, by, leave()?).await?;
                Ok(None)
            }
            (ButtonAction::RollBack, _) => {
                let d = self.clicked_on(id).await.map_err(ControlError::from)?;
                let d = d.ok_or_else(|| DecideError::Unknown(id.clone()))?;
                let at = EnvironmentKey::of(&d);
                self.ask_where_to(&at, by, None, leave()?).await?;
                Ok(None)
            }
        }
    }

    /// Asks why a deployment should start although its environment is closed. Whether they may is
    /// seen now, and again when they have said so.
    async fn ask_why_override(
        &self,
        id: &DeploymentId,
        by: &UserId,
        trigger: &TriggerId,
    ) -> Result<(), ControlError> {
        let d = self.clicked_on(id).await?;
        let d = d.ok_or_else(|| ControlError::UnknownDeployment(id.clone()))?;
        let groups = self.authority(&d, Action::Override, by).await??;
        may(&d.settings.environment, Action::Override, by, &groups)?;
        let Phase::AwaitingWindow {
            closed: Some(closed),
        } = &d.phase
        else {
            let phase = d.phase.in_words();
            return Err(RejectedEvent::NothingToOverride { phase }.into());
        };
        let modal = override_modal(&d, &[why_closed(&d, closed)]);
        Ok(self.ports.chat.open_modal(trigger, &modal).await?)
    }

    async fn clicked_on(&self, id: &DeploymentId) -> Result<Option<Deployment>, PortError> {
        let stored = self.ports.store.load(id).await?;
        Ok(stored.map(|stored| Arc::unwrap_or_clone(stored.deployment)))
    }
}

fn is_of_old_plan(d: &Deployment, click: &Decide) -> bool {
    let plan = d.plan.as_ref().map(|sealed| &sealed.hash);
    matches!(d.phase, Phase::AwaitingApproval) && plan != click.plan.as_ref()
}

/// Says that the plan has changed, and shows the one that waits now.
fn old_plan(d: &Deployment) -> ClickFailed {
    let said = format!(
        "That button belongs to a plan that has changed since, so nothing was decided. Below is \
         the current plan of {} to {}: decide on it in {}, at the top of its thread.",
        d.release.tag,
        d.environment(),
        d.settings.environment.channel
    );
    let mut message = Message::line(said);
    if let Some(sealed) = &d.plan {
        message
            .blocks
            .push(Block::Code(sluice_words::plan::text(sealed)));
        let hash = sealed.hash.short();
        message.blocks.push(Block::Context(format!("plan {hash}")));
    }
    ClickFailed::OldPlan(Box::new(message))
}

fn why_closed(d: &Deployment, closed: &ControlsObservation) -> String {
    sluice_words::controls::closed(closed, &d.settings.environment, &d.requested_by)
}
