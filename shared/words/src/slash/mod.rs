//! `/sluice …`: what people type in Slack, read into commands.
//!
//! Pure: the time and the environments there are come in as arguments. What Slack does to the text
//! on its way is undone in `text`; times are read in `when`; every error is typed and says what
//! to write instead.

mod error;
mod help;
mod parse;
mod text;
mod verb;
mod when;

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{Digest, ImageTag};

pub use error::{Argument, SlashError};
pub use help::help;
pub use parse::parse;
pub use text::{REASON_CHARS, Reason, UnusableReason};
pub use verb::{Group, Verb};
pub use when::WhenError;

/// The slash command, as the Slack app's manifest names it.
pub const COMMAND: &str = "/sluice";

/// What stands before the reason of a hotfix.
const HOTFIX: &str = "hotfix:";

/// A command, by what it asks of Sluice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slash {
    /// Tells how things are, and changes nothing.
    Look(Look),
    /// Decides on a deployment that is there.
    Decision(Decision),
    /// Asks for a deployment.
    Ask(Ask),
    /// Holds deployments up, or lets them go on.
    Control(Control),
}

/// Tells how things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// How an environment is; without one, how all are.
    Status(Option<EnvironmentKey>),
    /// What was deployed.
    History(Option<EnvironmentKey>),
    /// The figures of DORA; `None`: of all environments.
    Metrics(Option<EnvironmentKey>),
    /// Two environments side by side; without one of them, or both, those that belong together by
    /// `after`.
    Parity([Option<EnvironmentKey>; 2]),
    /// Who may do what.
    Who(EnvironmentKey),
    /// How a command is written; without one, all of them.
    Help(Option<Verb>),
}

/// Decides on a deployment that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Yes to the plan that waits.
    Approve(Option<EnvironmentKey>),
    /// No to it.
    Reject {
        /// Where; `None`: the only one that waits.
        at: Option<EnvironmentKey>,
        /// Why.
        reason: Reason,
    },
    /// Calls the deployment off.
    Cancel(EnvironmentKey),
}

/// Asks for a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Brings a version somewhere.
    Deploy {
        /// What.
        version: Version,
        /// Where to.
        to: EnvironmentKey,
        /// Why it may skip the environment it should have passed, if it is to.
        hotfix: Option<Reason>,
    },
    /// Brings on what succeeded in the environment before.
    Promote(EnvironmentKey),
    /// Brings back what was verified before.
    RollBack {
        /// Where.
        at: EnvironmentKey,
        /// To which version; `None`: the one before.
        to: Option<Version>,
    },
    /// Brings the database back.
    Restore(EnvironmentKey),
}

/// Holds deployments up, or lets them go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Pauses the deployment that is under way.
    Pause {
        /// Where.
        at: EnvironmentKey,
        /// Why.
        reason: Option<Reason>,
    },
    /// Lets it go on.
    Resume(EnvironmentKey),
    /// Lets no push begin a deployment.
    Hold {
        /// Where.
        at: EnvironmentKey,
        /// Why.
        reason: Option<Reason>,
    },
    /// Ends the hold.
    Release(EnvironmentKey),
    /// Lets nothing begin.
    Freeze {
        /// Where.
        at: EnvironmentKey,
        /// Until when; `None`: until someone thaws it.
        until: Option<Timestamp>,
        /// Why.
        reason: Option<Reason>,
    },
    /// Ends the freeze.
    Thaw(EnvironmentKey),
}

/// A version as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// By its tag.
    Tag(ImageTag),
    /// By its content.
    Digest(Digest),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "{tag}"),
            Self::Digest(digest) => write!(f, "{digest}"),
        }
    }
}

/// An environment that a command can name.
#[derive(Clone, Debug)]
pub struct Known {
    /// Which.
    pub key: EnvironmentKey,
    /// Whose clock its people live by; `None`: a time of day must say its zone.
    pub zone: Option<TimeZone>,
}

