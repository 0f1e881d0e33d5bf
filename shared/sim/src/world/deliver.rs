//! Delivering what is due to the functions, and what becomes of it when they fail.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;

use super::agenda::Planned;
use super::{Click, Functions, Invocation, What, World};

/// Somebody whose click failed clicks again after this.
const CLICK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(20);
/// After so many clicks they give up and complain.
const MOST_CLICKS: u32 = 30;

impl World {
    /// The functions, and a crash planned for the next invocation if the weather wants one.
    fn invoked(&mut self, crash_rate: f64) -> Option<Arc<dyn Functions>> {
        if self.dice.chance(crash_rate) {
            self.crash
                .arm(self.dice.below(self.weather.crash_within_calls));
            self.crashes += 1;
        }
        self.functions.clone()
    }

    pub(super) fn deliver_hook(&mut self) -> What {
        let functions = self.invoked(self.weather.hook_crash_rate);
        let Some(call) = self.agenda.hooks.pop_front() else {
            return What::Nothing;
        };
        let ran = match functions {
            Some(functions) => self.crash.run(functions.hook(&call)),
            None => Some(Err("the hook's function is not deployed".to_owned())),
        };
        let answer = ran
            .clone()
            .unwrap_or_else(|| Err("the function crashed".to_owned()));
        self.with_cloud(|cloud| cloud.hook_answered(&call, answer));
        What::Hook(call, hook_invocation(ran))
    }

    pub(super) fn deliver_event(&mut self, at: Timestamp) -> What {
        let Some(delivery) = self.bridge.deliver(at) else {
            return What::Nothing;
        };
        let event = delivery.event.clone();
        let Some(functions) = self.invoked(self.weather.crash_rate) else {
            return What::Event(event, not_deployed());
        };
        let invocation = Invocation::of(self.crash.run(functions.cloud_event(&event)));
        if !invocation.is_answered() {
            self.bridge.failed(delivery, at);
        }
        What::Event(event, invocation)
    }

    pub(super) fn deliver_wake_up(&mut self, at: Timestamp) -> What {
        let Some(received) = self.wakeups.receive(at) else {
            return What::Nothing;
        };
        let Some(functions) = self.invoked(self.weather.crash_rate) else {
            return What::WakeUp(received.wake_up, not_deployed());
        };
        let invocation = Invocation::of(self.crash.run(functions.wake_up(&received.wake_up)));
        if invocation.is_answered() {
            self.wakeups.delete(&received);
        }
        What::WakeUp(received.wake_up, invocation)
    }

    pub(super) fn carry_out_planned(&mut self, at: Timestamp) -> What {
        match self.agenda.take_planned(at) {
            Some(Planned::Click(click, tries)) => self.deliver_click(at, click, tries),
            Some(Planned::Story(what, act)) => {
                act(self);
                What::Planned(what)
            }
            None => What::Nothing,
        }
    }

    fn deliver_click(&mut self, at: Timestamp, click: Click, tries: u32) -> What {
        if let Some(back_at) = self.slack.down_until(at) {
            let what = format!("{} cannot click: Slack is down", click.user);
            self.agenda.plan(back_at, Planned::Click(click, tries));
            return What::Planned(what);
        }
        let Some(functions) = self.invoked(self.weather.crash_rate) else {
            return What::Click(click, not_deployed());
        };
        let invocation = Invocation::of(self.crash.run(functions.click(&click)));
        if !invocation.is_answered() && tries < MOST_CLICKS {
            self.agenda.plan(
                at + CLICK_AGAIN_AFTER,
                Planned::Click(click.clone(), tries + 1),
            );
        }
        What::Click(click, invocation)
    }

    pub(super) fn minute(&mut self) -> What {
        self.agenda.minute_passed();
        let Some(functions) = self.invoked(self.weather.crash_rate) else {
            return What::Minute(not_deployed());
        };
        What::Minute(Invocation::of(self.crash.run(functions.minute())))
    }
}

fn not_deployed<T>() -> Invocation<T> {
    Invocation::Failed(PortError::permanent(
        "no function is deployed in this world: call `World::deploy` first",
    ))
}

fn hook_invocation(ran: Option<Result<HookAnswer, String>>) -> Invocation<HookAnswer> {
    Invocation::of(ran.map(|answer| answer.map_err(PortError::permanent)))
}
