//! How the database schema is brought up to date, and what is asked of a migration before.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::id::ServiceName;
use crate::migration::Waiver;

/// How the schema is brought up to date: one task, run once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// What the container runs, such as `["alembic", "upgrade", "head"]`.
    pub command: Vec<String>,
    /// The service whose task definition, network and secrets the task has.
    pub service: ServiceName,
    /// After this the migration counts as failed.
    pub timeout: SignedDuration,
    /// How it is looked at before and guarded while it runs. `None` runs the command as it is, and
    /// nothing is known of what it does: so it was in every version that could not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspect: Option<Inspect>,
    /// Whether the team writes each migration so that the code that ran before runs on the new schema
    /// too. Said only of a migration that is not inspected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub additive: bool,
}

/// How a migration is looked at before it runs, and guarded while it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspect {
    /// How long it waits for another migration of the same database to end.
    pub lock_wait: SignedDuration,
    /// PostgreSQL's `lock_timeout` for its statements: one that waits longer for a table fails,
    /// rather than have everybody wait behind it.
    pub lock_timeout: SignedDuration,
    /// Findings that somebody answers for.
    pub waivers: Vec<WaivedFinding>,
}

impl Inspect {
    /// Who answers for what, by revision and rule.
    pub fn waivers(&self) -> BTreeMap<(String, String), Waiver> {
        let waivers = self.waivers.iter();
        waivers
            .map(|waived| {
                let key = (waived.revision.clone(), waived.rule.clone());
                (key, waived.waiver.clone())
            })
            .collect()
    }
}

/// A finding that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaivedFinding {
    /// The revision that has it.
    pub revision: String,
    /// The rule that finds it.
    pub rule: String,
    /// Who answers for it, and why.
    #[serde(flatten)]
    pub waiver: Waiver,
}

/// What becomes of a plan whose migration has a risk that nobody answers for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RiskRule {
    /// It is shown, and that is all.
    #[default]
    Allow,
    /// Two people must say yes, and neither of them asked for it.
    FourEyes,
    /// There is no plan.
    Refuse,
}

impl RiskRule {
    /// Whether it is only shown, which is meant where nothing is stored.
    pub fn is_allow(&self) -> bool {
        *self == Self::Allow
    }
}

/// Whether the command is an upgrade by Alembic, so that Sluice can look at what it would do:
/// `alembic … upgrade …`, by itself or behind something that starts it.
pub fn is_alembic(command: &[String]) -> bool {
    let name = |word: &String| word.rsplit('/').next().unwrap_or(word) == "alembic";
    let Some(at) = command.iter().position(name) else {
        return false;
    };
    let arguments = &command[at..];
    let says = |word: &str| arguments.iter().any(|argument| argument == word);
    says("upgrade") && !says("--sql")
}
