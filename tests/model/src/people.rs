//! People: Alice asked for the first deployment, Bob asks for the second. Either may click on anything.

use std::collections::BTreeSet;

use sluice_core::deployment::{Deployment, Way};
use sluice_core::event::Event;

use crate::actions::Action;
use crate::cloud::Who;
use crate::state::State;
use crate::watch::person;
use crate::{Bug, Model};

/// What a person clicks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Click {
    Approve,
    Reject,
    Pause,
    Resume,
    Cancel,
    GoBack,
}

impl Click {
    const ALL: [Self; 6] = [
        Self::Approve,
        Self::Reject,
        Self::Pause,
        Self::Resume,
        Self::Cancel,
        Self::GoBack,
    ];

    /// Saying yes is what everybody waits for: only the other clicks are counted.
    fn is_counted(self) -> bool {
        self != Self::Approve
    }

    /// What it tells the machine.
    pub(crate) fn event(self, by: usize, d: &Deployment) -> Option<Event> {
        let by = person(by);
        let groups = BTreeSet::new();
        let plan = || d.plan.as_ref().map(|sealed| sealed.hash.clone());
        Some(match self {
            Self::Approve => Event::Approve {
                by,
                groups,
                plan: plan()?,
                same: BTreeSet::new(),
            },
            Self::Reject => Event::Reject {
                by,
                groups,
                plan: plan()?,
                reason: None,
            },
            Self::Pause => Event::Pause {
                by,
                groups,
                reason: "wait".to_owned(),
            },
            Self::Resume => Event::Resume { by, groups },
            Self::Cancel => Event::Cancel { by, groups },
            Self::GoBack => Event::GoBack {
                by,
                reason: "it is slow".to_owned(),
                request: "request".to_owned(),
                way: Way::Back,
            },
        })
    }
}

impl Model {
    /// The clicks that change something.
    pub(crate) fn clicks(&self, state: &State, actions: &mut Vec<Action>) {
        for who in 0..2 {
            let Some(stored) = &state.stored[who] else {
                continue;
            };
            if self.book.facts(stored.deployment).is_over {
                continue;
            }
            for person in 0..2 {
                for click in Click::ALL {
                    let may = !click.is_counted() || state.clicks > 0;
                    let by = self.taken_for(person, who, click);
                    if may && self.book.click(stored.deployment, by, click).is_some() {
                        actions.push(Action::Click { person, who, click });
                    }
                }
            }
        }
    }

    /// Whom the driver takes them for.
    fn taken_for(&self, person: usize, who: Who, click: Click) -> usize {
        match (self.bug, click) {
            (Some(Bug::TakesAnybodysYes), Click::Approve) => 1 - who,
            _ => person,
        }
    }

    /// A click: it is loaded, stepped and stored under the version check, so it is one step. Then
    /// somebody looks.
    pub(crate) fn click(&self, state: &mut State, person: usize, who: Who, click: Click) {
        let by = self.taken_for(person, who, click);
        let Some(after) = self.book.click(state.number(who), by, click) else {
            return;
        };
        if click == Click::Approve {
            state.yes[who][person] = true;
        }
        if click.is_counted() {
            state.clicks -= 1;
        }
        self.store(state, who, after);
        state.mail[who] = true;
    }
}
