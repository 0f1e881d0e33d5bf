//! Why someone's hand on an environment or on a deployment did nothing.

use jiff::Timestamp;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::id::DeploymentId;
use sluice_core::roles::NotAllowed;

use super::{AGAIN, not_allowed, rejected, unsure};

/// Someone's wish was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// There is no such environment.
    #[error("{} has no environment {}: check the environments in its sluice.toml", .0.app, .0.environment)]
    UnknownEnvironment(EnvironmentKey),
    /// There is no such deployment.
    #[error("there is no deployment {0}: check its id")]
    UnknownDeployment(DeploymentId),
    /// Their role does not let them.
    #[error("{}", not_allowed(.0))]
    NotAllowed(NotAllowed),
    /// The deployment does not take it.
    #[error("{}", rejected(.0))]
    Rejected(RejectedEvent),
    /// It is to end before it begins.
    #[error("a freeze until {until} would already be over: name a later time")]
    Past {
        /// When.
        until: Timestamp,
    },
    /// Someone set or lifted something after this was requested.
    #[error(
        "this was requested before the last change at {at}, so it was ignored: check the current \
         status, and type it again if you still want it"
    )]
    Overtaken {
        /// When the last change was made.
        at: Timestamp,
    },
    /// There is nothing to lift.
    #[error("{environment} is not {what}; what sluice.toml says about it still applies")]
    NotSet {
        /// Where.
        environment: String,
        /// `frozen` or `held`.
        what: &'static str,
    },
    /// Something did not answer.
    #[error("{}", unsure(.0, AGAIN))]
    Port(#[from] PortError),
}

impl From<NotAllowed> for ControlError {
    fn from(why: NotAllowed) -> Self {
        Self::NotAllowed(why)
    }
}

impl From<RejectedEvent> for ControlError {
    fn from(rejected: RejectedEvent) -> Self {
        match rejected {
            RejectedEvent::NotAllowed(not_allowed) => Self::NotAllowed(not_allowed),
            rejected => Self::Rejected(rejected),
        }
    }
}
