//! Forms: put before people, and carried out when they come back.

use sluice_core::failure::PortError;
use sluice_core::id::{DeploymentId, EnvironmentName};
use sluice_core::phase::Phase;
use sluice_core::rollback::ReleaseReference;
use sluice_words::message::ButtonAction;
use sluice_words::modal::{InputName, Purpose, Submission};
use sluice_words::slash::UnusableReason;
use sluice_words::view::reject_modal;

use crate::App;
use crate::asked::{AskError, Request, RestoreDatabase, RollBack};
use crate::control::ControlError;
use crate::decide::{Decide, DecideError, Decided};
use crate::ports::TriggerId;

/// Why a form was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitFailed {
    /// An answer cannot be used.
    #[error("{0}")]
    Reason(#[from] UnusableReason),
    /// The environment's name was not typed.
    #[error("type {0}, the environment's name, to confirm the restore")]
    NotConfirmed(EnvironmentName),
    /// It is not allowed, comes too late, or did not go through.
    #[error(transparent)]
    Decide(#[from] DecideError),
    /// The rollback or restore is not possible, or they may not.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// They may not, there is nothing to override, or it did not go through.
    #[error(transparent)]
    Control(#[from] ControlError),
}

impl SubmitFailed {
    /// The question of the form that the words are shown at. Slack drops words at a question that
    /// the form does not have.
    pub fn at(&self, submission: &Submission) -> InputName {
        let fits = match self {
            Self::Ask(AskError::SchemaMoved { .. }) => InputName::Schema,
            Self::Ask(
                AskError::NothingBefore(_)
                | AskError::NeverVerified { .. }
                | AskError::WentBackJustNow { .. }
                | AskError::OtherRollback { .. }
                | AskError::ImageGone { .. },
            ) => InputName::Release,
            Self::NotConfirmed(_) => InputName::Confirm,
            Self::Ask(AskError::NoPoint { .. } | AskError::PointGone) => InputName::Point,
            Self::Reason(_) | Self::Decide(_) | Self::Ask(_) | Self::Control(_) => {
                InputName::Reason
            }
        };
        match fits {
            InputName::Schema if !submission.answers.contains_key(&fits) => InputName::Release,
            fits => fits,
        }
    }
}

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
