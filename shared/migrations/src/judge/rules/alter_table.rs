//! Which rules look at which part of an ALTER TABLE.

use squawk_syntax::ast::{self, AstNode};

use super::{Existing, Judge};
use crate::judge::names;
use crate::judge::script::Statement;

impl Judge<'_> {
    pub(super) fn alter_table(&mut self, statement: &Statement, node: &ast::AlterTable) {
        let Some(name) = names::table(node.table_relation_name()) else {
            self.unknown.insert(statement.at);
            return;
        };
        for action in node.actions() {
            match self.existing(&name) {
                Some(table) => self.alter_existing(statement, &name, &table, &action),
                None => self.alter_new(statement, &name, &action),
            }
        }
    }

    /// The migration made the table: only what it is called from here on matters, and what is done
    /// to others.
    fn alter_new(&mut self, statement: &Statement, name: &str, action: &ast::AlterTableAction) {
        match action {
            ast::AlterTableAction::TableRenameTo(it) => self.rename_table(statement, name, it),
            ast::AlterTableAction::AttachPartition(it) => self.attach_partition(statement, it),
            ast::AlterTableAction::AddConstraint(it) => {
                self.lock_pointed_at(statement, it.syntax());
            }
            _ => {}
        }
    }

    fn alter_existing(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        action: &ast::AlterTableAction,
    ) {
        use ast::AlterTableAction as Action;
        match action {
            Action::AddColumn(it) => self.add_column(statement, name, table, it),
            Action::DropColumn(it) => self.drop_column(statement, name, table, it),
            Action::RenameColumn(it) => self.rename_column(statement, name, table, it),
            Action::AlterColumn(it) => self.alter_column(statement, name, table, it),
            Action::AddConstraint(it) => {
                if let Some(constraint) = it.constraint() {
                    self.add_constraint(statement, name, table, &constraint);
                }
            }
            Action::DropConstraint(it) => self.drop_constraint(statement, name, table, it),
            Action::ValidateConstraint(it) => self.validate(statement, table, it),
            Action::TableRenameTo(it) => self.rename_table(statement, name, it),
            Action::AttachPartition(it) => self.attach_partition(statement, it),
            Action::DetachPartition(it) => self.detach_partition(statement, name, it),
            Action::EnableRls(_) | Action::ForceRls(_) => {
                self.row_security(statement, Some(name.to_owned()));
            }
            Action::SetTablespace(_)
            | Action::SetLogged(_)
            | Action::SetUnlogged(_)
            | Action::SetAccessMethod(_) => self.rewrite(statement, name, table),
            // They change how the table is stored, or are told elsewhere: the schema and the owner
            // before, triggers and inheritance by squawk.
            Action::RenameConstraint(_)
            | Action::SetOptions(_)
            | Action::ResetOptions(_)
            | Action::SetWithoutCluster(_)
            | Action::SetWithoutOids(_)
            | Action::ClusterOn(_)
            | Action::ReplicaIdentity(_)
            | Action::OwnerTo(_)
            | Action::SetSchema(_)
            | Action::NoForceRls(_)
            | Action::DisableRls(_)
            | Action::EnableTrigger(_)
            | Action::DisableTrigger(_)
            | Action::NoInheritTable(_) => {}
            Action::AlterConstraint(_)
            | Action::AlterOptionList(_)
            | Action::DisableRule(_)
            | Action::EnableAlwaysRule(_)
            | Action::EnableAlwaysTrigger(_)
            | Action::EnableReplicaRule(_)
            | Action::EnableReplicaTrigger(_)
            | Action::EnableRule(_)
            | Action::InheritTable(_)
            | Action::MergePartitions(_)
            | Action::NotOf(_)
            | Action::OfType(_)
            | Action::OptionItemList(_)
            | Action::SplitPartition(_) => {
                self.unknown.insert(statement.at);
            }
        }
    }
}
