//! A state of the model: the store, the functions that run, the cloud, the people.

use crate::book::Number;
use crate::cloud::{Cloud, Who};

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The deployments in the store; the second is asked for some day.
    pub stored: [Option<Stored>; 2],
    /// Who has the environment.
    pub active: Option<Who>,
    /// Whether a wake-up without a moment is on its way to a deployment.
    pub mail: [bool; 2],
    /// The functions that run, in an order of no meaning.
    pub functions: Vec<Function>,
    /// The cloud.
    pub cloud: Cloud,
    /// The cloud before it changed last, and how many seconds that is ago, as long as a read may still
    /// show it.
    pub before: Option<Box<(Cloud, i32)>>,
    /// Who has really said yes to which deployment.
    pub yes: [[bool; 2]; 2],
    /// How many clicks the two people have left, beside saying yes.
    pub clicks: u8,
    /// How many reads may still be late.
    pub lags: u8,
    /// Whether the one fault is still to come.
    pub fault: bool,
    /// What was broken, as bits of [`Broken`](crate::watch::Broken).
    pub broken: u16,
}

/// A deployment in the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stored {
    /// What it is.
    pub deployment: Number,
    /// In how many seconds it is to be looked at; `None` once it is over.
    pub due: Option<i32>,
    /// Whether a function has the wake-up of that moment.
    pub taken: bool,
}

/// An invocation of a function that drives a deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Function {
    /// Which deployment it drives.
    pub of: Who,
    /// The deployment as it has it.
    pub has: Number,
    /// Whether somebody has changed it in the store since.
    pub stale: bool,
    /// Where it is between two calls.
    pub at: At,
    /// How many seconds it has slept, if it is slow.
    pub slept: Option<i32>,
}

/// Where a function is: what it does next is one call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    /// It has seen that nobody looked for a while and stores that.
    Away {
        /// When it was due, in seconds from now.
        since: i32,
    },
    /// It stores what a look made of the deployment, with what it is about to do.
    Looked,
    /// It carries out commands.
    Carrying {
        /// All of them.
        commands: Number,
        /// The next of them.
        next: usize,
        /// How far it is with asking for the environment, which takes up to three calls.
        claiming: u8,
        /// What came of the others.
        events: Number,
    },
    /// It stores what came of them.
    Feeding {
        /// That.
        events: Number,
    },
    /// It stores when it is to be looked at next.
    Settling,
}

impl State {
    /// The deployment as it is stored.
    ///
    /// # Panics
    /// It was not asked for yet.
    pub(crate) fn number(&self, who: Who) -> Number {
        self.stored(who).deployment
    }

    pub(crate) fn stored(&self, who: Who) -> &Stored {
        self.stored[who].as_ref().expect("it is there")
    }

    pub(crate) fn is_due(&self, who: Who) -> bool {
        let stored = self.stored[who].as_ref();
        stored.is_some_and(|stored| !stored.taken && stored.due.is_some_and(|due| due <= 0))
    }

    /// Whether a function runs that holds time up.
    pub(crate) fn is_at_work(&self) -> bool {
        self.functions
            .iter()
            .any(|function| function.slept.is_none())
    }
}
