//! What is due when.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::World;
use super::functions::Click;
use super::hands::Hand;
use crate::cloud::EcsHookCall;

/// The schedule that calls `health-check`.
const EVERY_MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// What comes next. In this order if several are due at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Hook,
    Cloud,
    Event,
    WakeUp,
    InFlight,
    Planned,
    Hand,
    Minute,
}

/// What a story does to the world.
pub(super) type Act = Box<dyn FnOnce(&mut World) + Send>;

/// Something that somebody will do.
pub(super) enum Planned {
    /// A click, and how many tries it will then have had.
    Click(Click, u32),
    /// Something else, said in words.
    Story(String, Act),
}

/// When what others keep themselves is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coming {
    pub(super) cloud: Option<Timestamp>,
    pub(super) event: Option<Timestamp>,
    pub(super) wake_up: Option<Timestamp>,
    pub(super) in_flight: Option<Timestamp>,
}

/// What is due when, but for what others keep themselves.
pub(super) struct Agenda {
    /// Questions of ECS, asked now.
    pub(super) hooks: VecDeque<EcsHookCall>,
    /// Hands in the console, the earliest first. Nobody waits for them.
    pub(super) hands: VecDeque<(Timestamp, Hand)>,
    planned: BTreeMap<(Timestamp, u64), Planned>,
    next_number: u64,
    next_minute: Timestamp,
}

impl Agenda {
    pub(super) fn new(start: Timestamp) -> Self {
        Self {
            hooks: VecDeque::new(),
            hands: VecDeque::new(),
            planned: BTreeMap::new(),
            next_number: 0,
            next_minute: start + EVERY_MINUTE,
        }
    }

    /// Whether nothing but the minutes is due.
    pub(super) fn is_empty(&self) -> bool {
        self.hooks.is_empty() && self.planned.is_empty()
    }

    pub(super) fn plan(&mut self, at: Timestamp, planned: Planned) {
        self.planned.insert((at, self.next_number), planned);
        self.next_number += 1;
    }

    pub(super) fn take_planned(&mut self, now: Timestamp) -> Option<Planned> {
        let first = self
            .planned
            .first_entry()
            .filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    /// A schedule does not make up for the minutes in which nobody could be invoked.
    pub(super) fn minute_passed(&mut self, now: Timestamp) {
        while self.next_minute <= now {
            self.next_minute += EVERY_MINUTE;
        }
    }

    /// The earliest of all. There is always a next minute. What invokes a function, or lets one go
    /// on, waits until somebody runs them: `out_until` says until when nobody does.
    pub(super) fn next(
        &self,
        now: Timestamp,
        coming: Coming,
        out_until: impl Fn(Timestamp) -> Option<Timestamp>,
    ) -> (Timestamp, Due) {
        let hook = (!self.hooks.is_empty()).then_some(now);
        let planned = self.planned.keys().next().map(|(at, _)| *at);
        let all = [
            (hook, Due::Hook),
            (coming.cloud, Due::Cloud),
            (coming.event, Due::Event),
            (coming.wake_up, Due::WakeUp),
            (coming.in_flight, Due::InFlight),
            (planned, Due::Planned),
            (self.hands.front().map(|(at, _)| *at), Due::Hand),
            (Some(self.next_minute), Due::Minute),
        ];
        let earliest = all
            .into_iter()
            .filter_map(|(at, due)| {
                let at = at?.max(now);
                let waits = !matches!(due, Due::Cloud | Due::Planned | Due::Hand);
                let back = waits.then(|| out_until(at)).flatten();
                Some((back.unwrap_or(at), due))
            })
            .min();
        earliest.unwrap_or((self.next_minute, Due::Minute))
    }
}
