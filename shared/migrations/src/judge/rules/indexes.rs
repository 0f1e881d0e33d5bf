//! Indexes: how they are built, and what goes with them.

use sluice_core::migration::Risk;
use squawk_syntax::ast::{self, AstNode};

use super::locks::Blocks;
use super::{Existing, Judge, Rule};
use crate::judge::names;
use crate::judge::schema::Kind;
use crate::judge::script::Statement;
use crate::judge::size::Size;

impl Judge<'_> {
    pub(super) fn create_index(&mut self, statement: &Statement, node: &ast::CreateIndex) {
        let index = names::of_path(node.index().and_then(|index| index.path()));
        let Some(name) = names::table(node.table_relation_name()) else {
            return;
        };
        if let Some(table) = self.existing(&name) {
            if node.concurrently_token().is_none() {
                self.lock(statement, &name, &table, Blocks::Writes);
                self.build_index(statement, &name, &table);
            }
            if node.unique_token().is_some() {
                self.unique_index(statement, &name, &table, node);
            }
        }
        if node.concurrently_token().is_some() {
            self.concurrent_index(statement, index.as_deref());
        }
        if let (Some(index), None) = (index, node.if_not_exists()) {
            self.schema.make(Kind::Relation, index);
        }
    }

    fn unique_index(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        node: &ast::CreateIndex,
    ) {
        let items = node.partition_item_list();
        let items = items.into_iter().flat_map(|list| list.partition_items());
        // A column alone, not an expression: `lower(x)` may make something of NULL.
        let columns = items.filter_map(|item| match item.expr()? {
            ast::Expr::NameRef(column) => Some(names::name(&column)),
            _ => None,
        });
        let columns: Vec<String> = columns.collect();
        let nulls_are_equal = matches!(
            node.nulls_distinct_option(),
            Some(ast::NullsDistinctOption::NullsNotDistinct(_))
        );
        self.add_unique(statement, name, table, &columns, nulls_are_equal);
    }

    /// An index is built while nobody may write.
    fn build_index(&mut self, statement: &Statement, name: &str, table: &Existing) {
        let why = "writes wait until the index is built";
        super::on_all_of(
            self,
            statement,
            Rule::IndexNotConcurrent,
            name,
            table.size,
            why,
        );
    }

    fn concurrent_index(&mut self, statement: &Statement, index: Option<&str>) {
        let index = index.unwrap_or("the index");
        let means = match statement.transaction {
            Some(_) => format!(
                "building {index} concurrently fails inside a transaction: it needs an \
                 autocommit block"
            ),
            None => format!(
                "if building {index} fails, it stays behind, invalid, and must be dropped by hand"
            ),
        };
        self.find(
            statement.at,
            Rule::ConcurrentIndex,
            Risk::NotTransactional,
            means,
        );
    }

    pub(super) fn drop_index(&mut self, statement: &Statement, node: &ast::DropIndex) {
        for name in node
            .index_refs()
            .filter_map(|index| names::of_ref(index.path_ref()))
        {
            if self.schema.is_made(Kind::Relation, &name) {
                continue;
            }
            let means = match self.schema.index(&name) {
                Some(index) if !index.unique => continue,
                Some(_) => format!("ON CONFLICT on {name} fails in the running code"),
                None => format!("if {name} is unique, ON CONFLICT on it fails in the running code"),
            };
            self.find(statement.at, Rule::DropIndex, Risk::Breaking, means);
        }
        if node.concurrently_token().is_some() {
            self.not_in_transaction(statement, "DROP INDEX CONCURRENTLY");
        }
    }

    pub(super) fn reindex(&mut self, statement: &Statement, node: &ast::Reindex) {
        if node.is_concurrently() {
            return self.concurrent_index(statement, None);
        }
        let name = match node.reindex_target() {
            Some(ast::ReindexTarget::ReindexTargetTable(target)) => {
                names::of_ref(target.table_name_ref().and_then(|table| table.path_ref()))
            }
            Some(ast::ReindexTarget::ReindexTargetIndex(target)) => {
                let index = names::of_ref(target.index_ref().and_then(|index| index.path_ref()));
                if index.is_some_and(|index| self.schema.is_made(Kind::Relation, &index)) {
                    return;
                }
                None
            }
            _ => None,
        };
        let table = name.as_deref().map(|name| self.existing(name));
        let (name, size) = match (&name, table) {
            (Some(name), Some(Some(table))) => (name.as_str(), table.size),
            // The migration made the table.
            (Some(_), _) => return,
            (None, _) => ("what is indexed", Size::of(None)),
        };
        let why = "writes, and reads by the index, wait until it is rebuilt";
        super::on_all_of(self, statement, Rule::ReindexNotConcurrent, name, size, why);
    }

    pub(super) fn refresh(&mut self, statement: &Statement, node: &ast::Refresh) {
        let Some(name) = names::of_ref(node.view_ref().and_then(|view| view.path_ref())) else {
            return;
        };
        let Some(view) = self.existing(&name) else {
            return;
        };
        self.locks.long(statement);
        if node.concurrently_token().is_none() {
            let why = "reads of it wait until it is filled again";
            super::on_all_of(
                self,
                statement,
                Rule::RefreshNotConcurrent,
                &name,
                view.size,
                why,
            );
        }
    }

    /// The index of a new constraint, unless one that is there already becomes it.
    pub(super) fn index_of_constraint(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        constraint: &ast::Constraint,
    ) {
        if names::holds::<ast::UsingIndexName>(constraint.syntax()) {
            return;
        }
        // ALTER TABLE locks out readers too, other than CREATE INDEX.
        let why = "reads and writes wait until its index is built";
        super::on_all_of(
            self,
            statement,
            Rule::IndexNotConcurrent,
            name,
            table.size,
            why,
        );
    }
}
