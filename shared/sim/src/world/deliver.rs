//! Delivering what is due to the functions, and what becomes of it when they fail.

use jiff::{SignedDuration, Timestamp};
use sluice_core::failure::PortError;
use sluice_core::hook::HookAnswer;

use super::agenda::Planned;
use super::flight::{Answer, Flight, Job, MOST_AT_ONCE, TIME_LIMIT};
use super::{Click, ClickReply, Invocation, What, World};
use crate::workplace::Progress;

/// Somebody whose click failed clicks again after this.
const CLICK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(20);
/// After so many clicks they give up and complain.
const MOST_CLICKS: u32 = 30;

impl World {
    /// Invokes the function for the job. It is under way from now on, or over.
    fn invoke(&mut self, job: Job) -> What {
        let crash_rate = match job {
            Job::Hook(_) => self.weather.hook_crash_rate,
            _ => self.weather.crash_rate,
        };
        if self.dice.chance(crash_rate) {
            self.crash
                .arm(self.dice.below(self.weather.crash_within_calls));
            self.crashes += 1;
        }
        let Some(functions) = self.functions.clone() else {
            return self.not_deployed(job);
        };
        let now = self.now();
        let invoked = self.crash.invoke(job.begin(functions));
        self.go_on(Flight {
            job,
            invoked,
            goes_on_at: now,
            killed_at: now + TIME_LIMIT,
        })
    }

    /// The function that waits the shortest goes on.
    pub(super) fn next_in_flight_goes_on(&mut self, at: Timestamp) -> What {
        let flights = self.in_flight.iter().enumerate();
        let first = flights.min_by_key(|(_, flight)| flight.goes_on_at);
        let Some(first) = first.map(|(at, _)| at) else {
            return What::Nothing;
        };
        let flight = self.in_flight.remove(first);
        if at >= flight.killed_at {
            self.crashes += 1;
            return self.is_over(flight.job, None);
        }
        self.go_on(flight)
    }

    fn go_on(&mut self, mut flight: Flight) -> What {
        let may_pause = self.weather.interleave > 0.0 && self.in_flight.len() < MOST_AT_ONCE;
        self.wakeups.runs_after(flight.job.hops());
        self.crash.spare(matches!(flight.job, Job::Hook(_)));
        let progress = self.crash.go_on(&mut flight.invoked, may_pause);
        self.crash.spare(false);
        self.wakeups.runs_after(0);
        match progress {
            Progress::Over(answer) => self.is_over(flight.job, answer),
            Progress::Paused => {
                let pause = flight.job.pause(&mut self.pauses);
                flight.goes_on_at = (self.now() + pause).min(flight.killed_at);
                self.in_flight.push(flight);
                What::UnderWay
            }
        }
    }

    /// What becomes of a job whose function has answered, or has crashed.
    fn is_over(&mut self, job: Job, answer: Option<Answer>) -> What {
        let now = self.now();
        match (job, answer) {
            (Job::Hook(call), answer) => {
                let ran = answer.map(Answer::of_hook);
                let crashed = || Err("the function crashed".to_owned());
                let answer = ran.clone().unwrap_or_else(crashed);
                self.with_cloud(|cloud| cloud.hook_answered(&call, answer));
                What::Hook(call, hook_invocation(ran))
            }
            (Job::Event(delivery), answer) => {
                let invocation = Invocation::of(answer.map(Answer::of_work));
                let event = delivery.event.clone();
                if !invocation.is_answered() {
                    self.bridge.failed(delivery, now);
                }
                What::Event(event, invocation)
            }
            (Job::WakeUp(received), answer) => {
                let invocation = Invocation::of(answer.map(Answer::of_work));
                if invocation.is_answered() {
                    self.wakeups.delete(&received);
                }
                What::WakeUp(received.wake_up, invocation)
            }
            (Job::Click(click, tries), answer) => {
                let invocation = Invocation::of(answer.map(Answer::of_click));
                if !invocation.is_answered() && tries < MOST_CLICKS {
                    let again = Planned::Click(click.clone(), tries + 1);
                    self.agenda.plan(now + CLICK_AGAIN_AFTER, again);
                }
                What::Click(click, invocation)
            }
            (Job::Minute, answer) => What::Minute(Invocation::of(answer.map(Answer::of_work))),
        }
    }

    fn not_deployed(&mut self, job: Job) -> What {
        match job {
            Job::Hook(_) => {
                let words = "the hook's function is not deployed".to_owned();
                self.is_over(job, Some(Answer::Hook(Err(words))))
            }
            Job::Event(delivery) => What::Event(delivery.event, not_deployed()),
            Job::WakeUp(received) => What::WakeUp(received.wake_up, not_deployed()),
            Job::Click(click, _) => What::Click(click, not_deployed()),
            Job::Minute => What::Minute(not_deployed()),
        }
    }

    pub(super) fn deliver_hook(&mut self) -> What {
        match self.agenda.hooks.pop_front() {
            Some(call) => self.invoke(Job::Hook(call)),
            None => What::Nothing,
        }
    }

    pub(super) fn deliver_event(&mut self, at: Timestamp) -> What {
        match self.bridge.deliver(at) {
            Some(delivery) => self.invoke(Job::Event(delivery)),
            None => What::Nothing,
        }
    }

    pub(super) fn deliver_wake_up(&mut self, at: Timestamp) -> What {
        match self.wakeups.receive(at) {
            Some(received) => self.invoke(Job::WakeUp(received)),
            None => What::Nothing,
        }
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
        let out = |of: Option<Timestamp>, who| of.map(|back_at| (back_at, who));
        let slack = out(self.slack.down_until(at), "Slack");
        if let Some((back_at, who)) = slack.or(out(self.lambda_out_until(at), "Lambda")) {
            let what = format!("{} cannot click: {who} is down", click.user);
            self.agenda.plan(back_at, Planned::Click(click, tries));
            return What::Planned(what);
        }
        self.invoke(Job::Click(click, tries))
    }

    pub(super) fn minute(&mut self, at: Timestamp) -> What {
        self.agenda.minute_passed(at);
        self.invoke(Job::Minute)
    }
}

impl Answer {
    fn of_work(self) -> Result<(), PortError> {
        match self {
            Self::Done(done) => done,
            Self::Hook(_) | Self::Click(_) => Ok(()),
        }
    }

    fn of_hook(self) -> Result<HookAnswer, String> {
        match self {
            Self::Hook(answer) => answer,
            Self::Done(_) | Self::Click(_) => Err("the hook answered something else".to_owned()),
        }
    }

    fn of_click(self) -> Result<ClickReply, PortError> {
        match self {
            Self::Click(reply) => reply,
            Self::Done(_) | Self::Hook(_) => Err(PortError::permanent("a click has a reply")),
        }
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
