//! A form that is put before one person, and what they put into it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::message::Block;
use crate::slash::{Reason, UnusableReason};
use sluice_core::environment_key::EnvironmentKey;
use sluice_core::id::{DeploymentId, EnvironmentName, Hash, UserId};
use sluice_core::restore::PointReference;

/// A form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modal {
    /// Its title: at most 24 characters in Slack.
    pub title: String,
    /// What is said above the inputs.
    pub blocks: Vec<Block>,
    /// What is asked; all of it must be answered.
    pub inputs: Vec<Input>,
    /// What stands on the button that sends it.
    pub submit: String,
    /// What it is for: comes back with the answers.
    pub purpose: Purpose,
}

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To reject a plan.
    Reject {
        /// Whose.
        deployment: DeploymentId,
        /// Which.
        plan: Hash,
    },
    /// To bring back a verified release.
    RollBack {
        /// Where.
        at: EnvironmentKey,
    },
    /// To bring the database back.
    Restore {
        /// Where.
        at: EnvironmentKey,
    },
    /// To let a deployment begin while its environment is closed.
    Override {
        /// Which.
        deployment: DeploymentId,
    },
}

impl Purpose {
    /// How the form is told from others when it comes back: Slack's `callback_id`.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Reject { .. } => "reject",
            Self::RollBack { .. } => "rollback",
            Self::Restore { .. } => "restore",
            Self::Override { .. } => "override",
        }
    }
}

/// One question of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Which.
    pub name: InputName,
    /// What is asked.
    pub label: String,
    /// A little help below; empty for none.
    pub hint: String,
    /// How it is answered.
    pub kind: InputKind,
}

/// A question's name: Slack's `block_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputName {
    /// Why.
    Reason,
    /// Which release.
    Release,
    /// What if the database has moved on.
    Schema,
    /// Which point the database is brought back to.
    Point,
    /// The environment's name, typed: nobody types it by accident.
    Confirm,
}

impl InputName {
    /// The name as text.
    pub fn id(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::Release => "release",
            Self::Schema => "schema",
            Self::Point => "point",
            Self::Confirm => "confirm",
        }
    }

    /// The question of that name.
    pub fn from_id(id: &str) -> Option<Self> {
        [
            Self::Reason,
            Self::Release,
            Self::Schema,
            Self::Point,
            Self::Confirm,
        ]
        .into_iter()
        .find(|name| name.id() == id)
    }
}

/// How a question is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputKind {
    /// In words.
    Text {
        /// At most so many characters.
        max_chars: usize,
    },
    /// By choosing one.
    Select(Vec<Choice>),
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What is shown.
    pub label: String,
    /// What comes back.
    pub value: String,
}

/// The answer to [`InputName::Release`] that names no release: whatever ran before.
pub const BEFORE: &str = "before";

/// The answer to [`InputName::Schema`]: not if a migration ran since.
pub const REFUSE: &str = "refuse";

/// The answer to [`InputName::Schema`]: the one who asks knows that the old code fits.
pub const FORCE: &str = "force";

/// A form that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The form's own id, Slack's `view.id`: the same when it is sent again.
    pub id: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The answers.
    pub answers: BTreeMap<InputName, String>,
    /// By whom.
    pub by: UserId,
}

impl Submission {
    /// The reason that was given.
    ///
    /// # Errors
    /// There is none that can be used.
    pub fn reason(&self) -> Result<Reason, UnusableReason> {
        let typed = self.answers.get(&InputName::Reason);
        Reason::typed(typed.map_or("", String::as_str))
    }

    /// The deployment that proved the release which was chosen; `None` for what ran before.
    pub fn release(&self) -> Option<DeploymentId> {
        let chosen = self.answers.get(&InputName::Release)?;
        (chosen != BEFORE).then(|| DeploymentId::from_outside(chosen.as_str()))
    }

    /// The point that was chosen; `None` if it is none.
    pub fn point(&self) -> Option<PointReference> {
        PointReference::parse(self.answers.get(&InputName::Point)?)
    }

    /// Whether the one who sent it has typed the environment's name.
    pub fn confirms(&self, environment: &EnvironmentName) -> bool {
        let typed = self.answers.get(&InputName::Confirm);
        typed.is_some_and(|typed| typed.trim() == environment.as_str())
    }

    /// Whether the one who sent it knows that the old code fits the schema there is.
    pub fn is_forced(&self) -> bool {
        self.answers
            .get(&InputName::Schema)
            .is_some_and(|answer| answer == FORCE)
    }
}
