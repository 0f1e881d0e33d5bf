//! From SQL to what it means.
//!
//! The text is what `alembic upgrade FROM:head --sql` prints for PostgreSQL. It is read statement by
//! statement, in its order, because what a statement means depends on those before it: nothing
//! about a table that the same SQL made is breaking, locking or losing.
//!
//! What no rule knows is a finding too. The judge errs towards a person who looks.

mod functions;
mod names;
mod rules;
mod schema;
mod script;
mod size;
mod sql_type;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sluice_core::id::Hash;
use sluice_core::migration::{FINDINGS, Finding, Judgement, Risk};

use self::rules::{Found, Judge};
use self::script::Script;
use self::text::Obstacle;

pub use self::rules::{NO_SQL, rules};

/// The tables that the SQL names, as they are now; by name, with the schema where it is not
/// `public`.
pub type Tables = BTreeMap<String, Table>;

/// A table as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// PostgreSQL's estimate of its rows; negative where it was never analysed.
    pub rows: i64,
    /// With indexes and TOAST, in bytes.
    pub bytes: u64,
    /// Its columns, by name.
    pub columns: BTreeMap<String, Column>,
    /// Its indexes, by name, those of its constraints among them; `None` where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexes: Option<BTreeMap<String, Index>>,
}

/// An index as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Whether it refuses what it has already: then an `ON CONFLICT` may stand on it.
    pub unique: bool,
}

/// A column as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its type, as `format_type` says it, such as `character varying(80)`.
    #[serde(rename = "type")]
    pub sql_type: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Whether it fills itself where an INSERT leaves it out.
    pub default: bool,
    /// The values it can have, where its type is an enum; empty where it is none, or where nobody
    /// looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// Judges the SQL of pending revisions, as `alembic upgrade FROM:head --sql` prints it.
///
/// Takes any text: what cannot be read is a finding, never an error. The same text and tables give
/// the same judgement.
pub fn judge(sql: &str, tables: &Tables) -> Judgement {
    let read = match text::obstacle(sql) {
        Some(obstacle) => Read::nothing(&obstacle),
        // The parser is not ours and takes any text: should it panic, the text is unjudged.
        None => std::panic::catch_unwind(|| read(sql, tables))
            .unwrap_or_else(|_| Read::nothing(&Obstacle::Unreadable)),
    };
    Judgement {
        sql: Hash::of_json(&sql),
        statements: count(read.statements),
        findings: read.findings,
        left_out: count(read.left_out.len()),
        // A migration is not harmless because its finding is the forty-first.
        left_out_risks: read.left_out.into_iter().collect(),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What reading showed.
struct Read {
    statements: usize,
    /// The worst first, [`FINDINGS`] at most.
    findings: Vec<Finding>,
    /// Which kind each of the others is.
    left_out: Vec<Risk>,
}

impl Read {
    /// Of a text that was not read at all.
    fn nothing(obstacle: &Obstacle) -> Self {
        let finding = Finding {
            rule: rules::Rule::DoesNotParse.name().to_owned(),
            risk: Risk::Unjudged,
            revision: None,
            statement: "…".to_owned(),
            means: obstacle.to_string(),
            waiver: None,
        };
        Self {
            statements: 0,
            findings: vec![finding],
            left_out: Vec::new(),
        }
    }
}

fn read(sql: &str, tables: &Tables) -> Read {
    let script = Script::read(sql);
    let mut judge = Judge::new(tables);
    for statement in &script.statements {
        judge.statement(statement);
    }
    judge.finish(&script);
    let mut found = judge.into_found();
    let left_out = found.split_off(found.len().min(FINDINGS));
    let findings = found.into_iter().map(|found| told(&script, found));
    Read {
        statements: script.statements.len(),
        findings: findings.collect(),
        left_out: left_out.into_iter().map(|found| found.risk).collect(),
    }
}

fn told(script: &Script, found: Found) -> Finding {
    let statement = &script.statements[found.statement];
    Finding {
        rule: found.rule.to_owned(),
        risk: found.risk,
        revision: statement.revision.clone(),
        statement: statement.shown(),
        means: found.means,
        waiver: None,
    }
}
