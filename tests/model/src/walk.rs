//! A walk of our own through the same states: `stateright` cannot tell a circle from two ways that meet,
//! and a circle would be a run that never ends.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use stateright::Model as _;

use crate::Model;
use crate::actions::Action;
use crate::state::State;

/// What a walk found.
#[derive(Debug)]
pub struct Walked {
    /// Different states.
    pub states: usize,
    /// The actions around a circle, if there is one.
    pub circle: Option<Vec<Action>>,
}

/// A state on the way, and what is still to be tried from it.
struct Here {
    print: u64,
    state: State,
    actions: Vec<Action>,
    came_by: Option<Action>,
}

/// Walks through every state, until it is in a circle.
pub fn walk(model: &Model) -> Walked {
    let mut is_on_the_way: HashMap<u64, bool> = HashMap::new();
    let mut way: Vec<Here> = Vec::new();
    for first in model.init_states() {
        way.push(here(model, first, None, &mut is_on_the_way));
    }
    while let Some(top) = way.last_mut() {
        let Some(action) = top.actions.pop() else {
            is_on_the_way.insert(top.print, false);
            way.pop();
            continue;
        };
        let Some(next) = model.next_state(&top.state, action.clone()) else {
            continue;
        };
        let print = print(&next);
        match is_on_the_way.get(&print) {
            None => {
                let next = here(model, next, Some(action), &mut is_on_the_way);
                way.push(next);
            }
            Some(false) => {}
            Some(true) => {
                let from = way.iter().position(|here| here.print == print);
                let around = way[from.unwrap_or(0) + 1..].iter();
                let around = around.filter_map(|here| here.came_by.clone());
                return Walked {
                    states: is_on_the_way.len(),
                    circle: Some(around.chain([action]).collect()),
                };
            }
        }
    }
    Walked {
        states: is_on_the_way.len(),
        circle: None,
    }
}

fn here(
    model: &Model,
    state: State,
    came_by: Option<Action>,
    is_on_the_way: &mut HashMap<u64, bool>,
) -> Here {
    let print = print(&state);
    is_on_the_way.insert(print, true);
    let mut actions = Vec::new();
    model.actions(&state, &mut actions);
    Here {
        print,
        state,
        actions,
        came_by,
    }
}

fn print(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
