//! What went wrong, in types: the kinds of port error, and the causes that end a deployment.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{DeploymentId, EnvironmentName, ServiceName, TaskArn, UserId};
use crate::metrics::Compared;
use crate::roles::NotAllowed;

/// What can be done about an error of the outside world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// Passes by itself: throttled, timed out, busy, the answer was lost. Try again.
    Retryable,
    /// Will be the same every time: refused as invalid, does not exist.
    Permanent,
    /// Needs someone's hand: access denied, a quota, a role that is not there. Tried again slowly,
    /// since the hand may come.
    NeedsPerson,
    /// A newer version of Sluice wrote what was to be read. Leave it alone: this version is being
    /// replaced, and whoever replaces it goes on.
    Newer,
}

/// An error of a port. The message says what was asked of whom and what to do; never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct PortError {
    /// What can be done about it.
    pub class: ErrorClass,
    /// For people.
    pub message: String,
}

impl PortError {
    /// An error that passes by itself.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self {
            class: ErrorClass::Retryable,
            message: cut(message.into()),
        }
    }

    /// An error that will be the same every time.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            class: ErrorClass::Permanent,
            message: cut(message.into()),
        }
    }

    /// What was to be read was written by a newer version of Sluice.
    pub fn newer(what: impl fmt::Display) -> Self {
        Self {
            class: ErrorClass::Newer,
            message: format!(
                "{what} is handled by a newer version of Sluice, which is being installed: try \
                 again \
                 in a minute"
            ),
        }
    }

    /// An error that needs someone's hand.
    pub fn needs_person(message: impl Into<String>) -> Self {
        Self {
            class: ErrorClass::NeedsPerson,
            message: cut(message.into()),
        }
    }
}

/// Characters of a message: it is stored with the deployment, in an item of at most 400 KB, and told in
/// Slack. What AWS says has as many as AWS likes.
const MESSAGE_CHARS: usize = 4_000;

fn cut(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MESSAGE_CHARS) {
        message.truncate(end);
        message.push('…');
    }
    message
}

/// Why a deployment did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The plan could not be drawn: everything that is in the way, not just the first thing.
    NotPlannable(Vec<String>),
    /// CloudFormation has taken back the update of the stack.
    StackRolledBack {
        /// The stack.
        stack: String,
        /// The first resource that failed, and its reason.
        reason: String,
    },
    /// It could not take that back (`UPDATE_ROLLBACK_FAILED`).
    StackStuck {
        /// The stack.
        stack: String,
        /// The first resource that failed, and its reason.
        reason: String,
    },
    /// Nobody saw how the update of the stack ended.
    StackUnknown {
        /// The stack.
        stack: String,
        /// What is known.
        reason: String,
    },
    /// The backup could not be taken or not verified.
    BackupFailed(String),
    /// The migration did not come through on a copy of the database.
    RehearsalFailed(String),
    /// The migration task did not exit with 0.
    MigrationFailed {
        /// Its exit code, if its container got far enough to have one.
        exit_code: Option<i32>,
        /// ECS's reason, or ours.
        reason: String,
        /// The last lines of its log.
        log_tail: Vec<String>,
    },
    /// Nobody saw how the migration ended, and the database does not show it.
    MigrationUnknown {
        /// Its task, if ECS was heard to take it.
        task: Option<TaskArn>,
        /// What is known.
        reason: String,
    },
    /// Somebody stopped our service deployment, or replaced it by another, once it had traffic.
    Replaced {
        /// The service.
        service: ServiceName,
        /// ECS's reason.
        reason: String,
    },
    /// ECS could not bring the new version up, or took it back.
    RolloutFailed {
        /// The service.
        service: ServiceName,
        /// ECS's reason, or ours.
        reason: String,
    },
    /// Green answered wrongly: each test that failed and why.
    SmokeTestsFailed(Vec<String>),
    /// The new version had the traffic and was not well.
    BakeFailed(String),
    /// The new version answers its requests worse than the old one.
    AnswersWorse {
        /// The service of which that was seen, with the numbers.
        compared: Box<Compared>,
        /// Per cent of the traffic that it had; `None` for all of it.
        percent: Option<u8>,
    },
    /// Somebody wanted what ran before.
    AskedFor {
        /// Who.
        by: UserId,
        /// Why, in their words.
        reason: String,
        /// The request's own id.
        request: String,
    },
    /// A phase took longer than it may.
    TimedOut {
        /// What it was doing.
        doing: String,
        /// How long it was given, in seconds.
        after_s: u64,
    },
    /// It was paused and nobody resumed it.
    PausedTooLong {
        /// Who paused it.
        by: UserId,
        /// For how long, in seconds.
        after_s: u64,
    },
    /// The database could not be brought back.
    NotRestored(String),
    /// Sluice could not do its work, and says nothing about the release: the world refused a
    /// request in a way that trying again does not mend.
    Refused {
        /// What Sluice was doing.
        doing: String,
        /// The refusal.
        error: PortError,
    },
}

impl Cause {
    /// Whether only a person can say how this goes on, whatever the migration does.
    pub fn is_for_a_person(&self) -> bool {
        matches!(self, Self::MigrationUnknown { .. } | Self::Replaced { .. })
    }

    /// Whether a migration that ended so may have left a part of itself, if it is no single
    /// transaction. `started`: whether its task was asked for, as far as is known.
    pub(crate) fn may_have_left_something(&self, started: bool) -> bool {
        match self {
            // It never got the lock, so it did nothing.
            Self::MigrationFailed {
                exit_code: Some(LOCK_NOT_FREE),
                ..
            } => false,
            Self::MigrationFailed { .. }
            | Self::MigrationUnknown { .. }
            | Self::TimedOut { .. }
            | Self::PausedTooLong { .. } => started,
            _ => false,
        }
    }
}

