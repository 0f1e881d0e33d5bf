//! Why a form was not carried out.

use sluice_core::id::EnvironmentName;

use super::{AskError, ControlError, DecideError};
use crate::modal::{InputName, Submission};
use crate::slash::UnusableReason;

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
