//! Clicks on buttons: decisions, pauses, and forms that ask for more.

use std::sync::Arc;

use sluice_core::controls::ControlsObservation;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::id::{DeploymentId, UserId};
use sluice_core::phase::Phase;
use sluice_core::roles::{Action, may};
use sluice_words::message::ButtonAction;
use sluice_words::refusal::{ClickFailed, ControlError, DecideError};
use sluice_words::reply;
use sluice_words::view::override_modal;

use crate::App;
use crate::decide::{Decide, Decided};
use crate::ports::TriggerId;
use crate::slash::NO_REASON;

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
                    return Err(ClickFailed::OldPlan(Box::new(reply::old_plan(&d))));
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
                            |d| ClickFailed::OldPlan(Box::new(reply::old_plan(&d))),
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

fn why_closed(d: &Deployment, closed: &ControlsObservation) -> String {
    sluice_words::controls::closed(closed, &d.settings.environment, &d.requested_by)
}
