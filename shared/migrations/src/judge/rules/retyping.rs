//! Columns that get another type.

use sluice_core::migration::Risk;
use squawk_syntax::ast::{self, AstNode};

use super::{Existing, Judge, Rule};
use crate::judge::names;
use crate::judge::schema::Column;
use crate::judge::script::Statement;
use crate::judge::sql_type::{Change, Fit, SqlType};

impl Judge<'_> {
    pub(super) fn set_type(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        column: &str,
        node: &ast::SetType,
    ) {
        let Some(to) = node.ty().as_ref().and_then(SqlType::of) else {
            self.unknown.insert(statement.at);
            return;
        };
        let known = self.schema.column(&table.key, column).clone();
        let using = node.using_expr().and_then(|using| using.expr());
        let computes = using.as_ref().is_some_and(|expr| !is_cast_of(expr, column));
        let change = self.change(&known, &to, using.is_some());
        if change.rewrites || computes {
            self.rewrite(statement, name, table);
        }
        if !known.new {
            self.breaking_change(statement, name, column, &known, &to, change);
            self.losing_change(
                statement,
                name,
                table,
                column,
                change,
                computes,
                using.is_some(),
            );
        }
        let kept = self.schema.column(&table.key, column);
        kept.sql_type = Some(to);
        kept.said = None;
        kept.labels = Vec::new();
    }

    /// What it means for a column to get a type. One whose type is not known may be narrowed by
    /// anything but `text`.
    fn change(&self, known: &Column, to: &SqlType, using: bool) -> Change {
        let Some(from) = &known.sql_type else {
            let fit = match to {
                SqlType::Text => Fit::Wider,
                _ => Fit::Narrower,
            };
            return Change {
                fit,
                loses: false,
                cast_loses: using,
                rewrites: fit != Fit::Wider,
            };
        };
        match to {
            // The same enum under the name that it has now.
            SqlType::Named(to) if self.schema.new_type(to).is_none() => {
                from.change(&SqlType::Named(self.schema.type_before(to).to_owned()))
            }
            // A new type, even where the old one had the same name.
            SqlType::Named(_) => match from {
                SqlType::Named(_) => from.change(&SqlType::Named(String::new())),
                _ => from.change(to),
            },
            _ => from.change(to),
        }
    }

    fn breaking_change(
        &mut self,
        statement: &Statement,
        name: &str,
        column: &str,
        known: &Column,
        to: &SqlType,
        change: Change,
    ) {
        if let (Some(SqlType::Named(_)), SqlType::Named(to)) = (&known.sql_type, to)
            && let Some(labels) = self.schema.new_type(to)
            && !labels.is_empty()
        {
            let labels = labels.to_vec();
            return self.new_labels(statement, name, column, &known.labels, &labels);
        }
        let now = match &known.said {
            Some(said) => format!(" ({said} now)"),
            None => String::new(),
        };
        match change.fit {
            Fit::Same | Fit::Wider => {}
            Fit::Narrower if known.sql_type.is_none() => {
                let means = format!(
                    "what type {name}.{column} has now is not known, so the new one may not take \
                     what the running code writes"
                );
                self.find(statement.at, Rule::NarrowType, Risk::Breaking, means);
            }
            Fit::Narrower => {
                let means = format!(
                    "{name}.{column}{now} does not take all that it took: what the running code \
                      writes may be refused"
                );
                self.find(statement.at, Rule::NarrowType, Risk::Breaking, means);
            }
            Fit::Other => {
                let means = format!(
                    "{name}.{column}{now} becomes another kind of value, which the running code \
                      may neither read nor write"
                );
                self.find(statement.at, Rule::ChangeType, Risk::Breaking, means);
            }
        }
    }

    /// An enum made anew: breaking where one of its values is gone.
    fn new_labels(
        &mut self,
        statement: &Statement,
        name: &str,
        column: &str,
        had: &[String],
        has: &[String],
    ) {
        // The labels that are gone stand in no SQL; they are the database's own.
        let gone: Vec<&str> = had
            .iter()
            .filter(|label| !has.contains(label))
            .map(String::as_str)
            .collect();
        let means = match (had.is_empty(), gone.as_slice()) {
            (true, _) => format!(
                "the values of {name}.{column} are listed again, and which it has now is not known: \
                 the running code fails if it writes one that is gone"
            ),
            (false, []) => return,
            (false, _) => format!(
                "{name}.{column} no longer takes {}: the running code fails if it writes that",
                gone.join(", ")
            ),
        };
        self.find(statement.at, Rule::DropEnumValue, Risk::Breaking, means);
    }

    #[expect(clippy::too_many_arguments, reason = "they are what one sentence says")]
    fn losing_change(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        column: &str,
        change: Change,
        computes: bool,
        using: bool,
    ) {
        let aside = table.size.aside();
        let rule = match change.fit {
            Fit::Narrower => Rule::NarrowType,
            Fit::Same | Fit::Wider | Fit::Other => Rule::ChangeType,
        };
        let means = if computes {
            format!(
                "what stands in {name}.{column} is replaced by what an expression makes of it{aside}"
            )
        } else if change.loses || (using && change.cast_loses) {
            format!("values of {name}.{column} that do not fit are cut or rounded{aside}")
        } else {
            return;
        };
        self.find_in(
            statement.at,
            rule,
            Risk::DataLosing,
            table.size.weight(),
            means,
        );
    }
}

/// Whether a USING is no more than the column, cast: `status::text::status`, `to_jsonb(note)`.
fn is_cast_of(expr: &ast::Expr, column: &str) -> bool {
    match expr {
        ast::Expr::CastExpr(cast) => cast.expr().is_some_and(|expr| is_cast_of(&expr, column)),
        ast::Expr::ParenExpr(paren) => paren.expr().is_some_and(|expr| is_cast_of(&expr, column)),
        ast::Expr::NameRef(name) => names::name(name) == column,
        ast::Expr::FieldExpr(field) => field
            .field()
            .is_some_and(|field| names::name(&field) == column),
        ast::Expr::CallExpr(call) => {
            let to_json = super::unjudged::calls(call.syntax());
            let mut args = call.arg_list().into_iter().flat_map(|list| list.args());
            matches!(to_json.as_slice(), [name] if name == "to_json" || name == "to_jsonb")
                && args
                    .next()
                    .and_then(|arg| arg.expr())
                    .is_some_and(|expr| is_cast_of(&expr, column))
        }
        _ => false,
    }
}
