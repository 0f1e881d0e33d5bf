//! The commands' words.

use std::fmt;

/// The word that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "`about` says each in full")]
pub enum Verb {
    Status,
    Deploy,
    Promote,
    Approve,
    Reject,
    RollBack,
    Restore,
    Cancel,
    Pause,
    Resume,
    Hold,
    Release,
    Freeze,
    Thaw,
    History,
    Metrics,
    Parity,
    Who,
    Help,
}

/// What kind of command it is: who carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Tells how things are.
    Look,
    /// Decides on a deployment that is there.
    Decision,
    /// Asks for a deployment.
    Ask,
    /// Holds deployments up, or lets them go on.
    Control,
}

impl Verb {
    /// All of them, as the help lists them.
    pub const ALL: [Self; 19] = [
        Self::Status,
        Self::Deploy,
        Self::Promote,
        Self::Approve,
        Self::Reject,
        Self::RollBack,
        Self::Restore,
        Self::Cancel,
        Self::Pause,
        Self::Resume,
        Self::Hold,
        Self::Release,
        Self::Freeze,
        Self::Thaw,
        Self::History,
        Self::Metrics,
        Self::Parity,
        Self::Who,
        Self::Help,
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Deploy => "deploy",
            Self::Promote => "promote",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::RollBack => "rollback",
            Self::Restore => "restore",
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
            Self::History => "history",
            Self::Metrics => "metrics",
            Self::Parity => "parity",
            Self::Who => "who",
            Self::Help => "help",
        }
    }

    /// What follows the word: `<…>` must be there, `[…]` may.
    pub fn arguments(self) -> &'static str {
        match self {
            Self::Status | Self::Approve | Self::History | Self::Metrics => "[env]",
            Self::Parity => "[env] [env]",
            Self::Deploy => "<tag|digest> to <env> [hotfix: <reason>]",
            Self::Reject => "[env] <reason>",
            Self::RollBack => "<env> [to <version>]",
            Self::Promote
            | Self::Restore
            | Self::Cancel
            | Self::Resume
            | Self::Release
            | Self::Thaw
            | Self::Who => "<env>",
            Self::Pause | Self::Hold => "<env> [reason]",
            Self::Freeze => "<env> [until <when>] [reason]",
            Self::Help => "[command]",
        }
    }

    /// What it does, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::Status => "What is running, what waits and for what.",
            Self::Deploy => {
                "Deploy a version. It takes the same steps as a push: plan, approval, tests."
            }
            Self::Promote => "Deploy here what has succeeded in the environment before.",
            Self::Approve => "Approve the plan that waits. Sluice says which plan that was.",
            Self::Reject => "Reject the plan that waits, and say why. Nothing is changed.",
            Self::RollBack => {
                "Roll back to a version verified earlier. The database is not rolled back."
            }
            Self::Restore => {
                "Restore the database to before a migration. A form says what would be lost."
            }
            Self::Cancel => "Cancel a deployment that has not changed anything yet.",
            Self::Pause => "Stop the deployment in progress before its next step.",
            Self::Resume => "Let a paused deployment continue.",
            Self::Hold => "Pause automatic deployments. Manual ones still work.",
            Self::Release => "Resume automatic deployments.",
            Self::Freeze => "Let no deployment start at all.",
            Self::Thaw => "End the freeze.",
            Self::History => "What was deployed, and how it ended.",
            Self::Metrics => {
                "How often, how fast and how safely was deployed: the four figures of DORA."
            }
            Self::Parity => "What really runs in two environments, side by side.",
            Self::Who => "Who may do what here.",
            Self::Help => "How a command is written.",
        }
    }

    /// The arguments of a line that works.
    pub fn example(self) -> &'static str {
        match self {
            Self::Status | Self::Approve | Self::History | Self::Metrics => "production",
            Self::Parity => "staging production",
            Self::Deploy => "v1.4.0 to production",
            Self::Reject => "production the migration locks the orders table",
            Self::RollBack => "production to v1.3.9",
            Self::Promote
            | Self::Cancel
            | Self::Resume
            | Self::Release
            | Self::Thaw
            | Self::Restore
            | Self::Who => "production",
            Self::Pause => "production looking at the error rate",
            Self::Hold => "staging load test until noon",
            Self::Freeze => "production until tomorrow 09:00 UTC month end closing",
            Self::Help => "freeze",
        }
    }

    /// What kind of command it is.
    pub fn group(self) -> Group {
        match self {
            Self::Status
            | Self::History
            | Self::Metrics
            | Self::Parity
            | Self::Who
            | Self::Help => Group::Look,
            Self::Approve | Self::Reject | Self::Cancel => Group::Decision,
            Self::Deploy | Self::Promote | Self::RollBack | Self::Restore => Group::Ask,
            Self::Pause | Self::Resume | Self::Hold | Self::Release | Self::Freeze | Self::Thaw => {
                Group::Control
            }
        }
    }

    /// The whole line: `/sluice deploy <tag|digest> to <env>`.
    pub fn usage(self) -> String {
        format!("{} {self} {}", super::COMMAND, self.arguments())
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.word() == word)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
