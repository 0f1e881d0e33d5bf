//! Views, functions, sequences, triggers, schemas, and who may use what.

use sluice_core::migration::Risk;
use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::{self, AstNode};

use super::locks::Blocks;
use super::{Judge, Rule};
use crate::judge::names;
use crate::judge::schema::Kind;
use crate::judge::script::Statement;

impl Judge<'_> {
    /// Views and sequences go.
    pub(super) fn drop_relations(
        &mut self,
        statement: &Statement,
        rule: Rule,
        objects: impl Iterator<Item = String>,
    ) {
        for name in objects {
            if !self.schema.is_made(Kind::Relation, &name) {
                let means = format!("the running code fails wherever it uses {name}");
                self.find(statement.at, rule, Risk::Breaking, means);
            }
        }
    }

    /// Functions go. Each is told by what it takes: one may come and another of its name go.
    pub(super) fn drop_functions(&mut self, statement: &Statement) {
        let Some(kind) = &statement.kind else { return };
        for (name, takes) in routines(kind.syntax()) {
            let is_made = match takes {
                Some(takes) => self
                    .schema
                    .is_made(Kind::Routine, &format!("{name}({takes})")),
                None => self.schema.is_made_routine(&name),
            };
            if !is_made {
                let means = format!("the running code fails wherever it uses {name}");
                self.find(statement.at, Rule::DropFunction, Risk::Breaking, means);
            }
        }
    }

    pub(super) fn create_function(
        &mut self,
        statement: &Statement,
        name: Option<String>,
        takes: Option<ast::ParamList>,
        replaces: bool,
    ) {
        let Some(name) = name else { return };
        let takes = takes.map(|list| types_of(&list)).unwrap_or_default();
        let id = format!("{name}({takes})");
        if replaces && !self.schema.is_made(Kind::Routine, &id) {
            let means = format!(
                "where {name} exists already, it does something else then for the running code"
            );
            self.find(statement.at, Rule::ReplaceFunction, Risk::Breaking, means);
        }
        if !replaces {
            self.schema.make(Kind::Routine, id);
        }
    }

    pub(super) fn drop_schemas(
        &mut self,
        statement: &Statement,
        schemas: impl Iterator<Item = String>,
        behavior: Option<ast::DropBehavior>,
    ) {
        for name in schemas
            .filter(|name| !self.schema.is_made(Kind::Schema, name))
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
        if let (None, Some(trigger)) = (node.or_replace(), node.trigger()) {
            let trigger = names::name(&trigger);
            self.schema
                .make(Kind::Trigger, trigger_id(&table, &trigger));
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
        if !self
            .schema
            .is_made(Kind::Trigger, &trigger_id(&table, &trigger))
        {
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
            .is_some_and(|name| self.schema.is_new(name))
        {
            return;
        }
        let subject = subject.as_deref().unwrap_or("it");
        let means = format!("the previous owner of {subject} may no longer be allowed to use it");
        self.find(statement.at, Rule::ChangeOwner, Risk::Breaking, means);
    }
}

fn trigger_id(table: &str, trigger: &str) -> String {
    format!("{table} {trigger}")
}

/// The functions in a list: each with what it takes, where that is said.
fn routines(node: &SyntaxNode) -> Vec<(String, Option<String>)> {
    let routines = node.descendants().filter_map(|node| {
        let (path, takes) = if let Some(it) = ast::FunctionSig::cast(node.clone()) {
            (it.function_name_ref()?.path_ref(), it.param_list())
        } else if let Some(it) = ast::ProcedureSig::cast(node.clone()) {
            (it.procedure_name_ref()?.path_ref(), it.param_list())
        } else if let Some(it) = ast::RoutineSig::cast(node.clone()) {
            (it.routine_name_ref()?.path_ref(), it.param_list())
        } else {
            let it = ast::Aggregate::cast(node)?;
            (it.path_ref(), it.param_list())
        };
        Some((names::of_ref(path)?, takes.map(|list| types_of(&list))))
    });
    routines.collect()
}

/// The types that a function takes, by which PostgreSQL tells it from others of its name.
fn types_of(list: &ast::ParamList) -> String {
    let params = list.params().filter(|param| {
        // What it gives back is no part of it.
        !matches!(param.mode(), Some(ast::ParamMode::ParamOut(_)))
    });
    let types = params.filter_map(|param| param.func_type());
    let types = types.map(|it| it.syntax().text().to_string().to_lowercase());
    let types = types.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
    types.collect::<Vec<_>>().join(", ")
}
