//! Why something was not done, and what kind of a no that is.

use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::id::DeploymentId;
use sluice_words::message::{Block, sentence};
use sluice_words::operate::{Answer, Outcome, said};
use sluice_words::refusal::{
    AGAIN, AskError, ClickFailed, ControlError, DecideError, SlashFailed, SubmitFailed, unsure,
};
use sluice_words::slash::{SlashError, UnusableReason};

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failed {
    /// No deployment has that id.
    #[error("{}", said::no_deployment(.0))]
    NoDeployment(DeploymentId),
    /// Nothing was deployed there.
    #[error("{}", said::nothing_there(.0))]
    NothingThere(EnvironmentKey),
    #[error(transparent)]
    Slash(#[from] SlashFailed),
    #[error(transparent)]
    Click(#[from] ClickFailed),
    #[error(transparent)]
    Submit(#[from] SubmitFailed),
    #[error("{}", unsure(.0, AGAIN))]
    Port(#[from] PortError),
}

impl From<SlashError> for Failed {
    fn from(error: SlashError) -> Self {
        Self::Slash(error.into())
    }
}

impl From<AskError> for Failed {
    fn from(error: AskError) -> Self {
        Self::Submit(error.into())
    }
}

impl From<DecideError> for Failed {
    fn from(error: DecideError) -> Self {
        Self::Click(error.into())
    }
}

impl From<UnusableReason> for Failed {
    fn from(error: UnusableReason) -> Self {
        Self::Submit(error.into())
    }
}

impl Failed {
    /// The answer. Without Slack nobody knows who is in a group: then it says who can act.
    pub(super) fn answer(&self, is_group_unknown: bool) -> Answer {
        let mut answer = Answer::line(self.outcome(), sentence(&self.to_string()));
        if is_group_unknown {
            let said = said::GROUPS_UNKNOWN.to_owned();
            answer.message.blocks.push(Block::Text(said));
        }
        answer
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::NoDeployment(_) | Self::NothingThere(_) => Outcome::Refused,
            Self::Port(_) => Outcome::Unknown,
            Self::Slash(slash) => match slash {
                SlashFailed::NotACommand(_) => Outcome::NotUnderstood,
                SlashFailed::NothingWaits(_)
                | SlashFailed::SeveralWait(_)
                | SlashFailed::MayWaitToo(_)
                | SlashFailed::NothingUnderWay(_) => Outcome::Refused,
                SlashFailed::Parity(_) => Outcome::NotUnderstood,
                SlashFailed::Decide(error) => decided(error),
                SlashFailed::Ask(error) => asked(error),
                SlashFailed::Control(error) => controlled(error),
                SlashFailed::Port(_) => Outcome::Unknown,
            },
            Self::Click(click) => match click {
                ClickFailed::NoTrigger(_) | ClickFailed::OldPlan(_) => Outcome::Refused,
                ClickFailed::Decide(error) => decided(error),
                ClickFailed::Control(error) => controlled(error),
                ClickFailed::Ask(error) => asked(error),
            },
            Self::Submit(form) => match form {
                SubmitFailed::Reason(_) | SubmitFailed::NotConfirmed(_) => Outcome::NotUnderstood,
                SubmitFailed::Decide(error) => decided(error),
                SubmitFailed::Ask(error) => asked(error),
                SubmitFailed::Control(error) => controlled(error),
            },
        }
    }
}

fn asked(error: &AskError) -> Outcome {
    match error {
        AskError::NotAllowed(_) => Outcome::NotAllowed,
        AskError::Port(_) => Outcome::Unknown,
        AskError::Rejected(rejected) => self::rejected(rejected),
        _ => Outcome::Refused,
    }
}

fn decided(error: &DecideError) -> Outcome {
    match error {
        DecideError::Port(_) => Outcome::Unknown,
        DecideError::Rejected(rejected) => self::rejected(rejected),
        DecideError::Unknown(_) | DecideError::NoPlan(_) | DecideError::NoDecision(_) => {
            Outcome::Refused
        }
    }
}

fn controlled(error: &ControlError) -> Outcome {
    match error {
        ControlError::NotAllowed(_) => Outcome::NotAllowed,
        ControlError::Port(_) => Outcome::Unknown,
        ControlError::Rejected(rejected) => self::rejected(rejected),
        ControlError::UnknownEnvironment(_)
        | ControlError::UnknownDeployment(_)
        | ControlError::Past { .. }
        | ControlError::Overtaken { .. }
        | ControlError::NotSet { .. } => Outcome::Refused,
    }
}

fn rejected(rejected: &RejectedEvent) -> Outcome {
    match rejected {
        RejectedEvent::NotAllowed(_)
        | RejectedEvent::NotAnApprover { .. }
        | RejectedEvent::FourEyes
        | RejectedEvent::FourEyesPushed => Outcome::NotAllowed,
        _ => Outcome::Refused,
    }
}
