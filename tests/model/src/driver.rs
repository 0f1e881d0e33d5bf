//! The driver, as `sluice-app` has it, cut at every call: load, look, store what is meant, carry out,
//! store what came of it, and again until nothing changes.
//!
//! What a function computes between two calls nobody can see, so it belongs to the call before. A save
//! that meets a newer version loads again: both are one step here, since a save that fails leaves
//! nothing behind.

use sluice_core::command::Command;
use sluice_core::event::Event;

use crate::answer::constant;
use crate::book::Number;
use crate::calls::{How, done};
use crate::cloud::Who;
use crate::state::{At, Function, State};
use crate::time::in_seconds;
use crate::{Bug, Model};

impl Model {
    /// A function begins: it has a wake-up, and loads the deployment.
    pub(crate) fn start(&self, state: &mut State, who: Who, is_due: bool) {
        let stored = state.stored[who].as_mut().expect("it is there");
        if is_due {
            stored.taken = true;
        } else {
            state.mail[who] = false;
        }
        let stored = state.stored(who);
        let mut function = Function {
            of: who,
            has: stored.deployment,
            stale: false,
            at: At::Looked,
            slept: None,
        };
        match stored.due {
            Some(since) if self.away(function.has, since).is_some() => {
                function.at = At::Away { since };
            }
            _ => self.look(&mut function),
        }
        state.functions.push(function);
    }

    fn away(&self, has: Number, since: i32) -> Option<Number> {
        // Shorter than AWS's reads lag is no absence.
        if since > -60 {
            return None;
        }
        let since = in_seconds(since.into());
        let events = self.book.enter_events(vec![Event::WasAway { since }]);
        self.book.feed(has, events)
    }

    /// It looks; where that changes nothing, nothing is stored.
    fn look(&self, function: &mut Function) {
        let woken = self.book.wake(function.has);
        function.at = At::Looked;
        if woken.next.is_none() {
            self.begin(function, woken.commands);
        }
    }

    fn begin(&self, function: &mut Function, commands: Number) {
        let none = self.book.enter_events(Vec::new());
        function.at = At::Carrying {
            commands,
            next: 0,
            claiming: 0,
            events: none,
        };
        self.go_on(function);
    }

    /// Reads whose answers never change are answered at once; after the last command comes the save, if
    /// there is anything to save.
    pub(crate) fn go_on(&self, function: &mut Function) {
        let At::Carrying {
            commands,
            next,
            events,
            ..
        } = &mut function.at
        else {
            return;
        };
        let all = self.book.commands(*commands);
        let d = self.book.deployment(function.has);
        while let Some(command) = all.get(*next) {
            let Some(outcome) = constant(&d, command) else {
                return;
            };
            *events = self.add(*events, done(command, outcome));
            *next += 1;
        }
        let events = *events;
        function.at = match self.book.feed(function.has, events) {
            Some(_) => At::Feeding { events },
            None => At::Settling,
        };
    }

    pub(crate) fn add(&self, events: Number, event: Event) -> Number {
        let mut events = (*self.book.events(events)).clone();
        events.push(event);
        self.book.enter_events(events)
    }

    /// The command that a function carries out next, if that is what it does next.
    pub(crate) fn next_command(&self, function: &Function) -> Option<Command> {
        match &function.at {
            At::Carrying { commands, next, .. } => {
                self.book.commands(*commands).get(*next).cloned()
            }
            _ => None,
        }
    }

    /// A function does what it does next.
    pub(crate) fn do_next(&self, state: &mut State, at: usize, how: How) {
        let mut function = state.functions.remove(at);
        match function.at.clone() {
            At::Away { since } => {
                let after = self.away(function.has, since);
                if after.is_none_or(|after| self.save(state, &mut function, after)) {
                    self.look(&mut function);
                }
            }
            At::Looked => {
                let woken = self.book.wake(function.has);
                let is_stored = match woken.next {
                    Some(next) if self.bug == Some(Bug::ActsBeforeItSaves) => {
                        function.has = next;
                        true
                    }
                    Some(next) => self.save(state, &mut function, next),
                    None => true,
                };
                if is_stored {
                    self.begin(&mut function, woken.commands);
                }
            }
            At::Carrying { .. } => self.carry(state, &mut function, how),
            At::Feeding { events } => match self.book.feed(function.has, events) {
                Some(after) => {
                    if self.save(state, &mut function, after) {
                        self.look(&mut function);
                    }
                }
                None => function.at = At::Settling,
            },
            At::Settling => {
                self.settle(state, &function);
                return;
            }
        }
        state.functions.push(function);
    }

    /// Stores a deployment under the version check. `false` if somebody was quicker: it is loaded again.
    fn save(&self, state: &mut State, function: &mut Function, after: Number) -> bool {
        if function.stale && self.bug != Some(Bug::IgnoresTheVersion) {
            function.has = state.number(function.of);
            function.stale = false;
            return false;
        }
        self.store(state, function.of, after);
        function.has = after;
        function.stale = false;
        true
    }

    /// The write itself: who ends gives the environment free with it.
    pub(crate) fn store(&self, state: &mut State, who: Who, after: Number) {
        self.judge_save(state, who, &self.book.deployment(after));
        let facts = self.book.facts(after);
        // Until people have been told, a minute at most.
        let due = facts.wakes_in.map_or(60, |wakes_in| wakes_in.min(60));
        let stored = state.stored[who].as_mut().expect("it is there");
        stored.deployment = after;
        stored.due = Some(due);
        stored.taken = false;
        let frees = facts.is_over && self.bug != Some(Bug::KeepsTheEnvironment);
        if frees && state.active == Some(who) {
            state.active = None;
        }
        let others = state.functions.iter_mut();
        others
            .filter(|function| function.of == who)
            .for_each(|function| function.stale = true);
    }

    fn settle(&self, state: &mut State, function: &Function) {
        let who = function.of;
        let facts = self.book.facts(function.has);
        let next = usize::from(state.stored[1].is_some());
        if facts.is_over && next != who && state.active.is_none() {
            state.mail[next] = true;
        }
        if function.stale {
            return;
        }
        let stored = state.stored[who].as_mut().expect("it is there");
        stored.due = facts.wakes_in;
        stored.taken = false;
        if self.bug == Some(Bug::NeverLooksAgain) {
            stored.due = None;
        }
    }
}
