//! What happens in a world, one step at a time, and how a run of it ends.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sluice_app::ports::WakeUp;
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;

use super::functions::{Click, ClickReply};
use crate::cloud::{EcsHookCall, Emitted};

/// One step of a world.
#[derive(Clone, Debug)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// Something in the cloud changed by itself.
    CloudChanged,
    /// An event arrived.
    Event(Emitted, Invocation<()>),
    /// A wake-up arrived.
    WakeUp(WakeUp, Invocation<()>),
    /// ECS asked the lifecycle hook.
    Hook(EcsHookCall, Invocation<HookAnswer>),
    /// A minute passed.
    Minute(Invocation<()>),
    /// Somebody clicked.
    Click(Click, Invocation<ClickReply>),
    /// Something the story had planned.
    Planned(String),
    /// A function has begun or gone on, and waits at one of its calls while others go on.
    UnderWay,
    /// What was due needed nobody any more: a message went to the dead letters.
    Nothing,
}

/// What became of a function's invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation<T> {
    /// It answered.
    Answered(T),
    /// It answered with an error.
    Failed(PortError),
    /// It stopped somewhere on the way, and nobody heard of it again.
    Crashed,
}

impl<T> Invocation<T> {
    /// Whether it answered.
    pub fn is_answered(&self) -> bool {
        matches!(self, Self::Answered(_))
    }

    /// Takes what came of a run.
    pub(super) fn of(ran: Option<Result<T, PortError>>) -> Self {
        match ran {
            Some(Ok(answer)) => Self::Answered(answer),
            Some(Err(error)) => Self::Failed(error),
            None => Self::Crashed,
        }
    }
}

/// How far a world may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The longest virtual time.
    pub time: SignedDuration,
    /// The most steps.
    pub steps: u64,
}

impl Default for Bounds {
    /// Two days: longer than any deployment with its approval and its bake may take. Steps for a
    /// few deployments in foul weather.
    fn default() -> Self {
        Self {
            time: SignedDuration::from_hours(48),
            steps: 100_000,
        }
    }
}

/// How a run of a world ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// What was waited for has come.
    Reached,
    /// Every deployment is over and nothing is under way any more.
    Quiet,
    /// The virtual time was up.
    OutOfTime(SignedDuration),
    /// The steps were used up.
    OutOfSteps(u64),
}

impl Ending {
    /// Whether the run was cut short by its bounds.
    pub fn is_cut_short(self) -> bool {
        matches!(self, Self::OutOfTime(_) | Self::OutOfSteps(_))
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reached => f.write_str("what was waited for has come"),
            Self::Quiet => f.write_str("every deployment is over and nothing is under way"),
            Self::OutOfTime(time) => write!(
                f,
                "cut short: after {} of virtual time there are still deployments under way",
                sluice_core::quantity::duration(*time)
            ),
            Self::OutOfSteps(steps) => write!(
                f,
                "cut short: after {steps} steps there are still deployments under way"
            ),
        }
    }
}
