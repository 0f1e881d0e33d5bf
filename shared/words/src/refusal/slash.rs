//! Why a command was not carried out.

use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::PortError;

use super::{AskError, ControlError, DecideError, NotComparable, unsure};
use crate::slash::SlashError;

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlashFailed {
    /// It is not a command.
    #[error("{0}")]
    NotACommand(#[from] SlashError),
    /// Nothing is there to decide on.
    #[error("nothing is waiting for approval in {0}")]
    NothingWaits(String),
    /// More than one thing is.
    #[error("several deployments are waiting for approval: name one of {0}")]
    SeveralWait(String),
    /// More than one thing may be: one environment cannot be read.
    #[error("{0} cannot be read, and a deployment may be waiting there too: name the environment")]
    MayWaitToo(EnvironmentKey),
    /// Nothing is there to call off.
    #[error("no deployment to {0} is in progress")]
    NothingUnderWay(EnvironmentKey),
    /// It is not allowed, comes too late, or did not go through.
    #[error(transparent)]
    Decide(#[from] DecideError),
    /// The request is refused, or they may not.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// They may not, it is not as they think, or it did not go through.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// These two cannot be compared.
    #[error(transparent)]
    Parity(#[from] NotComparable),
    /// Something did not answer.
    #[error("{}", unsure(.0, "Type it again in a moment; repeating it is safe"))]
    Port(#[from] PortError),
}
