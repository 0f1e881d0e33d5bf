//! What is told to those who call people: that a person is needed for a deployment, or not any more.

use serde::Serialize;
use sluice_core::deployment::Deployment;
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::machine::deadline;
use sluice_core::note::Note;
use sluice_core::phase::Phase;

use super::change::{Outcome, State, StateChange};
use crate::inline::{moment_of_day, plain};
use crate::report::{standing_words, told};
use crate::slash::COMMAND;
use crate::view::{effect, subject};
use crate::waits::waits_for;

/// A person is needed, or is not any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// What happened.
    pub change: StateChange,
    /// What it is about: `erp v1.4.0 in production`.
    pub subject: String,
    /// What it means now, as far as Sluice knows.
    pub effect: Vec<String>,
    /// What to do, the most likely first.
    pub todo: Vec<String>,
}

impl Page {
    /// The page of a change. What it says of the present is so when it is made: `note` may be a while
    /// ago.
    pub(super) fn new(change: StateChange, note: &Note, d: &Deployment) -> Self {
        let todo = match told(d) {
            Some(told) => told.todo,
            None => in_progress(d),
        };
        let thread = change.message_url.as_ref();
        let thread = thread.filter(|_| is_needed(&change)).map(|url| {
            format!("Decide and see more at the top of the deployment's thread in Slack: {url}")
        });
        Self {
            subject: plain(&subject(d)),
            effect: meaning(d, note).iter().map(|line| plain(line)).collect(),
            todo: todo.iter().map(|line| plain(line)).chain(thread).collect(),
            change,
        }
    }

    /// Whether a person is needed; otherwise one was, and is not any more.
    pub fn needs_person(&self) -> bool {
        is_needed(&self.change)
    }

    /// Whether the deployment is over and has left something that a person must put in order.
    pub fn is_critical(&self) -> bool {
        self.change.outcome.is_some_and(Outcome::needs_person)
    }

    /// In one line, the most important first.
    pub fn heading(&self) -> String {
        let subject = &self.subject;
        match (self.needs_person(), self.change.outcome) {
            (true, None) => format!("Person needed: {subject}"),
            (true, Some(outcome)) => format!("Person needed ({}): {subject}", outcome.name()),
            (false, Some(outcome)) => format!("Settled ({}): {subject}", outcome.name()),
            (false, None) => format!("Settled: {subject}"),
        }
    }

    /// What happened, what it means now, and what to do.
    pub fn text(&self) -> String {
        let Self { change, .. } = self;
        let mut lines = vec![
            format!("{}: {}", self.subject, change.summary),
            format!(
                "It happened at {}.",
                change.at.strftime("%Y-%m-%d %H:%M:%S UTC")
            ),
        ];
        let mut part = |title: &str, of: &[String]| {
            if !of.is_empty() {
                lines.extend([String::new(), title.to_owned()]);
                lines.extend(of.iter().map(|line| format!("- {line}")));
            }
        };
        part("What it means now:", &self.effect);
        part("What to do:", &self.todo);
        lines.extend([String::new(), format!("Deployment {}", change.deployment)]);
        lines.join("\n")
    }
}

fn is_needed(change: &StateChange) -> bool {
    change.state != State::Ended || change.outcome.is_some_and(Outcome::needs_person)
}

/// What it means for users and the database.
fn meaning(d: &Deployment, note: &Note) -> Vec<String> {
    let is_open = matches!(d.phase, Phase::AwaitingRestoreDecision { .. });
    let mut lines: Vec<String> = effect(d, note).filter(|_| is_open).into_iter().collect();
    lines.extend(standing_words(d));
    if lines.is_empty() && !d.phase.is_terminal() {
        lines.push(format!(
            "The deployment waits. `{COMMAND} status {}` shows what users are served by.",
            EnvironmentKey::of(d)
        ));
    }
    lines
}

/// What it waits for, and until when.
fn in_progress(d: &Deployment) -> Vec<String> {
    let mut lines = vec![format!("It waits for {}.", waits_for(d))];
    let is_open = matches!(d.phase, Phase::AwaitingRestoreDecision { .. });
    lines.extend(deadline(d).filter(|_| is_open).map(|until| {
        format!(
            "If no one decides by {}, everything stays as it is.",
            moment_of_day(until)
        )
    }));
    lines
}
