//! A run as a person can read it.

use stateright::Path;

use crate::Model;
use crate::actions::{Action, Fault};
use crate::cloud::Who;
use crate::state::{At, State};

const NAMES: [&str; 2] = ["Alice", "Bob"];

impl Model {
    /// What happened, action by action, with the phases of the deployments where they change.
    pub fn story(&self, path: Path<State, Action>) -> String {
        let mut lines = Vec::new();
        let mut stood = String::new();
        for (state, action) in path.into_vec() {
            let stands = self.stands(&state);
            if stands != stood {
                lines.push(format!("    {stands}"));
                stood = stands;
            }
            if let Some(action) = action {
                lines.push(self.line(&state, &action));
            }
        }
        lines.join("\n")
    }

    fn stands(&self, state: &State) -> String {
        let phase = |who: Who| {
            let stored = state.stored[who].as_ref()?;
            let d = self.book.deployment(stored.deployment);
            let paused = if d.paused.is_some() { ", paused" } else { "" };
            Some(format!(
                "{}: {}{paused}",
                ["first", "second"][who],
                d.phase.name()
            ))
        };
        let phases: Vec<String> = (0..2).filter_map(phase).collect();
        phases.join("; ")
    }

    fn line(&self, state: &State, action: &Action) -> String {
        match action {
            Action::Open => "Bob asks for the second deployment".to_owned(),
            Action::Start { who, is_due } => format!(
                "a function begins to drive the {} ({})",
                ["first", "second"][*who],
                if *is_due { "it is due" } else { "it was woken" }
            ),
            Action::Lose(who) => format!("a wake-up of the {} is lost", ["first", "second"][*who]),
            Action::Do(at) => self.next_call(state, *at),
            Action::ReadLate(at) => {
                format!("{}, and sees what was before", self.next_call(state, *at))
            }
            Action::Cloud(one) => format!("AWS goes on: {one:?} ({:?})", state.cloud.rollouts),
            Action::Hook(at) => format!("ECS asks the hook: {:?}", state.cloud.rollouts[*at]),
            Action::Click { person, who, click } => format!(
                "{} clicks {click:?} on the {}",
                NAMES[*person],
                ["first", "second"][*who]
            ),
            Action::Pass => "time passes".to_owned(),
            Action::Fault(fault) => match fault {
                Fault::Crash(at)
                | Fault::LoseAnswer(at)
                | Fault::Throttle(at)
                | Fault::Sleep(at)
                | Fault::FailSmokeTests(at) => {
                    format!("FAULT {fault:?}: {}", self.next_call(state, *at))
                }
                _ => format!("FAULT {fault:?}"),
            },
        }
    }

    fn next_call(&self, state: &State, at: usize) -> String {
        let function = &state.functions[at];
        let of = ["first", "second"][function.of];
        let does = match &function.at {
            At::Away { .. } => "stores that nobody looked".to_owned(),
            At::Looked => "stores what it looked at".to_owned(),
            At::Carrying { .. } => match self.next_command(function) {
                Some(command) => format!("calls {}", command.key()),
                None => "has nothing to do".to_owned(),
            },
            At::Feeding { .. } => "stores what came of it".to_owned(),
            At::Settling => "settles".to_owned(),
        };
        let stale = if function.stale { " (stale)" } else { "" };
        format!("the {of}'s function{stale} {does}")
    }
}
