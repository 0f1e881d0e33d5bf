//! A message to people, in no vendor's words.
//!
//! Text is plain, but for the people, groups and moments that [`crate::inline`] reads; a chat adapter
//! must escape everything else.

use std::fmt;

use serde::{Deserialize, Serialize};

use sluice_core::id::{DeploymentId, Hash};

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// All of it in one line: for notifications and screen readers.
    pub summary: String,
    /// The message, part by part.
    pub blocks: Vec<Block>,
}

impl Message {
    /// A message of one line.
    pub fn line(text: impl Into<String>) -> Self {
        let summary = text.into();
        Self {
            blocks: vec![Block::Text(summary.clone())],
            summary,
        }
    }
}

/// Errors begin in lower case; people are spoken to in sentences. A version stays as it is written.
pub fn sentence(error: &str) -> String {
    let first = error.split(' ').next().unwrap_or_default();
    let is_word = first.chars().all(char::is_alphabetic);
    let mut chars = error.chars();
    chars.next().map_or_else(String::new, |first| {
        let end = if error.ends_with(['.', '?', '!']) {
            ""
        } else {
            "."
        };
        let first = if is_word {
            first.to_uppercase().to_string()
        } else {
            first.to_string()
        };
        format!("{first}{}{end}", chars.as_str())
    })
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// A title.
    Header(String),
    /// A paragraph; lines stay lines.
    Text(String),
    /// Names and values, side by side.
    Fields(Vec<(String, String)>),
    /// Text that must stand as it is: a plan, a log.
    Code(String),
    /// Something small below.
    Context(String),
    /// Something small with pages to look at.
    Links(Vec<Link>),
    /// Buttons.
    Buttons(Vec<Button>),
}

/// A few words, and the page they lead to. Only what Sluice made of checked parts is an address: a
/// text never becomes a link by what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The words.
    pub text: String,
    /// The page; `None` where the words lead nowhere.
    pub url: Option<String>,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What it does.
    pub action: ButtonAction,
    /// For which deployment.
    pub deployment: DeploymentId,
    /// For exactly which plan, if it is about one.
    pub plan: Option<Hash>,
    /// What is asked before it does it.
    pub confirm: Option<Confirm>,
}

/// What is asked when a button is clicked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// The question.
    pub question: String,
    /// What a yes means.
    pub means: String,
}

impl fmt::Display for Confirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.question, self.means)
    }
}

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ButtonAction {
    /// Approve the plan.
    Approve,
    /// Reject it.
    Reject,
    /// Call the deployment off.
    Cancel,
    /// Let it begin although its environment is closed.
    Override,
    /// Pause it.
    Pause,
    /// Let it go on.
    Resume,
    /// Say that the new version is well, where the samples do not.
    Keep,
    /// Take its environment back.
    RollBack,
    /// Leave a failed release as it is, for a newer one to mend.
    RollForward,
    /// Restore the database of its environment.
    RestoreDatabase,
}

impl ButtonAction {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Approve,
        Self::Reject,
        Self::Cancel,
        Self::Override,
        Self::Pause,
        Self::Resume,
        Self::Keep,
        Self::RollBack,
        Self::RollForward,
        Self::RestoreDatabase,
    ];

    /// What stands on the button; with dots where more is asked first.
    pub fn label(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Reject => "Reject",
            Self::Cancel => "Cancel",
            Self::Override => "Deploy anyway…",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
            Self::Keep => "Keep it",
            Self::RollBack => "Roll back…",
            Self::RollForward => "Roll forward",
            Self::RestoreDatabase => "Restore the database…",
        }
    }

    /// How the button is told from others when it comes back: Slack's `action_id`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Cancel => "cancel",
            Self::Override => "override",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Keep => "keep",
            Self::RollBack => "rollback",
            Self::RollForward => "roll-forward",
            Self::RestoreDatabase => "restore",
        }
    }

    /// The action of that id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.id() == id)
    }
}
