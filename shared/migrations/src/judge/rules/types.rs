//! Types: enums above all.

use sluice_core::migration::Risk;
use squawk_syntax::ast::{self, AstNode};

use super::{Judge, Rule};
use crate::judge::names;
use crate::judge::schema::Kind;
use crate::judge::script::Statement;

impl Judge<'_> {
    pub(super) fn create_type(&mut self, node: &ast::CreateType) {
        let Some(name) = names::of_path(node.type_name().and_then(|name| name.path())) else {
            return;
        };
        let labels = match node.kind() {
            Some(ast::CreateTypeKind::EnumType(it)) => it
                .variant_list()
                .into_iter()
                .flat_map(|list| list.variants())
                .filter_map(|variant| variant.literal()?.string_value())
                .collect(),
            _ => Vec::new(),
        };
        self.schema.make_type(name, labels);
    }

    pub(super) fn alter_type(&mut self, statement: &Statement, node: &ast::AlterType) {
        let Some(name) = names::of_ref(node.type_name_ref().and_then(|name| name.path_ref()))
        else {
            return;
        };
        let is_new = self.schema.new_type(&name).is_some();
        match node.action() {
            Some(ast::AlterTypeAction::AddValue(it)) => {
                let label = it.literal().and_then(|literal| literal.string_value());
                if let (false, Some(transaction), Some(label)) =
                    (is_new, statement.transaction, label)
                {
                    self.new_values.insert((transaction, label), name);
                }
            }
            Some(ast::AlterTypeAction::RenameValue(_)) if !is_new => {
                let means = format!(
                    "the running code fails if it writes the old name of the value of {name}, \
                     or reads the new one"
                );
                self.find(statement.at, Rule::RenameEnumValue, Risk::Breaking, means);
            }
            Some(ast::AlterTypeAction::RenameValue(_)) => {}
            Some(ast::AlterTypeAction::TypeRenameTo(it)) => {
                let Some(to) = names::of_path(it.type_name().and_then(|name| name.path())) else {
                    return;
                };
                if !is_new {
                    self.renamed_types.push((name.clone(), statement.at));
                }
                self.schema.rename_type(&name, to);
            }
            // squawk's rule says what it means.
            Some(ast::AlterTypeAction::AlterTypeAttributeActionList(_)) => {
                self.unknown.insert(statement.at);
            }
            Some(ast::AlterTypeAction::OwnerTo(_) | ast::AlterTypeAction::SetSchema(_)) => {}
            Some(
                ast::AlterTypeAction::RenameAttribute(_) | ast::AlterTypeAction::SetOptions(_),
            )
            | None => {
                self.unknown.insert(statement.at);
            }
        }
    }

    /// Renamed types whose old name stands for nothing in the end. Where it stands for a new type,
    /// what became of its columns says more.
    pub(super) fn types_without_a_name(&mut self) {
        for (name, at) in std::mem::take(&mut self.renamed_types) {
            if self.schema.new_type(&name).is_none() {
                let means = format!("the running code fails wherever it names the type {name}");
                self.find(at, Rule::RenameType, Risk::Breaking, means);
            }
        }
    }

    pub(super) fn drop_types(
        &mut self,
        statement: &Statement,
        types: impl Iterator<Item = String>,
        behavior: Option<ast::DropBehavior>,
    ) {
        for name in types {
            let before = self.schema.type_before(&name).to_owned();
            let is_new =
                self.schema.new_type(&name).is_some() || self.schema.is_made(Kind::Domain, &name);
            // The end of an enum made anew: its columns have the new one by now.
            let is_replaced = before != name && self.schema.new_type(&before).is_some();
            if !is_new && !is_replaced {
                let means = format!("the running code fails wherever it names the type {before}");
                self.find(statement.at, Rule::DropType, Risk::Breaking, means);
            }
            if !is_new && matches!(behavior, Some(ast::DropBehavior::Cascade(_))) {
                let means =
                    format!("every column of the type {before} is gone, and what stands in it");
                self.find(statement.at, Rule::DropType, Risk::DataLosing, means);
            }
        }
    }

    /// A value that is used in the transaction that adds it.
    pub(super) fn new_values_used(&mut self, statement: &Statement, kind: &ast::Stmt) {
        let Some(transaction) = statement.transaction else {
            return;
        };
        if self.new_values.is_empty() || matches!(kind, ast::Stmt::AlterType(_)) {
            return;
        }
        let literals = kind.syntax().descendants().filter_map(ast::Literal::cast);
        for label in literals.filter_map(|literal| literal.string_value()) {
            // Once is enough: the migration ends there.
            if let Some(name) = self.new_values.remove(&(transaction, label)) {
                let means = format!(
                    "the new value of {name} can be used only after the transaction that adds it, \
                     so the migration fails here"
                );
                let risk = Risk::NotTransactional;
                self.find(statement.at, Rule::NewEnumValueUsed, risk, means);
            }
        }
    }
}