/// The wrapper's exit code where another migration held the lock for too long: sysexits'
/// `EX_TEMPFAIL`.
pub const LOCK_NOT_FREE: i32 = 75;

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = crate::quantity::duration_s;
        f.write_str(&match self {
            Self::NotPlannable(problems) => format!("planning failed: {}", problems.join("; ")),
            Self::RehearsalFailed(reason) => {
                format!("the rehearsal on a copy of the database failed: {reason}")
            }
            Self::BackupFailed(reason) => format!("the database backup failed: {reason}"),
            Self::MigrationFailed {
                exit_code, reason, ..
            } => match exit_code {
                Some(code) => format!("the migration ended with exit code {code}: {reason}"),
                None => format!("the migration never ran to its end: {reason}"),
            },
            Self::StackRolledBack { stack, reason } => format!(
                "CloudFormation could not update the stack {stack} and rolled it back: {reason}"
            ),
            Self::StackStuck { stack, reason } => format!(
                "the stack {stack} is stuck in UPDATE_ROLLBACK_FAILED: CloudFormation could neither \
                 update it nor roll it back: {reason}"
            ),
            Self::StackUnknown { stack, reason } => {
                format!("the outcome of the update of the stack {stack} is unknown: {reason}")
            }
            Self::MigrationUnknown { reason, .. } => {
                format!("the outcome of the migration is unknown: {reason}")
            }
            Self::Replaced { service, reason } => format!(
                "someone stopped the service deployment of {service}, or deployed something else \
                 over it: {reason}"
            ),
            Self::RolloutFailed { service, reason } => {
                format!("ECS could not roll out {service}: {reason}")
            }
            Self::SmokeTestsFailed(failures) => {
                format!("smoke tests failed on the new version: {}", failures.join("; "))
            }
            Self::BakeFailed(reason) => {
                format!("health checks failed after the traffic shift: {reason}")
            }
            Self::AnswersWorse { compared, percent } => {
                let when = match percent {
                    Some(percent) => format!("at {percent} % of the traffic"),
                    None => "did".to_owned(),
                };
                format!("the new version answers worse than the old one {when}: {compared}")
            }
            Self::AskedFor { by, reason, .. } => format!("<@{by}> asked to go back: {reason}"),
            Self::TimedOut { doing, after_s } => {
                format!("{doing} was not done after {}", after(*after_s))
            }
            Self::PausedTooLong { by, after_s } => {
                format!("<@{by}> paused it, and no one resumed it in {}", after(*after_s))
            }
            Self::NotRestored(reason) => reason.clone(),
            Self::Refused { doing, error } => format!("{doing} was refused: {error}"),
        })
    }
}

/// Why an event was not taken. The deployment is as it was. `sluice_words::refusal` puts it in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RejectedEvent {
    /// An answer to something that is no longer asked, or the second of two.
    Late {
        /// The event.
        event: &'static str,
        /// Where the deployment is.
        phase: &'static str,
    },
    /// The deployment is not waiting for anyone's approval.
    NotAwaitingApproval {
        /// Where the deployment is.
        phase: &'static str,
    },
    /// The button belongs to a plan that has been replaced since.
    StalePlan,
    /// The time to decide is over, whether or not somebody has noticed.
    DecisionExpired {
        /// When it was over.
        until: Timestamp,
    },
    /// Its environment was taken out of `sluice.toml`.
    NotConfigured {
        /// The environment.
        environment: EnvironmentName,
    },
    /// The one who clicked is not an approver.
    NotAnApprover {
        /// The environment.
        environment: String,
        /// Those who may.
        approvers: String,
    },
    /// Four eyes are demanded and these are the same two.
    FourEyes,
    /// Four eyes are demanded and these are the same two.
    FourEyesPushed,
    /// Said already.
    AlreadyApproved {
        /// How many are missing.
        missing: usize,
    },
    /// It has begun to change the world, so it is carried to an end.
    TooLateToCancel {
        /// Where the deployment is.
        phase: &'static str,
    },
    /// The migration failed before any service was changed.
    OnlyDatabase,
    /// Nobody's decision is waited for.
    NothingToDecide {
        /// Where the deployment is.
        phase: &'static str,
    },
    /// Nothing was changed that could go back.
    NothingToGoBackFrom {
        /// Where the deployment is.
        phase: &'static str,
    },
    /// It does so.
    GoingBackAlready,
    /// It is a way back itself.
    IsRollback,
    /// It brings the database back, and with it the code.
    IsRestore,
    /// Their role does not let them.
    NotAllowed(NotAllowed),
    /// Nothing holds it back.
    NothingToOverride {
        /// Where the deployment is.
        phase: &'static str,
    },
    /// Nobody is asked whether it is well.
    NothingToKeep {
        /// Where the deployment is.
        phase: &'static str,
    },
    /// ECS goes on by itself, or it is over.
    CannotPause {
        /// Where the deployment is.
        phase: &'static str,
    },
    /// Said already.
    AlreadyPaused {
        /// Who.
        by: UserId,
    },
    /// There is no pause to end.
    NotPaused {
        /// Where the deployment is.
        phase: &'static str,
    },
    /// A newer release waits its turn.
    NotSuperseded {
        /// The newer one.
        by: DeploymentId,
        /// Where the deployment is.
        phase: &'static str,
    },
}

impl From<NotAllowed> for RejectedEvent {
    fn from(why: NotAllowed) -> Self {
        Self::NotAllowed(why)
    }
}
