//! Which rules look at which statement.
//!
//! What is harmless is listed. What is not listed is unknown, and that is a finding.

use sluice_core::migration::Risk;
use squawk_syntax::ast::{self, AstNode, Stmt};

use super::{Judge, Rule};
use crate::judge::names;
use crate::judge::schema::Kind;
use crate::judge::script::Statement;

impl Judge<'_> {
    /// Looks at one statement, after all before it.
    pub(in crate::judge) fn statement(&mut self, statement: &Statement) {
        let Some(kind) = &statement.kind else {
            return self.does_not_parse(statement);
        };
        self.new_values_used(statement, kind);
        if let Some(node) = kind.syntax().descendants().find_map(ast::SetSchema::cast) {
            self.set_schema(statement, &node);
        }
        if names::holds::<ast::OwnerTo>(kind.syntax()) {
            self.change_owner(statement, kind.syntax());
        }
        let judged = self.tables_and_rows(statement, kind)
            || self.made(statement, kind)
            || self.dropped(statement, kind)
            || self.altered(statement, kind)
            || self.unjudged(statement, kind)
            || is_harmless(kind);
        if !judged {
            self.unknown.insert(statement.at);
        }
    }

    /// Tables, their indexes and what is in them.
    fn tables_and_rows(&mut self, statement: &Statement, kind: &Stmt) -> bool {
        match kind {
            Stmt::AlterTable(it) => self.alter_table(statement, it),
            Stmt::CreateTable(it) => self.create_table(statement, it),
            Stmt::CreateIndex(it) => self.create_index(statement, it),
            Stmt::DropIndex(it) => self.drop_index(statement, it),
            Stmt::Reindex(it) => self.reindex(statement, it),
            Stmt::Refresh(it) => self.refresh(statement, it),
            Stmt::Truncate(it) => self.truncate(statement, it),
            Stmt::Lock(it) => self.lock_table(statement, it),
            Stmt::Cluster(it) => self.cluster(statement, it),
            Stmt::Vacuum(it) => self.vacuum(statement, it),
            Stmt::DropTable(it) => self.drop_tables(statement, it.table_name_refs()),
            Stmt::DropForeignTable(it) => self.drop_tables(statement, it.table_name_refs()),
            Stmt::Select(_)
            | Stmt::SelectInto(_)
            | Stmt::CompoundSelect(_)
            | Stmt::ParenSelect(_)
            | Stmt::Values(_)
            | Stmt::Table(_)
            | Stmt::Insert(_)
            | Stmt::Update(_)
            | Stmt::Delete(_)
            | Stmt::Merge(_) => self.rows(statement, kind.syntax()),
            _ => return false,
        }
        true
    }

    /// What is new. Nothing about it can be breaking, locking or losing.
    fn made(&mut self, statement: &Statement, kind: &Stmt) -> bool {
        match kind {
            Stmt::CreateTableAs(it) => {
                self.rows(statement, it.syntax());
                self.long_read(statement, it.syntax());
                if let Some(name) = names::of_path(it.table_name().and_then(|name| name.path())) {
                    self.schema.make_table_unless_there(name);
                }
            }
            Stmt::CreateForeignTable(it) => {
                if let Some(name) = names::of_path(it.table_name().and_then(|name| name.path())) {
                    self.schema.make_table_unless_there(name);
                }
            }
            Stmt::CreateType(it) => self.create_type(it),
            Stmt::CreateDomain(it) => self.make(Kind::Domain, names::subject(it.syntax())),
            Stmt::CreateFunction(it) => {
                let name = names::of_path(it.name().and_then(|name| name.path()));
                self.create_function(statement, name, it.param_list(), it.or_replace().is_some());
            }
            Stmt::CreateProcedure(it) => {
                let name = names::of_path(it.name().and_then(|name| name.path()));
                self.create_function(statement, name, it.param_list(), it.or_replace().is_some());
            }
            Stmt::CreateAggregate(it) => {
                let name = names::subject(it.syntax());
                self.create_function(statement, name, it.param_list(), it.or_replace().is_some());
            }
            Stmt::CreateTrigger(it) => self.create_trigger(statement, it),
            Stmt::CreateRule(it) => self.create_rule(statement, it),
            Stmt::CreatePolicy(it) => self.row_security(statement, table_of_policy(it.on_table())),
            Stmt::CreateDatabase(_) => self.not_in_transaction(statement, "CREATE DATABASE"),
            Stmt::CreateTablespace(_) => self.not_in_transaction(statement, "CREATE TABLESPACE"),
            _ => return self.made_unless_there(statement, kind),
        }
        true
    }

    /// What may have been there before: IF NOT EXISTS and OR REPLACE say so.
    fn made_unless_there(&mut self, statement: &Statement, kind: &Stmt) -> bool {
        let (is_new, kind, name) = match kind {
            Stmt::CreateMaterializedView(it) => {
                self.rows(statement, it.syntax());
                self.long_read(statement, it.syntax());
                let name = names::of_path(it.view().and_then(|view| view.path()));
                (it.if_not_exists().is_none(), Kind::Relation, name)
            }
            Stmt::CreateView(it) => {
                let name = names::of_path(it.view().and_then(|view| view.path()));
                (it.or_replace().is_none(), Kind::Relation, name)
            }
            Stmt::CreateSequence(it) => {
                let name = names::of_path(it.sequence().and_then(|it| it.path()));
                (it.if_not_exists().is_none(), Kind::Relation, name)
            }
            Stmt::CreateSchema(it) => {
                let name = it.schema_name().and_then(ast::Schema::cast);
                let name = name.map(|schema| names::name(&schema));
                (it.if_not_exists().is_none(), Kind::Schema, name)
            }
            _ => return false,
        };
        if is_new {
            self.make(kind, name);
        }
        true
    }

    fn make(&mut self, kind: Kind, name: Option<String>) {
        if let Some(name) = name {
            self.schema.make(kind, name);
        }
    }

    /// What goes.
    fn dropped(&mut self, statement: &Statement, kind: &Stmt) -> bool {
        let name = |path: Option<ast::PathRef>| names::of_ref(path);
        match kind {
            Stmt::DropView(it) => {
                let views = it.view_refs().filter_map(|view| name(view.path_ref()));
                self.drop_relations(statement, Rule::DropView, views);
            }
            Stmt::DropMaterializedView(it) => {
                let views = it.view_refs().filter_map(|view| name(view.path_ref()));
                self.drop_relations(statement, Rule::DropView, views);
            }
            Stmt::DropSequence(it) => {
                let sequences = it.sequence_refs().filter_map(|it| name(it.path_ref()));
                self.drop_relations(statement, Rule::DropSequence, sequences);
            }
            Stmt::DropFunction(_)
            | Stmt::DropProcedure(_)
            | Stmt::DropRoutine(_)
            | Stmt::DropAggregate(_) => self.drop_functions(statement),
            Stmt::DropType(it) => {
                let types = it.type_name_refs().filter_map(|it| name(it.path_ref()));
                self.drop_types(statement, types, it.drop_behavior());
            }
            Stmt::DropDomain(it) => {
                let domains = it.domain_refs().filter_map(|it| name(it.path_ref()));
                self.drop_types(statement, domains, it.drop_behavior());
            }
            Stmt::DropSchema(it) => {
                let schemas = it.schema_refs().map(|schema| names::name(&schema));
                self.drop_schemas(statement, schemas, it.drop_behavior());
            }
            Stmt::DropDatabase(_) => self.drop_database(statement),
            Stmt::DropTrigger(it) => self.drop_trigger(statement, it),
            Stmt::DropPolicy(it) => self.row_security(statement, table_of_policy(it.on_table())),
            Stmt::DropTablespace(_) => self.not_in_transaction(statement, "DROP TABLESPACE"),
            _ => return false,
        }
        true
    }

    /// What becomes something else.
    fn altered(&mut self, statement: &Statement, kind: &Stmt) -> bool {
        match kind {
            Stmt::AlterType(it) => self.alter_type(statement, it),
            Stmt::AlterDomain(it) => self.alter_domain(statement, it),
            Stmt::AlterPolicy(it) => self.row_security(statement, table_of_policy(it.on_table())),
            Stmt::AlterSystem(_) => self.not_in_transaction(statement, "ALTER SYSTEM"),
            Stmt::Revoke(_) => self.revoke(statement),
            Stmt::AlterDefaultPrivileges(it) => {
                if names::holds::<ast::RevokeDefaultPrivileges>(it.syntax()) {
                    self.revoke(statement);
                }
            }
            Stmt::Set(it) => self.set(it),
            Stmt::AlterView(it) => self.alter_view(statement, it),
            // What is about names and options is squawk's: what it does not know either is unknown.
            Stmt::AlterMaterializedView(_)
            | Stmt::AlterFunction(_)
            | Stmt::AlterProcedure(_)
            | Stmt::AlterRoutine(_)
            | Stmt::AlterAggregate(_)
            | Stmt::AlterSchema(_)
            | Stmt::AlterTrigger(_) => {
                let subject = names::subject(kind.syntax());
                if !subject.is_some_and(|name| self.schema.is_new(&name)) {
                    self.unknown.insert(statement.at);
                }
            }
            _ => return false,
        }
        true
    }

    fn unjudged(&mut self, statement: &Statement, kind: &Stmt) -> bool {
        match kind {
            Stmt::Do(_) => self.do_block(statement),
            Stmt::Execute(_) => self.execute(statement),
            Stmt::Copy(_) => self.copy(statement),
            Stmt::Call(it) => {
                let name = it.procedure_name_ref().and_then(|name| name.path_ref());
                let name = names::of_ref(name);
                self.call(statement, name.as_deref().unwrap_or("the procedure"));
            }
            _ => return false,
        }
        true
    }

    fn alter_view(&mut self, statement: &Statement, node: &ast::AlterView) {
        let Some(name) = names::of_ref(node.view_ref().and_then(|view| view.path_ref())) else {
            return;
        };
        if self.schema.is_new(&name) {
            return;
        }
        match node.action() {
            // A default of its own is for INSERTs through the view that leave the column out.
            Some(ast::AlterViewAction::AlterViewColumn(_)) => {}
            Some(ast::AlterViewAction::RenameColumn(it)) => {
                let from = it.column_name_ref().map(|column| names::name(&column));
                let from = from.unwrap_or_default();
                let means = format!("the running code fails wherever it uses {name}.{from}");
                self.find(statement.at, Rule::RenameColumn, Risk::Breaking, means);
            }
            // The schema and the owner were told before; the rest is squawk's.
            Some(
                ast::AlterViewAction::OwnerTo(_)
                | ast::AlterViewAction::SetSchema(_)
                | ast::AlterViewAction::ViewRenameTo(_)
                | ast::AlterViewAction::SetOptions(_)
                | ast::AlterViewAction::ResetOptions(_),
            )
            | None => {
                self.unknown.insert(statement.at);
            }
        }
    }

    fn alter_domain(&mut self, statement: &Statement, node: &ast::AlterDomain) {
        let Some(name) = names::of_ref(node.domain_ref().and_then(|domain| domain.path_ref()))
        else {
            return;
        };
        match node.action() {
            Some(ast::AlterDomainAction::SetNotNull(_)) => self.domain_demands(statement, &name),
            // squawk's rules say what it means.
            Some(
                ast::AlterDomainAction::AddConstraint(_)
                | ast::AlterDomainAction::DomainRenameTo(_),
            ) => {}
            Some(
                ast::AlterDomainAction::DropConstraint(_)
                | ast::AlterDomainAction::DropDefault(_)
                | ast::AlterDomainAction::DropNotNull(_)
                | ast::AlterDomainAction::OwnerTo(_)
                | ast::AlterDomainAction::RenameConstraint(_)
                | ast::AlterDomainAction::SetDefault(_)
                | ast::AlterDomainAction::SetSchema(_)
                | ast::AlterDomainAction::ValidateConstraint(_),
            ) => {}
            None => {
                self.unknown.insert(statement.at);
            }
        }
    }

    /// After `SET search_path`, a name without a schema may mean a table that nobody looked at.
    fn set(&mut self, node: &ast::Set) {
        let Some(ast::SetTarget::SetConfig(config)) = node.set_target() else {
            return;
        };
        let name = config
            .config_parameter_ref()
            .and_then(|name| names::of_ref(name.path_ref()));
        if name.as_deref() != Some("search_path") {
            return;
        }
        let value = config
            .config_assignment()
            .map(|value| value.syntax().text().to_string());
        let is_public = value.is_some_and(|value| {
            let value = value.trim_start_matches("to").trim_start_matches("TO");
            let first = value
                .trim_start_matches(['=', ' '])
                .split(',')
                .next()
                .unwrap_or_default();
            matches!(
                first.trim().trim_matches(['"', '\'']),
                "public" | "DEFAULT" | "default"
            )
        });
        self.schema.look_elsewhere(!is_public);
    }
}