impl Slash {
    /// The verb it is written with.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Look(Look::Status(_)) => Verb::Status,
            Self::Look(Look::History(_)) => Verb::History,
            Self::Look(Look::Metrics(_)) => Verb::Metrics,
            Self::Look(Look::Parity(_)) => Verb::Parity,
            Self::Look(Look::Who(_)) => Verb::Who,
            Self::Look(Look::Help(_)) => Verb::Help,
            Self::Decision(Decision::Approve(_)) => Verb::Approve,
            Self::Decision(Decision::Reject { .. }) => Verb::Reject,
            Self::Decision(Decision::Cancel(_)) => Verb::Cancel,
            Self::Ask(Ask::Deploy { .. }) => Verb::Deploy,
            Self::Ask(Ask::Promote(_)) => Verb::Promote,
            Self::Ask(Ask::RollBack { .. }) => Verb::RollBack,
            Self::Ask(Ask::Restore(_)) => Verb::Restore,
            Self::Control(Control::Pause { .. }) => Verb::Pause,
            Self::Control(Control::Resume(_)) => Verb::Resume,
            Self::Control(Control::Hold { .. }) => Verb::Hold,
            Self::Control(Control::Release(_)) => Verb::Release,
            Self::Control(Control::Freeze { .. }) => Verb::Freeze,
            Self::Control(Control::Thaw(_)) => Verb::Thaw,
        }
    }
}

impl fmt::Display for Slash {
    /// The text as Slack sends it after `/sluice`, with `&`, `<` and `>` escaped: reading it gives
    /// the same command.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.verb())?;
        match self {
            Self::Look(Look::Status(at) | Look::History(at) | Look::Metrics(at))
            | Self::Decision(Decision::Approve(at)) => write_place(f, at.as_ref()),
            Self::Look(Look::Parity([one, other])) => {
                write_place(f, one.as_ref())?;
                write_place(f, other.as_ref())
            }
            Self::Look(Look::Help(about)) => match about {
                Some(verb) => write!(f, " {verb}"),
                None => Ok(()),
            },
            Self::Look(Look::Who(at))
            | Self::Decision(Decision::Cancel(at))
            | Self::Ask(Ask::Promote(at) | Ask::Restore(at))
            | Self::Control(Control::Resume(at) | Control::Release(at) | Control::Thaw(at)) => {
                write!(f, " {at}")
            }
            // Without a place the first word of the reason could be taken for one.
            Self::Decision(Decision::Reject { at: None, reason }) => {
                write!(f, " {}", reason.quoted())
            }
            Self::Decision(Decision::Reject {
                at: Some(at),
                reason,
            }) => write!(f, " {at} {}", reason.written()),
            Self::Ask(Ask::Deploy {
                version,
                to,
                hotfix,
            }) => {
                write!(f, " {version} to {to}")?;
                match hotfix {
                    Some(reason) => write!(f, " {HOTFIX} {}", reason.written()),
                    None => Ok(()),
                }
            }
            Self::Ask(Ask::RollBack { at, to: None }) => write!(f, " {at}"),
            Self::Ask(Ask::RollBack {
                at,
                to: Some(version),
            }) => write!(f, " {at} to {version}"),
            Self::Control(Control::Pause { at, reason } | Control::Hold { at, reason }) => {
                write!(f, " {at}")?;
                write_reason(f, reason.as_ref())
            }
            Self::Control(Control::Freeze { at, until, reason }) => {
                write!(f, " {at}")?;
                if let Some(until) = until {
                    write!(f, " until {until}")?;
                }
                write_reason(f, reason.as_ref())
            }
        }
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, at: Option<&EnvironmentKey>) -> fmt::Result {
    at.map_or(Ok(()), |at| write!(f, " {at}"))
}

fn write_reason(f: &mut fmt::Formatter<'_>, reason: Option<&Reason>) -> fmt::Result {
    reason.map_or(Ok(()), |reason| write!(f, " {}", reason.written()))
}

#[cfg(test)]
mod tests;
