//! Every deployment that was ever met, and what the machine made of it: a state of the model has only
//! their numbers, and the same question is asked of the machine once.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use sluice_core::command::Command;
use sluice_core::deployment::Deployment;
use sluice_core::event::Event;
use sluice_core::machine::{step, wake_at};
use sluice_core::phase::Phase;

use crate::people::Click;
use crate::time::{NOW, forget, later, seconds_to};

/// The number of a value in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u32);

/// What is often asked of a deployment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) phase: &'static str,
    pub(crate) is_over: bool,
    /// It may have begun to change the world.
    pub(crate) touches: bool,
    pub(crate) is_paused: bool,
    /// In how many seconds it is to be looked at.
    pub(crate) wakes_in: Option<i32>,
}

/// What a look brings forth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Woken {
    pub(crate) next: Option<Number>,
    pub(crate) commands: Number,
}

#[derive(Default)]
struct Pages {
    deployments: Vec<(Arc<Deployment>, Facts)>,
    events: Vec<Arc<Vec<Event>>>,
    commands: Vec<Arc<Vec<Command>>>,
    known: HashMap<(u8, u64), Number>,
    woken: HashMap<Number, Woken>,
    fed: HashMap<(Number, Number), Option<Number>>,
    later: HashMap<(Number, i32), Number>,
    clicked: HashMap<(Number, usize, Click), Option<Number>>,
}

/// The book.
#[derive(Default)]
pub(crate) struct Book(Mutex<Pages>);

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().expect("nobody panics while the book is open")
    }

    /// Enters a deployment, without what does not matter any more.
    pub(crate) fn enter(&self, mut d: Deployment) -> Number {
        forget(&mut d);
        self.pages().enter(d)
    }

    pub(crate) fn deployment(&self, number: Number) -> Arc<Deployment> {
        self.pages().deployments[number.0 as usize].0.clone()
    }

    pub(crate) fn facts(&self, number: Number) -> Facts {
        self.pages().deployments[number.0 as usize].1
    }

    pub(crate) fn events(&self, number: Number) -> Arc<Vec<Event>> {
        self.pages().events[number.0 as usize].clone()
    }

    pub(crate) fn enter_events(&self, events: Vec<Event>) -> Number {
        let pages = &mut *self.pages();
        let known = &mut pages.known;
        number_of(known, 1, &events, &mut pages.events, |events| {
            Arc::new(events.clone())
        })
    }

    pub(crate) fn commands(&self, number: Number) -> Arc<Vec<Command>> {
        self.pages().commands[number.0 as usize].clone()
    }

    /// One look.
    pub(crate) fn wake(&self, number: Number) -> Woken {
        let pages = &mut *self.pages();
        if let Some(woken) = pages.woken.get(&number) {
            return *woken;
        }
        let d = &pages.deployments[number.0 as usize].0;
        let transition = step(d, &Event::Wake, NOW).expect("a look is never refused");
        let commands: Vec<Command> = transition.commands.into_iter().map(timeless).collect();
        let commands = number_of(
            &mut pages.known,
            2,
            &commands,
            &mut pages.commands,
            |commands| Arc::new(commands.clone()),
        );
        let next = transition.next.map(|mut next| {
            forget(&mut next);
            pages.enter(next)
        });
        let woken = Woken { next, commands };
        pages.woken.insert(number, woken);
        woken
    }

    /// What becomes of a deployment by these events; `None` if they tell nothing new.
    pub(crate) fn feed(&self, number: Number, events: Number) -> Option<Number> {
        let pages = &mut *self.pages();
        if let Some(after) = pages.fed.get(&(number, events)) {
            return *after;
        }
        let mut d = pages.deployments[number.0 as usize].0.clone();
        let mut changed = false;
        for event in &*pages.events[events.0 as usize].clone() {
            if let Ok(transition) = step(&d, event, NOW)
                && let Some(next) = transition.next
            {
                d = Arc::new(next);
                changed = true;
            }
        }
        let after = changed.then(|| {
            let mut d = Arc::unwrap_or_clone(d);
            forget(&mut d);
            pages.enter(d)
        });
        pages.fed.insert((number, events), after);
        after
    }

    /// The deployment so many seconds later.
    pub(crate) fn later(&self, number: Number, seconds: i32) -> Number {
        let pages = &mut *self.pages();
        if let Some(then) = pages.later.get(&(number, seconds)) {
            return *then;
        }
        let d = later(&pages.deployments[number.0 as usize].0, seconds.into());
        let then = pages.enter(d);
        pages.later.insert((number, seconds), then);
        then
    }

    /// What becomes of a deployment by a click; `None` if it is refused or does nothing.
    pub(crate) fn click(&self, number: Number, by: usize, click: Click) -> Option<Number> {
        let pages = &mut *self.pages();
        if let Some(after) = pages.clicked.get(&(number, by, click)) {
            return *after;
        }
        let d = &pages.deployments[number.0 as usize].0;
        let event = click.event(by, d);
        let taken = event.and_then(|event| step(d, &event, NOW).ok());
        let after = taken.and_then(|taken| taken.next).map(|mut next| {
            forget(&mut next);
            pages.enter(next)
        });
        pages.clicked.insert((number, by, click), after);
        after
    }

    /// How many different deployments were met.
    pub(crate) fn len(&self) -> usize {
        self.pages().deployments.len()
    }
}

