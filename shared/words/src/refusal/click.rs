//! Why a click did nothing.

use sluice_core::failure::PortError;

use super::{AskError, ControlError, DecideError};
use crate::message::{ButtonAction, Message};

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
