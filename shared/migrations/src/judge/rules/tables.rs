//! Tables that go, move or get another name, and partitions.

use sluice_core::migration::Risk;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::locks::Blocks;
use super::{Existing, Judge, Rule};
use crate::judge::names;
use crate::judge::script::Statement;

impl Judge<'_> {
    pub(super) fn drop_tables(
        &mut self,
        statement: &Statement,
        tables: impl Iterator<Item = ast::TableNameRef>,
    ) {
        for name in tables.filter_map(|table| names::of_ref(table.path_ref())) {
            if let Some(table) = self.existing(&name) {
                self.lock(statement, &name, &table, Blocks::All);
                let means = format!("the running code fails wherever it uses {name}");
                self.find(statement.at, Rule::DropTable, Risk::Breaking, means);
                let means = format!("everything in {name} is gone{}", table.size.aside());
                let weight = table.size.weight();
                self.find_in(
                    statement.at,
                    Rule::DropTable,
                    Risk::DataLosing,
                    weight,
                    means,
                );
            }
            self.schema.drop_table(&name);
        }
    }

    pub(super) fn rename_table(
        &mut self,
        statement: &Statement,
        from: &str,
        to: &ast::TableRenameTo,
    ) {
        let Some(to) = names::of_path(to.table_name().and_then(|name| name.path())) else {
            return;
        };
        // The new name stands in the same schema.
        let to = match from.rsplit_once('.') {
            Some((schema, _)) => format!("{schema}.{to}"),
            None => to,
        };
        if self.existing(from).is_some() {
            let means = format!(
                "the running code fails wherever it uses {from}, which is called {to} then"
            );
            self.find(statement.at, Rule::RenameTable, Risk::Breaking, means);
        }
        self.schema.rename_table(from, to);
    }

    /// A table, view, type, sequence or function moves to another schema.
    pub(super) fn set_schema(&mut self, statement: &Statement, node: &ast::SetSchema) {
        let Some(kind) = &statement.kind else { return };
        let Some(name) = names::subject(kind.syntax()) else {
            return;
        };
        if !self.schema.is_new(&name) {
            let means = format!(
                "the running code fails wherever it uses {name}: it is in another schema then"
            );
            self.find(statement.at, Rule::SetSchema, Risk::Breaking, means);
        }
        let schema = node.schema_ref().map(|schema| names::name(&schema));
        if let (ast::Stmt::AlterTable(_), Some(schema)) = (kind, schema) {
            let plain = name.rsplit('.').next().unwrap_or(&name);
            let to = match schema.as_str() {
                "public" => plain.to_owned(),
                _ => format!("{schema}.{plain}"),
            };
            self.schema.rename_table(&name, to);
        }
    }

    pub(super) fn detach_partition(
        &mut self,
        statement: &Statement,
        name: &str,
        node: &ast::DetachPartition,
    ) {
        let Some(part) = names::of_ref(node.table_name_ref().and_then(|table| table.path_ref()))
        else {
            return;
        };
        let means = format!("the running code no longer finds the rows of {part} in {name}");
        self.find(statement.at, Rule::DetachPartition, Risk::Breaking, means);
        let option = node.detach_partition_option();
        if matches!(
            option,
            Some(ast::DetachPartitionOption::DetachConcurrently(_))
        ) {
            self.not_in_transaction(statement, "DETACH PARTITION CONCURRENTLY");
        }
    }

    /// A table becomes a part of another: PostgreSQL reads through it to see that its rows belong
    /// there.
    pub(super) fn attach_partition(&mut self, statement: &Statement, node: &ast::AttachPartition) {
        let name = names::of_ref(node.table_name_ref().and_then(|table| table.path_ref()));
        let Some(name) = name else { return };
        if let Some(part) = self.existing(&name) {
            self.lock(statement, &name, &part, Blocks::All);
            self.scan(statement, &name, &part, Blocks::All);
        }
    }

    pub(super) fn create_table(&mut self, statement: &Statement, node: &ast::CreateTable) {
        let Some(name) = names::of_path(node.table_name().and_then(|name| name.path())) else {
            return;
        };
        if let Some(parent) = node.partition_of().and_then(|of| of.table_name_ref())
            && let Some(parent) = names::of_ref(parent.path_ref())
            && let Some(existing) = self.existing(&parent)
        {
            self.lock(statement, &parent, &existing, Blocks::All);
        }
        self.lock_pointed_at(statement, node.syntax());
        let is_temporary = matches!(node.persistence(), Some(ast::Persistence::Temp(_)));
        if node.if_not_exists().is_some() || is_temporary {
            self.schema.make_table_unless_there(name);
        } else {
            self.schema.make_table(name);
        }
    }

    /// A foreign key locks the table that it points at.
    pub(super) fn lock_pointed_at(&mut self, statement: &Statement, node: &SyntaxNode) {
        let pointed = node.descendants().filter_map(|node| {
            match ast::ForeignKeyConstraint::cast(node.clone()) {
                Some(key) => key.table_name_ref(),
                None => ast::ReferencesConstraint::cast(node).and_then(|key| key.table()),
            }
        });
        for name in pointed.filter_map(|table| names::of_ref(table.path_ref())) {
            if let Some(existing) = self.existing(&name) {
                self.lock(statement, &name, &existing, Blocks::Writes);
            }
        }
    }

    /// The table is written anew, or all of it read, while others wait.
    pub(super) fn rewrite(&mut self, statement: &Statement, name: &str, table: &Existing) {
        let why = "it is rewritten, and reads and writes wait until that is done";
        super::on_all_of(self, statement, Rule::RewriteTable, name, table.size, why);
    }

    pub(super) fn scan(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        blocks: Blocks,
    ) {
        let why = match blocks {
            Blocks::All => "all of it is read through, and reads and writes wait for that",
            Blocks::Writes => "all of it is read through, and writes wait for that",
        };
        super::on_all_of(self, statement, Rule::ScanUnderLock, name, table.size, why);
    }
}
