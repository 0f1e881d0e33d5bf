//! A migration, seen before it runs: where the database stands, what is pending, and what that means
//! for the way back.
//!
//! What is judged here was read from SQL by `shared/migrations`; the machine only decides by it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Hash;

/// Findings that are kept of one migration: nobody reads more, and state stays small.
pub const FINDINGS: usize = 40;

/// What looking at a migration showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// Where the database stands, as Alembic's revision ids; empty before the first migration.
    pub current: Vec<String>,
    /// Where the image's migrations lead.
    pub head: String,
    /// What would run, in its order; empty where the database stands at the head.
    pub pending: Vec<Revision>,
    /// What that would do.
    pub judgement: Judgement,
}

/// How far looking at a migration has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InspectionReading {
    /// Its task runs, or its report is on its way to the log.
    UnderWay,
    /// ECS does not show its task: not yet, or not any more.
    NotShown,
    /// Its task never started, so that nothing was executed, in ECS's words.
    NeverStarted(String),
    /// It has seen everything.
    Seen(Box<Inspection>),
    /// It could not, and why: what to do about it stands with it.
    Failed(String),
}

/// What running the migration on a copy of the database showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// The hash of the SQL that ran.
    pub sql: Hash,
    /// How long it ran, in milliseconds.
    pub took_ms: u64,
    /// The locks it held that make others wait.
    pub locks: Vec<HeldLock>,
    /// How long RDS took to make the copy, in seconds: so long a restore would take it too.
    pub copied_s: u64,
}

/// A lock that a migration held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldLock {
    /// On which table.
    pub table: String,
    /// PostgreSQL's mode, such as `AccessExclusiveLock`.
    pub mode: String,
    /// For how long at most, in milliseconds.
    pub held_ms: u64,
}

/// How far a rehearsal's task is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RehearsalReading {
    /// It runs, or its report is on its way to the log.
    UnderWay,
    /// ECS does not show its task: not yet, or not any more.
    NotShown,
    /// Its task never started, so that nothing was executed, in ECS's words.
    NeverStarted(String),
    /// It went to the head.
    Done {
        /// How long it ran, in milliseconds.
        took_ms: u64,
        /// The locks it held.
        locks: Vec<HeldLock>,
    },
    /// It did not, and why.
    Failed(String),
}

/// One revision of a chain of migrations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Alembic's id of it.
    pub id: String,
    /// What its author calls it.
    pub message: String,
}

/// What the SQL of a migration would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The hash of the SQL: another SQL is another plan.
    pub sql: Hash,
    /// How many statements it has, Alembic's own bookkeeping aside.
    pub statements: u32,
    /// What was found, the worst first, [`FINDINGS`] at most.
    pub findings: Vec<Finding>,
    /// How many more were found.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u32,
    /// Which kinds of risk those have: nobody can answer for what is not shown.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub left_out_risks: BTreeSet<Risk>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// One thing that a statement does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that found it, such as `drop-column`; each is explained in
    /// `docs/migration-rules.md`.
    pub rule: String,
    /// What kind of risk it is.
    pub risk: Risk,
    /// The revision that does it, where the SQL says.
    pub revision: Option<String>,
    /// The statement, on one line, cut, and without the values in it: they may be secrets.
    pub statement: String,
    /// What it means, as a sentence for people, without a full stop.
    pub means: String,
    /// Who answers for it all the same, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waiver>,
}

/// Somebody answers for a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What kind of risk a statement is, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// A failure half way leaves something behind: it is not undone with the transaction.
    NotTransactional,
    /// Others wait for it, perhaps for long.
    Locking,
    /// Data is gone that no code brings back.
    DataLosing,
    /// What it does could not be found out: it may be anything.
    Unjudged,
    /// The code that runs now does not run on the schema that it leaves.
    Breaking,
}

impl Risk {
    /// All of them, the mildest first.
    pub const ALL: [Self; 5] = [
        Self::NotTransactional,
        Self::Locking,
        Self::DataLosing,
        Self::Unjudged,
        Self::Breaking,
    ];

    /// Its name: the same in `sluice.toml`, in Slack and in the docs.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotTransactional => "not-transactional",
            Self::Locking => "locking",
            Self::DataLosing => "data-losing",
            Self::Unjudged => "unjudged",
            Self::Breaking => "breaking",
        }
    }
}

/// Revisions, in words.
pub fn places(revisions: &[String]) -> String {
    if revisions.is_empty() {
        return "no revision at all".to_owned();
    }
    revisions.join(" and ")
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Judgement {
    /// The findings that nobody answers for.
    pub fn standing(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.waiver.is_none())
    }

    /// Whether it has a risk of this kind that nobody answers for.
    pub fn has(&self, risk: Risk) -> bool {
        self.standing().any(|finding| finding.risk == risk) || self.left_out_risks.contains(&risk)
    }

    /// Whether the code that runs now also runs on the schema that it leaves, so that the code can
    /// go back and the database stays. What could not be judged is not believed to be harmless.
    pub fn is_additive(&self) -> bool {
        !self.has(Risk::Breaking) && !self.has(Risk::Unjudged)
    }

    /// Whether a failure half way leaves the database as it was: all of it is one transaction.
    pub fn is_transactional(&self) -> bool {
        let shown = self.findings.iter().map(|finding| finding.risk);
        let mut all = shown.chain(self.left_out_risks.iter().copied());
        // Nobody can answer for what PostgreSQL does: a waiver does not count here.
        !all.any(|risk| matches!(risk, Risk::NotTransactional | Risk::Unjudged))
    }

    /// Has people answer for findings: `waivers` by revision and rule.
    pub fn waive(&mut self, waivers: &BTreeMap<(String, String), Waiver>) {
        for finding in &mut self.findings {
            let Some(revision) = &finding.revision else {
                continue;
            };
            let key = (revision.clone(), finding.rule.clone());
            finding.waiver = waivers.get(&key).cloned();
        }
    }
}
