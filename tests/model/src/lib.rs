//! The machine with an abstract world: two deployments to one environment, two people, one fault, and
//! every order in which it all can happen, within [`Bounds`]. `stateright` goes through them.
//!
//! What is real: the machine ([`sluice_core::machine::step`]), the hook's answers and a configuration.
//! What is abstract: the driver, cut at every call ([`driver`](self)), the store, the cloud, people, and
//! time, which is always now.

mod actions;
mod answer;
mod book;
mod calls;
mod cloud;
mod driver;
mod people;
mod state;
mod tell;
mod time;
mod waiting;
mod walk;
mod watch;

use std::collections::HashMap;
use std::sync::Mutex;

use sluice_core::phase::Phase;
use stateright::Property;

pub use actions::{Action, Fault};
pub use book::Number;
pub use cloud::{Cloud, Code, Move, Rollout, Service, Snapshot, Step, Task, WEB, WORKER, Who};
pub use people::Click;
pub use state::{At, Function, State, Stored};
pub use time::NOW;
pub use walk::{Walked, walk};
pub use watch::Broken;

use book::Book;
use waiting::{Change, Waits};

/// How much can happen in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Whether there is a second deployment, asked for at any moment.
    pub two: bool,
    /// Functions that run at once for one deployment.
    pub functions_each: usize,
    /// Functions that run at once.
    pub functions: usize,
    /// Clicks of the two people together, beside saying yes: no, pause, resume, call off, go back.
    pub clicks: u8,
    /// Reads that show the cloud as it was before its last change.
    pub lags: u8,
    /// Whether one fault may happen, whichever and whenever.
    pub fault: bool,
    /// Whether AWS tells of its changes, so that a function may run at any of them.
    pub hints: bool,
}

/// A bug that is planted in the model's driver, hook or store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Bug {
    ActsBeforeItSaves,
    IgnoresTheVersion,
    ClaimsWhatIsTaken,
    ClaimsForWhatIsOver,
    MigratesAgain,
    BelievesEverySnapshot,
    BelievesEveryRollout,
    LetsEverythingThrough,
    TakesAnybodysYes,
    SaysItIsBack,
    NeverLooksAgain,
    KeepsTheEnvironment,
}

/// At most one deployment may have begun to change the environment.
pub const ONE_ACTIVE: &str = "one deployment is active";
/// Never a second task where the first may have run.
pub const MIGRATED_ONCE: &str = "a migration runs once";
/// Where a backup is demanded.
pub const BACKED_UP: &str = "no migration without a snapshot";
/// Production traffic, of a web service.
pub const TESTED: &str = "no traffic before migration and smoke tests";
/// Four eyes: of somebody who did not ask for it.
pub const APPROVED: &str = "nothing goes on without another's yes";
/// No phase after the last.
pub const OVER_IS_OVER: &str = "what is over stays as it is";
/// What is told of a way back is so.
pub const BACK_IS_BACK: &str = "what was rolled back runs what ran before";
/// What is told of a success is so.
pub const TRUE_SUCCESS: &str = "what succeeded runs";
/// No command that was not meant before the pause, and no traffic.
pub const PAUSED: &str = "what is paused begins nothing";
/// Whatever is not over has a moment at which it is looked at.
pub const LOOKED_AT: &str = "somebody looks again";
/// Once nothing more happens by itself.
pub const ALL_OVER: &str = "at the end all are over and the environment is free";

/// The model.
pub struct Model {
    bounds: Bounds,
    bug: Option<Bug>,
    book: Book,
    /// Each deployment when it is asked for, and when it is over and forgotten.
    begins: [Number; 2],
    ends: [Number; 2],
    waits: Mutex<HashMap<Waits, Option<Change>>>,
}

impl Model {
    /// A model within these bounds.
    pub fn new(bounds: Bounds) -> Self {
        let book = Book::default();
        let begins = [0, 1].map(|who| book.enter(answer::open(who)));
        let ends = begins.map(|begun| {
            let mut d = (*book.deployment(begun)).clone();
            d.phase = Phase::Expired;
            book.enter(d)
        });
        Self {
            bounds,
            bug: None,
            book,
            begins,
            ends,
            waits: Mutex::default(),
        }
    }

    /// The same with a bug in it.
    pub fn with(bounds: Bounds, bug: Bug) -> Self {
        Self {
            bug: Some(bug),
            ..Self::new(bounds)
        }
    }

    /// How many different deployments the machine was asked about so far.
    pub fn deployments(&self) -> usize {
        self.book.len()
    }
}

impl stateright::Model for Model {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.first()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        // What was broken once stays so: there is nothing more to be learnt behind it.
        if state.broken == 0 {
            self.possible(state, actions);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.after(state, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = self.always();
        properties.extend(self.sometimes());
        properties
    }
}

impl Model {
    /// What must be true in every state.
    fn always(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_ACTIVE, Self::one_is_active),
            Property::always(MIGRATED_ONCE, |_, state| !Broken::MigratedOnce.is_in(state)),
            Property::always(BACKED_UP, |_, state| !Broken::BackedUp.is_in(state)),
            Property::always(TESTED, |_, state| !Broken::Tested.is_in(state)),
            Property::always(APPROVED, |_, state| !Broken::Approved.is_in(state)),
            Property::always(OVER_IS_OVER, |_, state| !Broken::OverIsOver.is_in(state)),
            Property::always(BACK_IS_BACK, |_, state| {
                !Broken::RolledBackIsBack.is_in(state)
            }),
            Property::always(TRUE_SUCCESS, |_, state| !Broken::TrueSuccess.is_in(state)),
            Property::always(PAUSED, |_, state| !Broken::Paused.is_in(state)),
            Property::always(LOOKED_AT, Self::somebody_looks_again),
            Property::always(ALL_OVER, |model, state: &State| {
                state.broken != 0 || model.goes_on(state) || model.is_over(state)
            }),
        ]
    }

    /// What happens in some state, as far as the bounds let it: a model in which nothing happens breaks
    /// nothing.
    fn sometimes(&self) -> Vec<Property<Self>> {
        let bounds = self.bounds;
        let mut properties = vec![Property::sometimes(
            "the first succeeds",
            |model: &Self, state| model.is_in(state, 0, "Succeeded"),
        )];
        if bounds.two {
            properties.push(Property::sometimes(
                "the second succeeds",
                |model, state| model.is_in(state, 1, "Succeeded"),
            ));
            properties.push(Property::sometimes(
                "the first gives way",
                |model, state| model.is_in(state, 0, "Superseded"),
            ));
        }
        if bounds.fault || bounds.clicks > 0 {
            properties.push(Property::sometimes(
                "the first goes back",
                |model, state| model.is_in(state, 0, "RolledBack"),
            ));
        }
        if bounds.fault {
            properties.push(Property::sometimes("a migration fails", |model, state| {
                model.is_in(state, 0, "Failed") && state.cloud.tasks[0] == Task::Failed
            }));
        }
        if bounds.clicks > 0 {
            properties.push(Property::sometimes(
                "green is paused",
                |model, state: &State| {
                    let stored = state.stored[0].as_ref();
                    let facts = stored.map(|stored| model.book.facts(stored.deployment));
                    facts.is_some_and(|facts| facts.is_paused && facts.phase == "Verifying")
                },
            ));
        }
        properties
    }

    fn is_in(&self, state: &State, who: Who, phase: &str) -> bool {
        let stored = state.stored[who].as_ref();
        stored.is_some_and(|stored| self.book.facts(stored.deployment).phase == phase)
    }
}
