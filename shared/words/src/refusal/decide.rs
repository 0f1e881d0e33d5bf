//! Why a decision was not taken.

use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::id::DeploymentId;

use super::{rejected, unsure};
use crate::message::ButtonAction;

/// A decision was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// There is no such deployment.
    #[error("there is no deployment {0}: the button is too old, or not from this Sluice")]
    Unknown(DeploymentId),
    /// The button carries no plan, and this action needs one.
    #[error("this button has no plan: use the newest message of {0}")]
    NoPlan(DeploymentId),
    /// It is no decision on a plan.
    #[error("`{}` is not a decision on a plan: use the button of the newest message", .0.label())]
    NoDecision(ButtonAction),
    /// The deployment does not take it.
    #[error("{}", rejected(.0))]
    Rejected(RejectedEvent),
    /// Something did not answer.
    #[error("{}", unsure(.0, "Click again in a moment; repeating it is safe"))]
    Port(#[from] PortError),
}

impl From<RejectedEvent> for DecideError {
    fn from(why: RejectedEvent) -> Self {
        Self::Rejected(why)
    }
}
