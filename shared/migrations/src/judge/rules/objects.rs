//! Views, functions, sequences, triggers, schemas, and who may use what.

use sluice_core::migration::Risk;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::locks::Blocks;
use super::{Judge, Rule};
use crate::judge::names;
use crate::judge::script::Statement;

impl Judge<'_> {
    /// Things that have no data of their own go.
    pub(super) fn drop_objects(
        &mut self,
        statement: &Statement,
        rule: Rule,
        objects: impl Iterator<Item = String>,
    ) {
        for name in objects {
            if !self.schema.is_made(&name) {
                let means = format!("the running code fails wherever it uses {name}");
                self.find(statement.at, rule, Risk::Breaking, means);
            }
        }
    }

    pub(super) fn create_function(
        &mut self,
        statement: &Statement,
        name: Option<String>,
        replace: bool,
    ) {
        let Some(name) = name else { return };
        if replace && !self.schema.is_made(&name) {
            let means = format!(
                "where {name} exists already, it does something else then for the running code"
            );
            self.find(statement.at, Rule::ReplaceFunction, Risk::Breaking, means);
        }
        self.schema.make(name);
    }

    pub(super) fn drop_schemas(
        &mut self,
        statement: &Statement,
        schemas: impl Iterator<Item = String>,
        behavior: Option<ast::DropBehavior>,
    ) {
        for name in schemas
            .filter(|name| !self.schema.is_made(name))
            .collect::<Vec<_>>()
        {
            let means = format!("the running code fails wherever it uses the schema {name}");
            self.find(statement.at, Rule::DropSchema, Risk::Breaking, means);
            if matches!(behavior, Some(ast::DropBehavior::Cascade(_))) {
                let means =
                    format!("every table in the schema {name} is gone, and all that is in it");
                self.find(statement.at, Rule::DropSchema, Risk::DataLosing, means);
            }
        }
    }

    pub(super) fn drop_database(&mut self, statement: &Statement) {
        let means = "the running code fails if this is its database".to_owned();
        self.find(statement.at, Rule::DropDatabase, Risk::Breaking, means);
        let means = "everything in the database is gone".to_owned();
        self.find(statement.at, Rule::DropDatabase, Risk::DataLosing, means);
        self.not_in_transaction(statement, "DROP DATABASE");
    }

    pub(super) fn create_trigger(&mut self, statement: &Statement, node: &ast::CreateTrigger) {
        let table = node.on_relation().and_then(|on| on.relation_name_ref());
        let Some(table) = names::of_ref(table.and_then(|table| table.path_ref())) else {
            return;
        };
        if let Some(existing) = self.existing(&table) {
            self.lock(statement, &table, &existing, Blocks::Writes);
            let means = format!(
                "writes of the running code to {table} set off a trigger that it does not know"
            );
            self.find(statement.at, Rule::AddTrigger, Risk::Breaking, means);
        }
        if let Some(trigger) = node.trigger().map(|trigger| names::name(&trigger)) {
            self.schema.make(trigger_id(&table, &trigger));
        }
    }

    pub(super) fn drop_trigger(&mut self, statement: &Statement, node: &ast::DropTrigger) {
        let table = node.on_relation().and_then(|on| on.relation_name_ref());
        let table = names::of_ref(table.and_then(|table| table.path_ref()));
        let trigger = node.trigger_ref().map(|trigger| names::name(&trigger));
        let (Some(table), Some(trigger)) = (table, trigger) else {
            return;
        };
        let Some(existing) = self.existing(&table) else {
            return;
        };
        self.lock(statement, &table, &existing, Blocks::All);
        if !self.schema.is_made(&trigger_id(&table, &trigger)) {
            let means = format!(
                "what {trigger} did for the running code when it wrote to {table} is not done \
                 any more"
            );
            self.find(statement.at, Rule::DropTrigger, Risk::Breaking, means);
        }
    }

    pub(super) fn create_rule(&mut self, statement: &Statement, node: &ast::CreateRule) {
        let table = node.rule_on().and_then(|on| on.relation_name_ref());
        let table = names::of_ref(table.and_then(|table| table.path_ref()));
        let existing = table.as_deref().and_then(|table| self.existing(table));
        if let (Some(table), Some(_)) = (table, existing) {
            let means =
                format!("what the running code does to {table} is rewritten into something else");
            self.find(statement.at, Rule::AddRewrite, Risk::Breaking, means);
        }
    }

    /// A policy, or row level security itself, on a table.
    pub(super) fn row_security(&mut self, statement: &Statement, table: Option<String>) {
        let Some(table) = table else { return };
        if let Some(existing) = self.existing(&table) {
            self.lock(statement, &table, &existing, Blocks::All);
            let means = format!("the running code may see or write fewer rows of {table}");
            self.find(statement.at, Rule::RowSecurity, Risk::Breaking, means);
        }
    }

    pub(super) fn revoke(&mut self, statement: &Statement) {
        let means = "the running code may not be allowed to do what it does".to_owned();
        self.find(statement.at, Rule::Revoke, Risk::Breaking, means);
    }

    pub(super) fn change_owner(&mut self, statement: &Statement, node: &SyntaxNode) {
        let subject = names::subject(node);
        if subject
            .as_deref()
            .is_some_and(|name| self.schema.is_made(name))
        {
            return;
        }
        let subject = subject.as_deref().unwrap_or("it");
        let means = format!("whoever owned {subject} may no longer be allowed to use it");
        self.find(statement.at, Rule::ChangeOwner, Risk::Breaking, means);
    }
}

fn trigger_id(table: &str, trigger: &str) -> String {
    format!("{table} {trigger}")
}

/// The names in a list of functions, each with its parameters or without.
pub(super) fn functions(node: &SyntaxNode) -> Vec<String> {
    let paths = node.descendants().filter_map(|node| {
        ast::FunctionNameRef::cast(node.clone())
            .and_then(|name| name.path_ref())
            .or_else(|| ast::ProcedureNameRef::cast(node.clone()).and_then(|name| name.path_ref()))
            .or_else(|| ast::RoutineNameRef::cast(node).and_then(|name| name.path_ref()))
    });
    paths.filter_map(|path| names::of_ref(Some(path))).collect()
}
