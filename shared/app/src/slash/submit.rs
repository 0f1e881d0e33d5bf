//! Forms: put before people, and carried out when they come back.

use sluice_core::failure::PortError;
use sluice_core::id::DeploymentId;
use sluice_core::message::ButtonAction;
use sluice_core::modal::{InputName, Purpose, Submission};
use sluice_core::phase::Phase;
use sluice_core::slash::UnusableReason;
use sluice_core::view::reject_modal;

use crate::App;
use crate::decide::{Decide, DecideError, Decided};
use crate::ports::TriggerId;

/// Why a form was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitFailed {
    /// An answer cannot be used.
    #[error("{0}")]
    Reason(#[from] UnusableReason),
    /// No part of this Sluice carries it out.
    #[error("this Sluice does not take the form `{0}`")]
    NotServed(&'static str),
    /// It is not allowed, comes too late, or did not go through.
    #[error(transparent)]
    Decide(#[from] DecideError),
}

impl SubmitFailed {
    /// The question that the words are shown at.
    pub fn at(&self) -> InputName {
        match self {
            Self::Reason(_) | Self::NotServed(_) | Self::Decide(_) => InputName::Reason,
        }
    }
}

impl App {
    /// Asks the one who clicked why they reject it. Whether they may is seen when they have said so;
    /// that it can still be rejected at all is seen now.
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
            let phase = d.phase.name();
            let rejected = sluice_core::failure::RejectedEvent::NotAwaitingApproval { phase };
            return Err(rejected.into());
        };
        let opened: Result<(), PortError> = self.ports.chat.open_modal(trigger, &modal).await;
        Ok(opened?)
    }

    /// Carries out what a form asks for.
    ///
    /// # Errors
    /// See [`SubmitFailed`]; each says what to do to the one who sent it.
    pub async fn submit(&self, submission: &Submission) -> Result<Decided, SubmitFailed> {
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
            Purpose::RollBack { .. } | Purpose::Override { .. } => {
                Err(SubmitFailed::NotServed(submission.purpose.id()))
            }
        }
    }
}
