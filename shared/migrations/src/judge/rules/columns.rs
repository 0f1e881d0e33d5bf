//! Columns that come, go, get another name, or have to be filled.

use sluice_core::migration::Risk;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::locks::Blocks;
use super::{Existing, Judge, Rule};
use crate::judge::functions;
use crate::judge::names;
use crate::judge::schema::{Column, Demand};
use crate::judge::script::Statement;
use crate::judge::sql_type::SqlType;

impl Judge<'_> {
    pub(super) fn add_column(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        node: &ast::AddColumn,
    ) {
        self.lock(statement, name, table, Blocks::All);
        let Some(column) = node.column_name().map(|column| names::name(&column)) else {
            return;
        };
        let facts = self.schema.facts(&table.key);
        let is_there = facts.is_some_and(|facts| facts.columns.contains_key(&column));
        if node.if_not_exists().is_some()
            && is_there
            && !self.schema.column(&table.key, &column).gone
        {
            return;
        }
        let made = new_column(statement, node);
        self.schema.set_column(&table.key, column.clone(), made);
        if fills_every_row(node) {
            self.rewrite(statement, name, table);
        }
        for constraint in node.constraints() {
            self.constraint_of_column(statement, name, table, &column, &constraint);
        }
    }

    /// What comes with a new column.
    fn constraint_of_column(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        column: &str,
        constraint: &ast::Constraint,
    ) {
        let columns = [column.to_owned()];
        match constraint {
            ast::Constraint::UniqueConstraint(_) | ast::Constraint::PrimaryKeyConstraint(_) => {
                let nulls_are_equal = names::holds::<ast::NullsNotDistinct>(constraint.syntax());
                self.add_unique(statement, name, table, &columns, nulls_are_equal);
                self.index_of_constraint(statement, name, table, constraint);
            }
            ast::Constraint::ReferencesConstraint(key) => {
                let other = key
                    .table()
                    .and_then(|table| names::of_ref(table.path_ref()));
                self.add_foreign_key(statement, name, table, &columns, other);
                // Where every row has NULL there is nothing to look up.
                if !self.schema.column(&table.key, column).is_left_null() {
                    self.scan(statement, name, table, Blocks::All);
                }
            }
            ast::Constraint::CheckConstraint(_) => {
                self.add_constraint(statement, name, table, constraint);
            }
            ast::Constraint::DefaultConstraint(_)
            | ast::Constraint::ExcludeConstraint(_)
            | ast::Constraint::ForeignKeyConstraint(_)
            | ast::Constraint::GeneratedConstraint(_)
            | ast::Constraint::NotNullConstraint(_)
            | ast::Constraint::NullConstraint(_) => {}
        }
    }

    pub(super) fn drop_column(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        node: &ast::DropColumn,
    ) {
        self.lock(statement, name, table, Blocks::All);
        let Some(column) = node.column_name_ref().map(|column| names::name(&column)) else {
            return;
        };
        let known = self.schema.column(&table.key, &column);
        known.gone = true;
        if known.new {
            return;
        }
        let means = format!("the running code fails wherever it uses {name}.{column}");
        self.find(statement.at, Rule::DropColumn, Risk::Breaking, means);
        let aside = table.size.aside();
        let means = format!("what stands in {name}.{column} is gone{aside}");
        let weight = table.size.weight();
        self.find_in(
            statement.at,
            Rule::DropColumn,
            Risk::DataLosing,
            weight,
            means,
        );
    }

    pub(super) fn rename_column(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        node: &ast::RenameColumn,
    ) {
        self.lock(statement, name, table, Blocks::All);
        let from = node.column_name_ref().map(|column| names::name(&column));
        let to = node.column_name().map(|column| names::name(&column));
        let (Some(from), Some(to)) = (from, to) else {
            return;
        };
        if !self.schema.column(&table.key, &from).new {
            let means = format!(
                "the running code fails wherever it uses {name}.{from}, which is called {to} \
                 then"
            );
            self.find(statement.at, Rule::RenameColumn, Risk::Breaking, means);
        }
        self.schema.rename_column(&table.key, &from, to);
    }

    pub(super) fn alter_column(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        node: &ast::AlterColumn,
    ) {
        let Some(column) = node.column_name_ref().map(|column| names::name(&column)) else {
            return;
        };
        let Some(option) = node.option() else { return };
        self.lock(statement, name, table, Blocks::All);
        match option {
            ast::AlterColumnOption::SetType(it) => {
                self.set_type(statement, name, table, &column, &it);
            }
            ast::AlterColumnOption::SetNotNull(_) => {
                self.set_not_null(statement, name, table, &column);
            }
            ast::AlterColumnOption::DropNotNull(_) => {
                self.schema.column(&table.key, &column).not_null = Some(false);
            }
            ast::AlterColumnOption::SetDefault(it) => {
                let filled = it.expr().is_some_and(|expr| !is_null(&expr));
                self.default(statement, table, &column, filled);
            }
            ast::AlterColumnOption::DropDefault(_) | ast::AlterColumnOption::DropIdentity(_) => {
                self.default(statement, table, &column, false);
            }
            ast::AlterColumnOption::AddGenerated(it) => {
                self.schema.column(&table.key, &column).default = Some(true);
                self.always_generated(statement, name, &column, it.generated_when());
            }
            ast::AlterColumnOption::SetGenerated(it) => {
                self.always_generated(statement, name, &column, it.generated_when());
            }
            ast::AlterColumnOption::SetGeneratedOptions(options) => {
                for option in options.set_generated_options() {
                    if let ast::SetGeneratedOption::SetGenerated(it) = option {
                        self.always_generated(statement, name, &column, it.generated_when());
                    }
                }
            }
            ast::AlterColumnOption::SetExpression(_) => self.rewrite(statement, name, table),
            // squawk's rule says what it means.
            ast::AlterColumnOption::DropExpression(_) => {
                self.default(statement, table, &column, false)
            }
            // How values are stored, counted and numbered.
            ast::AlterColumnOption::SetStatistics(_)
            | ast::AlterColumnOption::SetOptions(_)
            | ast::AlterColumnOption::ResetOptions(_)
            | ast::AlterColumnOption::SetOptionsList(_)
            | ast::AlterColumnOption::SetStorage(_)
            | ast::AlterColumnOption::SetCompression(_)
            | ast::AlterColumnOption::SetSequenceOption(_)
            | ast::AlterColumnOption::Restart(_) => {}
            ast::AlterColumnOption::Inherit(_) | ast::AlterColumnOption::NoInherit(_) => {
                self.unknown.insert(statement.at);
            }
        }
    }

    fn default(&mut self, statement: &Statement, table: &Existing, column: &str, filled: bool) {
        let column = self.schema.column(&table.key, column);
        column.default = Some(filled);
        if !filled {
            column.required_by = Some((Demand::NoDefault, statement.at));
        }
    }

    fn always_generated(
        &mut self,
        statement: &Statement,
        name: &str,
        column: &str,
        when: Option<ast::GeneratedWhen>,
    ) {
        if matches!(when, Some(ast::GeneratedWhen::GeneratedAlways(_))) {
            let means = format!(
                "an INSERT of the running code is refused if it fills {name}.{column} itself"
            );
            self.find(statement.at, Rule::AddGenerated, Risk::Breaking, means);
        }
    }

    pub(super) fn set_not_null(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        column: &str,
    ) {
        let known = self.schema.column(&table.key, column);
        if known.not_null == Some(true) {
            return;
        }
        known.not_null = Some(true);
        // Code that does not know a column leaves it to its default; code that knows it may well
        // write NULL, as ORMs do where there is no value, and then no default helps.
        match known.new {
            true => known.required_by = Some((Demand::NotNull, statement.at)),
            false => known.refuses_null_by = Some(statement.at),
        }
        let id = (table.key.clone(), column.to_owned());
        if !self.never_null.contains(&id) {
            self.scan(statement, name, table, Blocks::All);
        }
    }

    /// Which columns an INSERT must fill after the migration, though it need not before. Only the
    /// end counts: Alembic says SET NOT NULL first and SET DEFAULT after it.
    pub(super) fn required_columns(&mut self) {
        let columns = self.schema.columns();
        let required = columns.filter_map(|(key, name, column)| {
            let (demand, at) = column.required_by?;
            let told = !column.gone && column.is_required() && !column.was_required;
            told.then(|| (demand, at, format!("{key}.{name}")))
        });
        let required: Vec<(Demand, usize, String)> = required.collect();
        let refusing = self.schema.columns().filter_map(|(key, name, column)| {
            let at = column.refuses_null_by?;
            let told = !column.gone && column.not_null == Some(true);
            told.then(|| (at, format!("{key}.{name}")))
        });
        for (at, column) in refusing.collect::<Vec<(usize, String)>>() {
            let means =
                format!("a write of the running code is refused if it leaves {column} NULL");
            self.find(at, Rule::SetNotNull, Risk::Breaking, means);
        }
        for (demand, at, column) in required {
            let (rule, means) = match demand {
                Demand::Added => (
                    Rule::AddRequiredColumn,
                    format!(
                        "an INSERT of the running code is refused: it does not know \
                         {column}, which takes no NULL and has no default"
                    ),
                ),
                Demand::NotNull => (
                    Rule::SetNotNull,
                    format!(
                        "an INSERT of the running code is refused: it does not know {column}, \
                         which takes no NULL in the end and has no default"
                    ),
                ),
                Demand::NoDefault => (
                    Rule::DropDefault,
                    format!(
                        "an INSERT of the running code is refused if it leaves {column} to \
                         its default"
                    ),
                ),
            };
            self.find(at, rule, Risk::Breaking, means);
        }
    }
}

