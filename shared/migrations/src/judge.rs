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

pub use self::rules::rules;

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
    let (statements, found) = match text::obstacle(sql) {
        Some(obstacle) => (0, vec![whole(&obstacle)]),
        // The parser is not ours and takes any text: should it panic, the text is unjudged.
        None => std::panic::catch_unwind(|| read(sql, tables))
            .unwrap_or_else(|_| (0, vec![whole(&Obstacle::Unreadable)])),
    };
    let mut judgement = Judgement {
        sql: Hash::of_json(&sql),
        statements,
        findings: found,
        left_out: 0,
        left_out_risks: Default::default(),
    };
    bound(&mut judgement);
    judgement
}

/// How many statements there are and what was found in them, the worst first.
fn read(sql: &str, tables: &Tables) -> (u32, Vec<Finding>) {
    let script = Script::read(sql);
    let mut judge = Judge::new(tables);
    for statement in &script.statements {
        judge.statement(statement);
    }
    judge.finish(&script);
    let found = judge.into_found();
    let findings = found.into_iter().map(|found| told(&script, found));
    let statements = u32::try_from(script.statements.len()).unwrap_or(u32::MAX);
    (statements, findings.collect())
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

/// The one finding of a text that was not read at all.
fn whole(obstacle: &Obstacle) -> Finding {
    Finding {
        rule: rules::Rule::DoesNotParse.name().to_owned(),
        risk: Risk::Unjudged,
        revision: None,
        statement: "…".to_owned(),
        means: obstacle.to_string(),
        waiver: None,
    }
}

/// Cuts the list, and keeps in mind which kinds of risk the rest has: a migration is not harmless
/// because its finding is the forty-first.
fn bound(judgement: &mut Judgement) {
    if judgement.findings.len() <= FINDINGS {
        return;
    }
    let rest = judgement.findings.split_off(FINDINGS);
    judgement.left_out = u32::try_from(rest.len()).unwrap_or(u32::MAX);
    judgement.left_out_risks = rest.iter().map(|finding| finding.risk).collect();
}
