//! Constraints: what they refuse, and what is read through to prove them.

use sluice_core::migration::Risk;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::locks::Blocks;
use super::{Existing, Judge, Rule};
use crate::judge::names;
use crate::judge::schema::Kind;
use crate::judge::script::Statement;

impl Judge<'_> {
    pub(super) fn add_constraint(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        constraint: &ast::Constraint,
    ) {
        let blocks = match constraint {
            ast::Constraint::ForeignKeyConstraint(_) => Blocks::Writes,
            _ => Blocks::All,
        };
        self.lock(statement, name, table, blocks);
        let label = constraint
            .constraint_name()
            .map(|label| names::name(&label));
        match constraint {
            ast::Constraint::CheckConstraint(check) => {
                self.add_check(statement, name, table, check.expr(), label.as_deref());
                self.note_never_null(table, check, label.as_deref(), constraint.is_not_valid());
                if !constraint.is_not_valid() {
                    self.scan(statement, name, table, Blocks::All);
                }
            }
            ast::Constraint::UniqueConstraint(_) => {
                let columns = columns_of(constraint.syntax());
                let nulls_are_equal = names::holds::<ast::NullsNotDistinct>(constraint.syntax());
                self.add_unique(statement, name, table, &columns, nulls_are_equal);
                self.index_of_constraint(statement, name, table, constraint);
            }
            ast::Constraint::PrimaryKeyConstraint(_) => {
                let columns = columns_of(constraint.syntax());
                for column in &columns {
                    self.set_not_null(statement, name, table, column);
                }
                self.add_unique(statement, name, table, &columns, true);
                self.index_of_constraint(statement, name, table, constraint);
            }
            ast::Constraint::ForeignKeyConstraint(key) => {
                let columns = key.from_columns().into_iter();
                let columns = columns.flat_map(|list| list.column_name_refs());
                let columns: Vec<String> = columns.map(|column| names::name(&column)).collect();
                let other = key
                    .table_name_ref()
                    .and_then(|table| names::of_ref(table.path_ref()));
                self.add_foreign_key(statement, name, table, &columns, other);
                if !constraint.is_not_valid() {
                    self.scan(statement, name, table, Blocks::Writes);
                }
            }
            ast::Constraint::ExcludeConstraint(_) => {
                let means = format!(
                    "a write of the running code to {name} is refused if it conflicts with \
                     another row"
                );
                self.find(statement.at, Rule::AddExclusion, Risk::Breaking, means);
                self.index_of_constraint(statement, name, table, constraint);
            }
            ast::Constraint::NotNullConstraint(it) => {
                if let Some(column) = it.column_name_ref().map(|column| names::name(&column)) {
                    self.set_not_null(statement, name, table, &column);
                }
            }
            ast::Constraint::DefaultConstraint(_)
            | ast::Constraint::GeneratedConstraint(_)
            | ast::Constraint::NullConstraint(_)
            | ast::Constraint::ReferencesConstraint(_) => {
                self.unknown.insert(statement.at);
            }
        }
        if let Some(label) = label {
            self.schema
                .make(Kind::Constraint, constraint_id(table, &label));
        }
    }

    fn add_check(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        expr: Option<ast::Expr>,
        label: Option<&str>,
    ) {
        if expr.is_some_and(|expr| self.lets_null_through(table, expr.syntax())) {
            return;
        }
        let label = label.unwrap_or("the check");
        let means = format!(
            "a write of the running code to {name} is refused if it does not satisfy {label}"
        );
        self.find(statement.at, Rule::AddCheck, Risk::Breaking, means);
    }

    /// Whether code that knows none of the columns in a check satisfies it: it leaves all of them
    /// NULL, and the check says nothing of NULL, so that it is not false.
    fn lets_null_through(&mut self, table: &Existing, expr: &SyntaxNode) -> bool {
        let columns = names::columns_in(expr);
        let asks_for_null = expr.descendants_with_tokens().any(|element| {
            use squawk_syntax::SyntaxKind::{IS_KW, ISNULL_KW, NOTNULL_KW};
            matches!(element.kind(), IS_KW | ISNULL_KW | NOTNULL_KW)
        });
        !asks_for_null
            && !columns.is_empty()
            && !names::holds::<ast::CallExpr>(expr)
            && !names::holds::<ast::CaseExpr>(expr)
            && columns
                .iter()
                .all(|column| self.schema.column(&table.key, column).is_left_null())
    }

    /// `CHECK (x IS NOT NULL)`, once valid, spares SET NOT NULL the look at every row.
    /// (PostgreSQL 12 and later)
    fn note_never_null(
        &mut self,
        table: &Existing,
        check: &ast::CheckConstraint,
        label: Option<&str>,
        not_valid: bool,
    ) {
        let Some(expr) = check.expr() else { return };
        let words: Vec<String> = expr
            .syntax()
            .descendants_with_tokens()
            .filter_map(|element| element.into_token())
            .filter(|token| !token.kind().is_trivia())
            .map(|token| token.text().to_lowercase())
            .collect();
        let columns = names::columns_in(expr.syntax());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ([_, "is", "not", "null"], [column]) = (words.as_slice(), columns.as_slice()) else {
            return;
        };
        match (label, not_valid) {
            (Some(label), true) => {
                let id = (table.key.clone(), label.to_owned());
                self.soon_never_null.insert(id, column.clone());
            }
            (None, true) => {}
            (_, false) => {
                self.never_null.insert((table.key.clone(), column.clone()));
            }
        }
    }

    pub(super) fn validate(
        &mut self,
        statement: &Statement,
        table: &Existing,
        node: &ast::ValidateConstraint,
    ) {
        // It reads all of the table, and lets others read and write meanwhile.
        if !table.size.is_small() {
            self.locks.long(statement);
        }
        let label = node
            .constraint_name_ref()
            .and_then(|label| names::of_ref(label.path_ref()));
        let id = label.map(|label| (table.key.clone(), label));
        if let Some(column) = id.and_then(|id| self.soon_never_null.remove(&id)) {
            self.never_null.insert((table.key.clone(), column));
        }
    }

    /// A new constraint, or index, under which no two rows are alike.
    pub(super) fn add_unique(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        columns: &[String],
        nulls_are_equal: bool,
    ) {
        // Code that leaves a column NULL repeats nothing: no NULL equals another.
        let left_null = |column: &String| self.schema.column(&table.key, column).is_left_null();
        if !nulls_are_equal && columns.iter().any(left_null) {
            return;
        }
        let what = match columns {
            [] => "a value".to_owned(),
            columns => columns.join(", "),
        };
        let means = format!(
            "a write of the running code to {name} is refused if it repeats {what} of \
             another row"
        );
        self.find(statement.at, Rule::AddUnique, Risk::Breaking, means);
    }

    pub(super) fn add_foreign_key(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        columns: &[String],
        other: Option<String>,
    ) {
        let pointed = other.as_deref().and_then(|other| self.existing(other));
        if let (Some(other), Some(pointed)) = (&other, &pointed) {
            self.lock(statement, other, pointed, Blocks::Writes);
        }
        // Code that leaves a column NULL points nowhere.
        let left_null = |column: &String| self.schema.column(&table.key, column).is_left_null();
        if columns.iter().any(left_null) {
            return;
        }
        let other = other.as_deref().unwrap_or("the other table");
        let deletes = match pointed {
            Some(_) => format!(", and so are its DELETEs there of rows that {name} points at"),
            None => String::new(),
        };
        let means = format!(
            "writes of the running code to {name} are refused where {other} has no matching \
             row{deletes}"
        );
        self.find(statement.at, Rule::AddForeignKey, Risk::Breaking, means);
    }

    pub(super) fn drop_constraint(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        node: &ast::DropConstraint,
    ) {
        self.lock(statement, name, table, Blocks::All);
        let label = node
            .constraint_name_ref()
            .and_then(|label| names::of_ref(label.path_ref()));
        let Some(label) = label else { return };
        let id = constraint_id(table, &label);
        if self.schema.is_made(Kind::Constraint, &id) {
            return;
        }
        // What has no index is a foreign key or a check.
        let facts = self.schema.facts(&table.key);
        let indexes = facts.and_then(|facts| facts.indexes.as_ref());
        let means = match indexes.map(|indexes| indexes.contains_key(&label)) {
            Some(false) => return,
            Some(true) => format!("ON CONFLICT on {label} fails in the running code"),
            None if only_refuses(&label) => return,
            None => format!(
                "if {label} is a unique constraint, ON CONFLICT on it fails in the running code"
            ),
        };
        self.find(statement.at, Rule::DropConstraint, Risk::Breaking, means);
    }

    /// A constraint of a domain holds for every column that has it.
    pub(super) fn domain_demands(&mut self, statement: &Statement, domain: &str) {
        if self.schema.is_made(Kind::Domain, domain) {
            return;
        }
        let means =
            format!("a write of the running code is refused if {domain} no longer takes its value");
        self.find(statement.at, Rule::AddCheck, Risk::Breaking, means);
    }
}

fn constraint_id(table: &Existing, label: &str) -> String {
    format!("{} {label}", table.key)
}

/// Whether a constraint's name says that it is a foreign key or a check: without those, more is
/// taken than before and nothing is refused. The names are PostgreSQL's own and those that
/// Alembic's documentation recommends.
fn only_refuses(label: &str) -> bool {
    let starts = ["fk_", "ck_"].iter().any(|start| label.starts_with(start));
    let ends = ["_fkey", "_fk", "_check", "_ck"]
        .iter()
        .any(|end| label.ends_with(end));
    starts || ends
}

fn columns_of(node: &SyntaxNode) -> Vec<String> {
    let list = node
        .descendants()
        .find_map(ast::ConstraintColumnRefList::cast);
    let columns = list.into_iter().flat_map(|list| list.column_name_refs());
    columns.map(|column| names::name(&column)).collect()
}
