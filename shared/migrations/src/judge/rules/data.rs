//! Data: what is deleted and what is overwritten.

use sluice_core::migration::Risk;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::locks::Blocks;
use super::{Existing, Judge, Rule};
use crate::judge::names;
use crate::judge::script::Statement;

impl Judge<'_> {
    /// A statement that reads or writes rows, with all that stands inside it: a WITH may delete.
    pub(super) fn rows(&mut self, statement: &Statement, node: &SyntaxNode) {
        self.function_calls(statement, node);
        let mut writes = false;
        for node in node.descendants() {
            if let Some(it) = ast::Update::cast(node.clone()) {
                writes = true;
                self.update(statement, &it);
            } else if let Some(it) = ast::Delete::cast(node.clone()) {
                writes = true;
                self.delete(statement, &it);
            } else if let Some(it) = ast::Merge::cast(node.clone()) {
                writes = true;
                self.merge(statement, &it);
            } else if ast::Insert::can_cast(node.kind()) {
                writes = true;
            } else if let Some(it) = ast::SelectInto::cast(node) {
                let into = it.into_clause().and_then(|into| into.table_name());
                if let Some(name) = names::of_path(into.and_then(|name| name.path())) {
                    self.schema.make_table_unless_there(name);
                }
            }
        }
        if writes {
            self.long_read(statement, node);
        }
    }

    fn update(&mut self, statement: &Statement, node: &ast::Update) {
        let Some(name) = names::relation(node.relation_name()) else {
            return;
        };
        let Some(table) = self.existing(&name) else {
            return;
        };
        let everywhere = is_every_row(node.where_clause_or_current_of());
        let columns = set_columns(node).into_iter();
        let old = columns.filter(|column| !self.schema.column(&table.key, column).new);
        let old: Vec<String> = old.collect();
        // A new column has nothing to lose: filling it is what comes after ADD COLUMN.
        if everywhere && !old.is_empty() {
            let means = format!(
                "what stands in {} of {name} is overwritten in every row{}",
                old.join(", "),
                table.size.aside()
            );
            let weight = table.size.weight();
            self.find_in(
                statement.at,
                Rule::UpdateAll,
                Risk::DataLosing,
                weight,
                means,
            );
        }
        self.long_write(statement, &name, &table, node.where_clause_or_current_of());
    }

    fn delete(&mut self, statement: &Statement, node: &ast::Delete) {
        let Some(name) = names::relation(node.relation_name()) else {
            return;
        };
        let Some(table) = self.existing(&name) else {
            return;
        };
        let weight = table.size.weight();
        if is_every_row(node.where_clause_or_current_of()) {
            let means = format!("every row of {name} is deleted{}", table.size.aside());
            self.find_in(
                statement.at,
                Rule::DeleteAll,
                Risk::DataLosing,
                weight,
                means,
            );
        } else {
            let means = format!("the rows of {name} that the WHERE names are deleted");
            self.find_in(statement.at, Rule::Delete, Risk::DataLosing, weight, means);
        }
        self.long_write(statement, &name, &table, node.where_clause_or_current_of());
    }

    fn merge(&mut self, statement: &Statement, node: &ast::Merge) {
        let Some(name) = names::table(node.table_relation_name()) else {
            return;
        };
        let Some(table) = self.existing(&name) else {
            return;
        };
        if names::holds::<ast::MergeDelete>(node.syntax()) {
            let weight = table.size.weight();
            let means = format!("the rows of {name} that the MERGE matches are deleted");
            self.find_in(statement.at, Rule::Delete, Risk::DataLosing, weight, means);
        }
        self.long_write(statement, &name, &table, None);
    }

    /// Rows that were changed stay locked until the transaction ends.
    fn long_write(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        condition: Option<ast::WhereClauseOrCurrentOf>,
    ) {
        if condition.is_some_and(|it| is_one_row(&it)) {
            return;
        }
        let why = match statement.transaction {
            Some(_) => "rows that are changed stay locked until the migration commits",
            None => "rows that are changed stay locked until the statement is through",
        };
        super::on_all_of(self, statement, Rule::LongUpdate, name, table.size, why);
    }

    /// Rows made of those of a big table take long as well, though nobody waits for the reading.
    pub(super) fn long_read(&mut self, statement: &Statement, node: &SyntaxNode) {
        let tables = node.descendants().filter_map(ast::RelationFromItem::cast);
        let names: Vec<_> = tables
            .filter_map(|it| names::of_ref(it.path_ref()))
            .collect();
        let mut tables = names.iter().filter_map(|name| {
            let key = self.schema.existing(name)?;
            let facts = self.schema.facts(&key)?;
            Some(crate::judge::size::Size::of(Some(facts)))
        });
        if tables.any(|size| !size.is_small()) {
            self.locks.long(statement);
        }
    }

    pub(super) fn truncate(&mut self, statement: &Statement, node: &ast::Truncate) {
        let tables = node.table_list().into_iter();
        let tables = tables.flat_map(|list| list.table_relation_names());
        let cascades = matches!(node.drop_behavior(), Some(ast::DropBehavior::Cascade(_)));
        for name in tables.filter_map(|table| names::table(Some(table))) {
            let Some(table) = self.existing(&name) else {
                continue;
            };
            self.lock(statement, &name, &table, Blocks::All);
            let others = match cascades {
                true => ", and of every table that points at it",
                false => "",
            };
            let means = format!("every row of {name}{others} is gone{}", table.size.aside());
            let weight = table.size.weight();
            self.find_in(
                statement.at,
                Rule::Truncate,
                Risk::DataLosing,
                weight,
                means,
            );
        }
    }
}

/// The columns that an UPDATE sets.
pub(in crate::judge) fn set_columns(node: &ast::Update) -> Vec<String> {
    let list = node
        .set_clause()
        .and_then(|clause| clause.set_column_list());
    let columns = list.into_iter().flat_map(|list| list.set_columns());
    let targets = columns.flat_map(|column| match column {
        ast::SetColumn::SetSingleColumn(it) => it.column_target().into_iter().collect::<Vec<_>>(),
        ast::SetColumn::SetMultipleColumns(it) => it
            .column_target_list()
            .into_iter()
            .flat_map(|list| list.column_targets())
            .collect(),
    });
    let names = targets.filter_map(|target| target.name());
    names.map(|name| names::name(&name)).collect()
}

/// Whether there is no WHERE, or one that says nothing of any column: `WHERE true`.
fn is_every_row(condition: Option<ast::WhereClauseOrCurrentOf>) -> bool {
    match condition {
        None => true,
        Some(ast::WhereClauseOrCurrentOf::WhereClause(clause)) => {
            names::columns_in(clause.syntax()).is_empty()
        }
        Some(ast::WhereClauseOrCurrentOf::WhereCurrentOf(_)) => false,
    }
}

/// Whether a WHERE names one row by its key: `id = 7`.
fn is_one_row(condition: &ast::WhereClauseOrCurrentOf) -> bool {
    let ast::WhereClauseOrCurrentOf::WhereClause(clause) = condition else {
        return true;
    };
    let Some(ast::Expr::BinExpr(equals)) = clause.expr() else {
        return false;
    };
    let name = match equals.lhs() {
        Some(ast::Expr::NameRef(name)) => Some(name),
        Some(ast::Expr::FieldExpr(field)) => field.field(),
        _ => None,
    };
    matches!(equals.op(), Some(ast::BinOp::Eq(_)))
        && matches!(equals.rhs(), Some(ast::Expr::Literal(_)))
        && name.is_some_and(|name| names::name(&name) == "id")
}
