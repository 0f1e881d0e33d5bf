//! Forms: put before people, and carried out when they come back.

use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;
use sluice_core::phase::Phase;
use sluice_core::rollback::ReleaseReference;
use sluice_words::message::ButtonAction;
use sluice_words::modal::{Purpose, Submission};
use sluice_words::refusal::{AskError, DecideError, SubmitFailed};
use sluice_words::view::reject_modal;

use crate::App;
use crate::asked::{Request, RestoreDatabase, RollBack};
use crate::decide::{Decide, Decided};
use crate::ports::TriggerId;

impl App {
    /// Asks the person who clicked why they reject it. Whether they may is seen when they have said
    /// so; that it can still be rejected at all is seen now.
    ///
    /// # Errors
    /// There is nothing to reject, or the form could not be shown.
    pub async fn ask_why(
        &self,
        deployment: &DeploymentId,
        trigger: &TriggerId,
    ) -> Result<(), DecideError> {
        let stored = self.ports.store.load(deployment).await?;
        let d = stored
            .ok_or_else(|| DecideError::Unknown(deployment.clone()))?
            .deployment;
        let waits = matches!(d.phase, Phase::AwaitingApproval);
        let Some(modal) = reject_modal(&d).filter(|_| waits) else {
            let phase = d.phase.in_words();
            let rejected = sluice_core::failure::RejectedEvent::NotAwaitingApproval { phase };
            return Err(rejected.into());
        };
        let opened: Result<(), PortError> = self.ports.chat.open_modal(trigger, &modal).await;
        Ok(opened?)
    }

    /// Carries out what a form asks for.
    ///
    /// # Errors
    /// See [`SubmitFailed`]; each tells the person who sent it what to do.
    pub async fn submit(&self, submission: &Submission) -> Result<Decided, SubmitFailed> {
        let submission = &Submission {
            by: self.known_as(&submission.by).await,
            ..submission.clone()
        };
        match &submission.purpose {
            Purpose::Reject { deployment, plan } => {
                let decide = Decide {
                    action: ButtonAction::Reject,
                    deployment: deployment.clone(),
                    plan: Some(plan.clone()),
                    by: submission.by.clone(),
                    reason: Some(submission.reason()?),
                };
                Ok(self.decide(&decide).await?)
            }
            Purpose::RollBack { at } => {
                let request = Request {
                    id: submission.id.clone(),
                    by: submission.by.clone(),
                    environment: at.clone(),
                };
                let order = RollBack {
                    to: submission.release().map(ReleaseReference::Deployment),
                    reason: submission.reason()?.to_string(),
                    force: submission.is_forced(),
                };
                let asked = self.roll_back(&request, &order).await?;
                Ok(Decided { reply: asked.reply })
            }
            Purpose::Restore { at } => {
                if !submission.confirms(&at.environment) {
                    return Err(SubmitFailed::NotConfirmed(at.environment.clone()));
                }
                let request = Request {
                    id: submission.id.clone(),
                    by: submission.by.clone(),
                    environment: at.clone(),
                };
                let order = RestoreDatabase {
                    to: submission.point().ok_or(AskError::PointGone)?,
                    reason: submission.reason()?.to_string(),
                };
                let asked = self.restore(&request, &order).await?;
                Ok(Decided { reply: asked.reply })
            }
            Purpose::Override { deployment } => {
                let reason = submission.reason()?.to_string();
                Ok(self
                    .override_gate(deployment, &submission.by, &reason)
                    .await?)
            }
        }
    }
}