fn table_of_policy(on: Option<ast::OnTable>) -> Option<String> {
    names::of_ref(on?.table_name_ref()?.path_ref())
}

/// What changes neither what the running code can do nor what is stored.
fn is_harmless(kind: &Stmt) -> bool {
    matches!(
        kind,
        Stmt::AlterIndex(_)
            | Stmt::AlterSequence(_)
            | Stmt::AlterStatistics(_)
            | Stmt::Analyze(_)
            | Stmt::Begin(_)
            | Stmt::Checkpoint(_)
            | Stmt::CommentOn(_)
            | Stmt::CreateCollation(_)
            | Stmt::CreateExtension(_)
            | Stmt::CreateForeignDataWrapper(_)
            | Stmt::CreateGroup(_)
            | Stmt::CreatePublication(_)
            | Stmt::CreateRole(_)
            | Stmt::CreateServer(_)
            | Stmt::CreateStatistics(_)
            | Stmt::CreateTextSearchConfiguration(_)
            | Stmt::CreateTextSearchDictionary(_)
            | Stmt::CreateUser(_)
            | Stmt::CreateUserMapping(_)
            | Stmt::Deallocate(_)
            | Stmt::DropStatistics(_)
            | Stmt::EmptyStmt(_)
            | Stmt::Grant(_)
            | Stmt::Listen(_)
            | Stmt::Notify(_)
            | Stmt::Prepare(_)
            | Stmt::ReleaseSavepoint(_)
            | Stmt::Reset(_)
            | Stmt::ResetRole(_)
            | Stmt::Rollback(ast::Rollback::RollbackToSavepoint(_))
            | Stmt::SavepointCreate(_)
            | Stmt::SetConstraints(_)
            | Stmt::SetRole(_)
            | Stmt::SetTransaction(_)
            | Stmt::Show(_)
            | Stmt::Unlisten(_)
    )
}
