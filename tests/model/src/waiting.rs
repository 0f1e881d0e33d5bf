//! Waiting. A look that changes nothing is as no look, so time passes at once until one changes
//! something: until a deadline, the next try, or a moment from which something is proven.

use sluice_core::command::Command;
use sluice_core::deployment::Deployment;
use sluice_core::event::{Claim, Event, Outcome};
use sluice_core::machine::{step, wake_at};

use crate::Model;
use crate::answer::{constant, id_of, read};
use crate::calls::done;
use crate::cloud::{Cloud, Who};
use crate::state::{At, State, Stored};
use crate::time::{NOW, later, seconds_to};

/// The minute finds what is due and was not looked at.
const MINUTE: i32 = 60;

/// Lambda's time limit of the functions.
const TIME_LIMIT: i32 = 60;

/// From then on AWS's reads show what its writes have accepted.
const LAG: i32 = 300;

/// More looks than any deadline leaves room for.
const LOOKS: usize = 20_000;

/// Who waits, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Waits {
    stored: [Option<Stored>; 2],
    cloud: Cloud,
    active: Option<Who>,
}

/// The next look that changes something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// In how many seconds.
    after: i32,
    /// And when each deployment is to be looked at, in seconds from now.
    looks: [Option<i32>; 2],
}

/// A deployment at its next look.
struct Waiter {
    d: Deployment,
    at: i32,
    is_taken: bool,
}

impl Model {
    /// Whether there is something to wait for, and nobody who does not wait.
    pub(crate) fn may_pass(&self, state: &State) -> bool {
        let is_wanted = (0..2).any(|who| state.mail[who] || state.is_due(who));
        !is_wanted && self.next_change(state).is_some()
    }

    pub(crate) fn pass(&self, state: &mut State) {
        if let Some(Change { after, looks }) = self.next_change(state) {
            for (stored, look) in state.stored.iter_mut().zip(looks) {
                if let Some(stored) = stored.as_mut().filter(|stored| !stored.taken) {
                    stored.due = look;
                }
            }
            self.elapse(state, after);
        }
    }

    /// So many seconds pass. A function that slept too long is ended, and so is whatever it had taken.
    pub(crate) fn elapse(&self, state: &mut State, seconds: i32) {
        for stored in state.stored.iter_mut().flatten() {
            stored.deployment = self.book.later(stored.deployment, seconds);
            stored.due = stored.due.map(|due| due - seconds);
            stored.taken = false;
        }
        for function in &mut state.functions {
            function.has = self.book.later(function.has, seconds);
            function.slept = function.slept.map(|slept| slept + seconds);
            if let At::Away { since } = &mut function.at {
                *since -= seconds;
            }
        }
        let is_ended = |slept: i32| slept > TIME_LIMIT;
        let functions = &mut state.functions;
        functions.retain(|function| !function.slept.is_some_and(is_ended));
        if let Some(before) = &mut state.before {
            before.1 += seconds;
        }
        state.before.take_if(|before| before.1 >= LAG);
    }

    fn next_change(&self, state: &State) -> Option<Change> {
        let waits = Waits {
            stored: state.stored.clone(),
            cloud: state.cloud.clone(),
            active: state.active,
        };
        let mut known = self.waits.lock().expect("nobody panics while they wait");
        if let Some(change) = known.get(&waits) {
            return *change;
        }
        let change = self.first_change(&waits);
        known.insert(waits, change);
        change
    }

    /// Checks the deployment that is due first, until a check changes something.
    fn first_change(&self, waits: &Waits) -> Option<Change> {
        let mut waiters = [0, 1].map(|who| self.waiter(waits, who));
        for _ in 0..LOOKS {
            let due = |who: &Who| waiters[*who].as_ref().map(|waiter| waiter.at);
            let who = (0..2).filter(|who| due(who).is_some()).min_by_key(due)?;
            let waiter = waiters[who].as_mut()?;
            if waiter.is_taken || self.changes_something(&waiter.d, who, waits) {
                let after = waiter.at;
                let looks = waiters.map(|waiter| waiter.map(|waiter| waiter.at));
                return Some(Change { after, looks });
            }
            match wake_at(&waiter.d, NOW).map(seconds_to) {
                Some(pause) if pause > 0 => {
                    waiter.at += pause;
                    waiter.d = later(&waiter.d, pause.into());
                }
                // It would be looked at again and again, and nothing would come of it.
                _ => waiters[who] = None,
            }
        }
        None
    }

    fn waiter(&self, waits: &Waits, who: Who) -> Option<Waiter> {
        let stored = waits.stored[who].as_ref()?;
        let at = match stored.taken {
            true => MINUTE,
            false => stored.due?.max(0),
        };
        Some(Waiter {
            d: later(&self.book.deployment(stored.deployment), at.into()),
            at,
            is_taken: stored.taken,
        })
    }

    /// Whether a look at the deployment changes anything: it, or the world.
    fn changes_something(&self, d: &Deployment, who: Who, waits: &Waits) -> bool {
        let Ok(woken) = step(d, &Event::Wake, NOW) else {
            return false;
        };
        // What is over is looked at once more, and then never again.
        if woken.next.is_some() || d.phase.is_terminal() {
            return true;
        }
        woken.commands.iter().any(|command| {
            let outcome = match command {
                Command::ClaimEnvironment => self.held_by(who, waits),
                command => constant(d, command).or_else(|| read(&waits.cloud, who, command)),
            };
            outcome.is_none_or(|outcome| {
                let event = done(command, outcome);
                step(d, &event, NOW).is_ok_and(|taken| taken.next.is_some())
            })
        })
    }

    /// What it is told that asks for the environment, if asking changes nothing.
    fn held_by(&self, who: Who, waits: &Waits) -> Option<Outcome> {
        let holder = waits.active.filter(|holder| *holder != who)?;
        let holds = waits.stored[holder].as_ref()?;
        let gives_way = self.superseded(holds.deployment, who).is_some();
        let is_followed = who == 0 && waits.stored[1].is_some();
        let held = Outcome::Claim(Claim::HeldBy(id_of(holder)));
        (!gives_way && !is_followed).then_some(held)
    }
}