impl Pages {
    fn enter(&mut self, d: Deployment) -> Number {
        // What never changes is left out, the settings before all: they are long.
        let Deployment {
            schema: _,
            id,
            settings: _,
            release: _,
            requested_by: _,
            kind: _,
            hotfix: _,
            requested_at: _,
            phase,
            entered_at,
            plan,
            approvals,
            touched,
            intents,
            clock_from,
            looked,
            is_blind,
            reminded_at,
            stop,
            paused,
            overridden,
            looks,
            change_sets,
            rehearsal,
            setbacks,
            story,
        } = &d;
        let changing = (
            (
                id,
                phase,
                entered_at,
                clock_from,
                looks,
                change_sets,
                rehearsal,
            ),
            (plan.as_ref().map(|plan| &plan.hash), approvals, overridden),
            (touched, intents, looked, is_blind, reminded_at),
            (stop, paused, setbacks, story),
        );
        number_of(&mut self.known, 0, &changing, &mut self.deployments, |_| {
            let facts = Facts::of(&d);
            (Arc::new(d.clone()), facts)
        })
    }
}

/// The number of a value, which is entered if it is new.
fn number_of<K: Debug, T>(
    known: &mut HashMap<(u8, u64), Number>,
    kind: u8,
    key: &K,
    page: &mut Vec<T>,
    enter: impl FnOnce(&K) -> T,
) -> Number {
    let mut hasher = DefaultHasher::new();
    hasher.write(format!("{key:?}").as_bytes());
    *known.entry((kind, hasher.finish())).or_insert_with(|| {
        page.push(enter(key));
        Number(u32::try_from(page.len() - 1).expect("the book has not that many pages"))
    })
}

impl Facts {
    fn of(d: &Deployment) -> Self {
        let is_over = d.phase.is_terminal();
        Self {
            phase: d.phase.name(),
            is_over,
            touches: !is_over && !d.phase.is_untouched(),
            is_paused: d.paused.is_some(),
            wakes_in: wake_at(d, NOW).map(seconds_to),
        }
    }
}

/// The command without the moment since which ours counts: the model's cloud knows whose it is.
fn timeless(mut command: Command) -> Command {
    let when: Option<&mut Timestamp> = match &mut command {
        Command::StartRollout(order) => Some(&mut order.since),
        Command::ReadRollout { since, .. } => Some(since),
        _ => None,
    };
    if let Some(when) = when {
        *when = NOW;
    }
    command
}

/// Whether the deployment is where it can be shifted only from here: see [`crate::watch`].
pub(crate) fn has_begun(phase: &Phase) -> (bool, bool) {
    (
        phase.is_untouched(),
        matches!(phase, Phase::Shifting { .. }),
    )
}
