//! Functions that were invoked and have not ended: they wait at one of their calls while others go
//! on, as functions do that run at the same time.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;

use super::functions::{Click, ClickReply, Functions};
use crate::cloud::{EcsHookCall, Emitted};
use crate::workplace::{Delivery, Dice, Invoked, Received};

/// No more functions wait at once: another one that begins runs to its end.
pub(super) const MOST_AT_ONCE: usize = 3;
/// Lambda ends a function that takes longer, wherever it is.
pub(super) const TIME_LIMIT: SignedDuration = SignedDuration::from_secs(60);

/// Pauses out of a hundred that take no longer than [`SHORT`], and no longer than [`LONG`].
const SHORT_OR_LONG: [u64; 2] = [75, 97];
const SHORT: SignedDuration = SignedDuration::from_millis(250);
const LONG: SignedDuration = SignedDuration::from_secs(3);
/// The rest. An attempt of the AWS SDK is given up after this.
const LONGEST: SignedDuration = SignedDuration::from_secs(10);

/// What a function was invoked for.
#[derive(Clone, Debug)]
pub(super) enum Job {
    Hook(EcsHookCall),
    Event(Delivery<Emitted>),
    WakeUp(Received),
    Click(Click, u32),
    Minute,
}

/// What a function answers.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Done(Result<(), PortError>),
    Hook(Result<HookAnswer, String>),
    Click(Result<ClickReply, PortError>),
}

/// A function that waits at one of its calls.
pub(super) struct Flight {
    pub(super) job: Job,
    pub(super) invoked: Invoked<Answer>,
    pub(super) goes_on_at: Timestamp,
    pub(super) killed_at: Timestamp,
}

impl Job {
    /// The function at its work.
    pub(super) fn begin(&self, functions: Arc<dyn Functions>) -> BoxFuture<'static, Answer> {
        match self.clone() {
            Self::Hook(call) => Box::pin(async move { Answer::Hook(functions.hook(&call).await) }),
            Self::Event(delivery) => {
                Box::pin(async move { Answer::Done(functions.cloud_event(&delivery.event).await) })
            }
            Self::WakeUp(received) => {
                Box::pin(async move { Answer::Done(functions.wake_up(&received.wake_up).await) })
            }
            Self::Click(click, _) => {
                Box::pin(async move { Answer::Click(functions.click(&click).await) })
            }
            Self::Minute => Box::pin(async move { Answer::Done(functions.minute().await) }),
        }
    }

    /// How often its chain has been through Lambda by way of the queue.
    pub(super) fn hops(&self) -> u32 {
        match self {
            Self::WakeUp(received) => received.hops,
            _ => 0,
        }
    }

    /// How long it waits at a call. ECS takes a hook that is killed for a no, so that one is quick:
    /// `Weather::hook_crash_rate` is for hooks that are not.
    pub(super) fn pause(&self, dice: &mut Dice) -> SignedDuration {
        let roll = dice.below(100);
        let longest = match self {
            Self::Hook(_) => SHORT,
            _ if roll < SHORT_OR_LONG[0] => SHORT,
            _ if roll < SHORT_OR_LONG[1] => LONG,
            _ => LONGEST,
        };
        dice.up_to(longest)
    }
}
