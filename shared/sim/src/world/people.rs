//! People who sit at Slack and click what they see.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use sluice_core::id::{DeploymentId, EnvironmentName, Hash, UserId};
use sluice_words::message::{Button, ButtonAction};

use super::functions::Click;
use crate::workplace::{MemoryStore, SlackModel};

/// Between the two clicks of somebody who clicks twice.
const DOUBLE_CLICK: SignedDuration = SignedDuration::from_millis(300);

/// What somebody does whenever they see a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habit {
    /// Who.
    pub user: UserId,
    /// The button they click.
    pub action: ButtonAction,
    /// In deployments to this environment; `None` in all.
    pub environment: Option<EnvironmentName>,
    /// How long they take.
    pub after: SignedDuration,
}

/// `ButtonAction` has no order of its own; its id has.
type ActionId = &'static str;

/// The people of a world.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) habits: Vec<Habit>,
    pub(super) double_clickers: BTreeSet<UserId>,
    /// How far they have read in Slack.
    seen: usize,
    clicked: BTreeSet<(UserId, ActionId, DeploymentId, Option<Hash>)>,
}

impl People {
    /// The clicks that what Slack shows calls forth, each once for each plan.
    pub(super) fn look(
        &mut self,
        slack: &SlackModel,
        store: &MemoryStore,
    ) -> Vec<(SignedDuration, Click)> {
        let mut clicks = Vec::new();
        for (message, button) in slack.buttons_since(&mut self.seen) {
            for habit in &self.habits {
                if habit.action != button.action || !habit.concerns(&button, store) {
                    continue;
                }
                let once = (
                    habit.user.clone(),
                    button.action.id(),
                    button.deployment.clone(),
                    button.plan.clone(),
                );
                if self.clicked.insert(once) {
                    let click = Click {
                        user: habit.user.clone(),
                        message: message.clone(),
                        button: button.clone(),
                    };
                    if self.double_clickers.contains(&habit.user) {
                        clicks.push((habit.after + DOUBLE_CLICK, click.clone()));
                    }
                    clicks.push((habit.after, click));
                }
            }
        }
        clicks
    }
}

impl Habit {
    fn concerns(&self, button: &Button, store: &MemoryStore) -> bool {
        self.environment.as_ref().is_none_or(|environment| {
            store
                .deployment(&button.deployment)
                .is_some_and(|stored| stored.deployment.environment() == environment)
        })
    }
}
