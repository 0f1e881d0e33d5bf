//! Waiting. A look that changes nothing is as no look, so time passes at once until one changes
//! something: until a deadline, the next try, or a moment from which something is proven.

use std::sync::Arc;

use sluice_core::command::Command;
use sluice_core::deployment::Deployment;
use sluice_core::event::{Claim, Event, Outcome};
use sluice_core::machine::{step, wake_at};

use crate::Model;
use crate::answer::{constant, id_of, read};
use crate::book::Number;
use crate::cloud::{Cloud, Who};
use crate::driver::done;
use crate::state::{At, State};
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
    who: Who,
    deployment: Number,
    due: i32,
    cloud: Cloud,
    active: Option<(Who, bool)>,
    is_followed: bool,
}

/// When it is looked at, in seconds from now; the last of these looks changes something, if any does.
pub(crate) struct Quiet {
    looks: Vec<i32>,
    changes: bool,
}

impl Quiet {
    fn changes_at(&self) -> Option<i32> {
        self.looks.last().copied().filter(|_| self.changes)
    }

    /// The first look that is not before.
    fn next(&self, not_before: i32) -> Option<i32> {
        self.looks.iter().copied().find(|at| *at >= not_before)
    }
}

impl Model {
    /// Whether there is something to wait for, and nobody who does not wait.
    pub(crate) fn may_pass(&self, state: &State) -> bool {
        let is_wanted = (0..2).any(|who| state.mail[who] || state.is_due(who));
        !is_wanted && self.next_change(state).is_some()
    }

    fn next_change(&self, state: &State) -> Option<i32> {
        (0..2).filter_map(|who| self.change_of(state, who)).min()
    }

    fn change_of(&self, state: &State, who: Who) -> Option<i32> {
        let stored = state.stored[who].as_ref()?;
        if stored.taken {
            return Some(MINUTE);
        }
        self.quiet(state, who)?.changes_at()
    }

    pub(crate) fn pass(&self, state: &mut State) {
        let Some(seconds) = self.next_change(state) else {
            return;
        };
        let quiet: Vec<Option<Arc<Quiet>>> = (0..2).map(|who| self.quiet(state, who)).collect();
        for (stored, quiet) in state.stored.iter_mut().zip(quiet) {
            let Some(stored) = stored else { continue };
            stored.deployment = self.book.later(stored.deployment, seconds);
            stored.due = match (stored.taken, quiet) {
                (false, Some(quiet)) => quiet.next(seconds).map(|at| at - seconds),
                _ => stored.due.map(|due| due - seconds),
            };
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

    fn quiet(&self, state: &State, who: Who) -> Option<Arc<Quiet>> {
        let stored = state.stored[who].as_ref()?;
        let holder = state.active.filter(|holder| *holder != who);
        let key = Waits {
            who,
            deployment: stored.deployment,
            due: stored.due?,
            cloud: state.cloud.clone(),
            active: holder.map(|holder| {
                let gives_way = self.superseded(state.number(holder), who).is_some();
                (holder, gives_way)
            }),
            is_followed: who == 0 && state.stored[1].is_some(),
        };
        let mut waits = self.waits.lock().expect("nobody panics while they wait");
        if let Some(quiet) = waits.get(&key) {
            return Some(quiet.clone());
        }
        let quiet = Arc::new(self.looks(&key));
        waits.insert(key, quiet.clone());
        Some(quiet)
    }

    fn looks(&self, waits: &Waits) -> Quiet {
        let mut looks = Vec::new();
        let mut due = waits.due.max(0);
        let mut d = later(&self.book.deployment(waits.deployment), due.into());
        while looks.len() < LOOKS {
            looks.push(due);
            if changes_something(&d, waits) {
                return Quiet {
                    looks,
                    changes: true,
                };
            }
            let Some(pause) = wake_at(&d, NOW).map(seconds_to) else {
                break;
            };
            // A circle would be here for ever: it is told by its never ending.
            if pause <= 0 {
                break;
            }
            due += pause;
            d = later(&d, pause.into());
        }
        Quiet {
            looks,
            changes: false,
        }
    }
}

/// Whether a look at the deployment changes anything: it, or the world.
fn changes_something(d: &Deployment, waits: &Waits) -> bool {
    let Ok(woken) = step(d, &Event::Wake, NOW) else {
        return false;
    };
    // What is over is looked at once more, and then never again.
    if woken.next.is_some() || d.phase.is_terminal() {
        return true;
    }
    woken.commands.iter().any(|command| {
        let outcome = match command {
            Command::ClaimEnvironment => match waits.active {
                Some((holder, false)) if !waits.is_followed => {
                    Some(Outcome::Claim(Claim::HeldBy(id_of(holder))))
                }
                _ => None,
            },
            read_it => constant(d, read_it).or_else(|| read(&waits.cloud, waits.who, read_it)),
        };
        outcome.is_none_or(|outcome| {
            let event = done(command, outcome);
            step(d, &event, NOW).is_ok_and(|taken| taken.next.is_some())
        })
    })
}