fn new_column(statement: &Statement, node: &ast::AddColumn) -> Column {
    let ty = node.ty();
    let mut column = Column {
        new: true,
        not_null: Some(ty.as_ref().is_some_and(SqlType::is_serial)),
        default: Some(ty.as_ref().is_some_and(SqlType::is_serial)),
        sql_type: ty.as_ref().and_then(SqlType::of),
        ..Column::default()
    };
    for constraint in node.constraints() {
        match constraint {
            ast::Constraint::NotNullConstraint(_) | ast::Constraint::PrimaryKeyConstraint(_) => {
                column.not_null = Some(true);
            }
            ast::Constraint::DefaultConstraint(it) => {
                column.default = Some(it.expr().is_some_and(|expr| !is_null(&expr)));
            }
            ast::Constraint::GeneratedConstraint(_) => column.default = Some(true),
            _ => {}
        }
    }
    if column.is_required() {
        column.required_by = Some((Demand::Added, statement.at));
    }
    column
}

/// Whether each row that is there needs a value of its own.
fn fills_every_row(node: &ast::AddColumn) -> bool {
    node.ty().as_ref().is_some_and(SqlType::is_serial)
        || node.constraints().any(|constraint| match constraint {
            ast::Constraint::DefaultConstraint(it) => is_volatile(it.syntax()),
            ast::Constraint::GeneratedConstraint(it) => match it.generated_as() {
                Some(ast::GeneratedAs::GeneratedStored(it)) => {
                    !matches!(it.generated_kind(), Some(ast::GeneratedKind::Virtual(_)))
                }
                Some(ast::GeneratedAs::GeneratedIdentity(_)) | None => true,
            },
            _ => false,
        })
}

fn is_volatile(node: &SyntaxNode) -> bool {
    super::unjudged::calls(node)
        .iter()
        .any(|name| functions::is_volatile(name))
}

/// Whether it is NULL, written out, cast or not.
fn is_null(expr: &ast::Expr) -> bool {
    match expr {
        ast::Expr::Literal(literal) => {
            matches!(literal.kind(), Some(ast::LitKind::Null(_)))
        }
        ast::Expr::CastExpr(cast) => cast.expr().is_some_and(|expr| is_null(&expr)),
        ast::Expr::ParenExpr(paren) => paren.expr().is_some_and(|expr| is_null(&expr)),
        _ => false,
    }
}
