//! squawk's own rules, where they say something that none of Sluice's does.
//!
//! Each of its rules has its place in the one match below, so that a new version of squawk with
//! new rules does not build until somebody decided about them.

use sluice_core::migration::Risk;
use squawk_linter::{Linter, Rule as Squawks};
use squawk_syntax::SourceFile;
use squawk_syntax::ast::{self, AstNode, Stmt};

use super::{Found, Judge};
use crate::judge::names;
use crate::judge::script::Script;
use crate::judge::text;

/// What becomes of a rule of squawk's.
enum Fate {
    /// Its findings are told, under its own name.
    Carried(Risk, &'static str),
    /// A rule of Sluice's says it, with more in view: sizes, types, what the migration made itself.
    Ours,
    /// It is about style, or about what does no harm here.
    Style,
}

use Fate::{Carried, Ours, Style};

fn fate(rule: Squawks) -> Fate {
    use Risk::{Breaking, Locking};
    match rule {
        Squawks::BanAlterDomainWithAddConstraint => Carried(
            Breaking,
            "columns of the domain may refuse what the running code writes",
        ),
        Squawks::BanDropExtension => Carried(
            Breaking,
            "the running code fails wherever it uses a function or type of the extension",
        ),
        Squawks::RenamingObject => Carried(
            Breaking,
            "the running code fails wherever it uses the old name",
        ),
        Squawks::BanDropGeneratedExpression => Carried(
            Breaking,
            "the running code expects the column to be computed, and leaves it empty",
        ),
        Squawks::BanDisableTrigger => Carried(
            Breaking,
            "what triggers, rules or row level security did for the running code changes",
        ),
        Squawks::BanDetachInheritance => Carried(
            Breaking,
            "the running code no longer finds the rows of the child in the parent",
        ),
        Squawks::BanAlterSequenceValues => Carried(
            Breaking,
            "the running code may get numbers that are taken already, or none",
        ),
        Squawks::BanAlterFunctionOptions => Carried(
            Breaking,
            "the function may behave otherwise for the running code",
        ),
        Squawks::BanAlterViewOptions => Carried(
            Breaking,
            "the view may behave otherwise for the running code",
        ),
        Squawks::BanAlterRoleOptions => Carried(
            Breaking,
            "the role of the running code may be allowed less, or its sessions behave otherwise",
        ),
        Squawks::BanAlterDatabaseOptions | Squawks::BanAlterSystemOptions => Carried(
            Breaking,
            "sessions of the running code may behave otherwise",
        ),
        Squawks::BanAlterExtension => Carried(
            Breaking,
            "functions and types of the extension may change or go",
        ),
        Squawks::BanAddCompositeAttribute => Carried(
            Breaking,
            "the running code writes and reads one field less than the type has",
        ),
        Squawks::RequireConcurrentPartitionDetach => Carried(
            Locking,
            "reads and writes of the whole table wait until its other users are through",
        ),

        // Said by rules of the same name or of a better one.
        Squawks::BanDropColumn
        | Squawks::BanDropTable
        | Squawks::BanDropDatabase
        | Squawks::BanDropView
        | Squawks::BanDropFunction
        | Squawks::BanDropType
        | Squawks::BanDropDomain
        | Squawks::BanDropSchema
        | Squawks::BanDropSequence
        | Squawks::BanDropIndex
        | Squawks::BanDropConstraint
        | Squawks::BanDropDefault
        | Squawks::BanDropTrigger
        | Squawks::BanDropPolicy
        | Squawks::BanCreatePolicy
        | Squawks::BanAlterPolicyCondition
        | Squawks::BanAlterPolicyRoles
        | Squawks::BanAlterRowLevelSecurity
        | Squawks::BanRevoke
        | Squawks::BanReplaceViewFunction
        | Squawks::BanSetSchema
        | Squawks::BanAlterIdentity
        | Squawks::BanAlterGeneratedExpression
        | Squawks::BanNewWriteRestriction
        | Squawks::BanTruncateCascade
        | Squawks::RenamingColumn
        | Squawks::RenamingTable
        | Squawks::ChangingColumnType
        | Squawks::AddingRequiredField
        | Squawks::AddingNotNullableField
        | Squawks::AddingFieldWithDefault
        | Squawks::AddingForeignKeyConstraint
        | Squawks::AddingSerialPrimaryKeyField
        | Squawks::ConstraintMissingNotValid
        | Squawks::DisallowedUniqueConstraint
        | Squawks::RequireConcurrentIndexCreation
        | Squawks::RequireConcurrentIndexDeletion
        | Squawks::RequireConcurrentReindex
        | Squawks::BanConcurrentIndexCreationInTransaction
        | Squawks::TransactionNesting
        | Squawks::BanUncommittedTransaction => Ours,

        // What only a database designer would mind, and what is not about the running code:
        // it takes more than before, or the migration fails at once and leaves nothing. Timeouts
        // are set by whoever runs the migration.
        Squawks::BanAddColumn
        | Squawks::BanAddEnumValue
        | Squawks::BanDropNotNull
        | Squawks::BanSetDefault
        | Squawks::BanReplicaIdentity
        | Squawks::BanCharField
        | Squawks::BanCreateDomainWithConstraint
        | Squawks::BanDuplicateColumnAssignments
        | Squawks::IdentifierTooLong
        | Squawks::PreferBigintOverInt
        | Squawks::PreferBigintOverSmallint
        | Squawks::PreferIdentity
        | Squawks::PreferRepack
        | Squawks::PreferRobustStmts
        | Squawks::PreferTextField
        | Squawks::PreferTimestampTz
        | Squawks::RequireEnumValueOrdering
        | Squawks::RequireTableSchema
        | Squawks::RequireTimeoutSettings
        | Squawks::RequireLockTimeout
        | Squawks::RequireStatementTimeout
        | Squawks::UnusedIgnore => Style,
    }
}

/// Those that are asked.
const ASKED: [Squawks; 15] = [
    Squawks::BanAlterDomainWithAddConstraint,
    Squawks::BanDropExtension,
    Squawks::RenamingObject,
    Squawks::BanDropGeneratedExpression,
    Squawks::BanDisableTrigger,
    Squawks::BanDetachInheritance,
    Squawks::BanAlterSequenceValues,
    Squawks::BanAlterFunctionOptions,
    Squawks::BanAlterViewOptions,
    Squawks::BanAlterRoleOptions,
    Squawks::BanAlterDatabaseOptions,
    Squawks::BanAlterSystemOptions,
    Squawks::BanAlterExtension,
    Squawks::BanAddCompositeAttribute,
    Squawks::RequireConcurrentPartitionDetach,
];

/// The rules whose findings are told: their names and the risk each finds.
pub(super) fn carried() -> impl Iterator<Item = (String, Risk)> {
    ASKED.into_iter().filter_map(|rule| match fate(rule) {
        Carried(risk, _) => Some((rule.to_string(), risk)),
        Ours | Style => None,
    })
}

impl Judge<'_> {
    pub(super) fn squawk(&mut self, script: &Script) {
        let sql = script.parse.syntax_node().text().to_string();
        let violations = if sql.contains("squawk-") {
            // A comment in the SQL may not silence a finding: whoever answers for one does so by
            // name and with a reason.
            let sql = text::without_comments(&sql);
            Linter::from(ASKED).lint(&SourceFile::parse(&sql), &sql)
        } else {
            Linter::from(ASKED).lint(&script.parse, &sql)
        };
        for violation in violations {
            let Carried(risk, means) = fate(violation.code) else {
                continue;
            };
            let offset = usize::from(violation.text_range.start());
            let Some(statement) = script.at_offset(offset) else {
                continue;
            };
            let Some(kind) = &statement.kind else {
                continue;
            };
            let subject = names::subject(kind.syntax());
            let is_new = subject.is_some_and(|name| self.schema.is_new(&name));
            if is_new || !counts(kind) || self.has(statement.at, risk) {
                continue;
            }
            self.add(Found {
                rule: violation.code.to_string(),
                risk,
                weight: 0,
                statement: statement.at,
                means: means.to_owned(),
            });
        }
    }
}

/// Whether squawk's word counts: a constraint's or an index's new name breaks nothing, and what a
/// type's means is judged by what becomes of it.
fn counts(kind: &Stmt) -> bool {
    let node = kind.syntax();
    match kind {
        Stmt::AlterTable(_) => !names::holds::<ast::RenameConstraint>(node),
        Stmt::AlterType(_) => {
            !names::holds::<ast::TypeRenameTo>(node) && !names::holds::<ast::RenameValue>(node)
        }
        Stmt::AlterIndex(_) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_told() {
        assert_eq!(carried().count(), ASKED.len());
    }
}
