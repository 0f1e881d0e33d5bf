//! Which rules look at which statement.
//!
//! What is harmless is listed. What is not listed is unknown, and that is a finding.

use squawk_syntax::ast::{self, AstNode, Stmt};

use super::objects::functions;
use super::{Existing, Judge, Rule};
use crate::judge::names;
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
        let name = match kind {
            Stmt::CreateTableAs(it) => {
                self.rows(statement, it.syntax());
                self.long_read(statement, it.syntax());
                let name = names::of_path(it.table_name().and_then(|name| name.path()));
                if let Some(name) = name {
                    self.schema.make_table(name, it.if_not_exists().is_some());
                }
                return true;
            }
            Stmt::CreateMaterializedView(it) => {
                self.rows(statement, it.syntax());
                self.long_read(statement, it.syntax());
                names::of_path(it.view().and_then(|view| view.path()))
            }
            Stmt::CreateView(it) => names::of_path(it.view().and_then(|view| view.path())),
            Stmt::CreateSequence(it) => names::of_path(it.sequence().and_then(|it| it.path())),
            Stmt::CreateDomain(_) | Stmt::CreateAggregate(_) => names::subject(kind.syntax()),
            Stmt::CreateType(it) => {
                self.create_type(it);
                return true;
            }
            Stmt::CreateSchema(it) => it.schema_name().map(|schema| {
                ast::Schema::cast(schema.clone())
                    .map_or_else(|| schema.text().to_string(), |schema| names::name(&schema))
            }),
            Stmt::CreateFunction(it) => {
                let name = names::of_path(it.name().and_then(|name| name.path()));
                self.create_function(statement, name, it.or_replace().is_some());
                return true;
            }
            Stmt::CreateProcedure(it) => {
                let name = names::of_path(it.name().and_then(|name| name.path()));
                self.create_function(statement, name, it.or_replace().is_some());
                return true;
            }
            Stmt::CreateTrigger(it) => {
                self.create_trigger(statement, it);
                return true;
            }
            Stmt::CreateRule(it) => {
                self.create_rule(statement, it);
                return true;
            }
            Stmt::CreatePolicy(it) => {
                self.row_security(statement, table_of_policy(it.on_table()));
                return true;
            }
            Stmt::CreateDatabase(_) => {
                self.not_in_transaction(statement, "CREATE DATABASE");
                return true;
            }
            Stmt::CreateTablespace(_) => {
                self.not_in_transaction(statement, "CREATE TABLESPACE");
                return true;
            }
            _ => return false,
        };
        if let Some(name) = name {
            self.schema.make(name);
        }
        true
    }

    /// What goes.
    fn dropped(&mut self, statement: &Statement, kind: &Stmt) -> bool {
        let name = |path: Option<ast::PathRef>| names::of_ref(path);
        match kind {
            Stmt::DropView(it) => {
                let views = it.view_refs().filter_map(|view| name(view.path_ref()));
                self.drop_objects(statement, Rule::DropView, views);
            }
            Stmt::DropMaterializedView(it) => {
                let views = it.view_refs().filter_map(|view| name(view.path_ref()));
                self.drop_objects(statement, Rule::DropView, views);
            }
            Stmt::DropSequence(it) => {
                let sequences = it.sequence_refs().filter_map(|it| name(it.path_ref()));
                self.drop_objects(statement, Rule::DropSequence, sequences);
            }
            Stmt::DropFunction(_) | Stmt::DropProcedure(_) | Stmt::DropRoutine(_) => {
                let functions = functions(kind.syntax()).into_iter();
                self.drop_objects(statement, Rule::DropFunction, functions);
            }
            Stmt::DropAggregate(it) => {
                let aggregates = it.aggregates().filter_map(|it| name(it.path_ref()));
                self.drop_objects(statement, Rule::DropFunction, aggregates);
            }
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
            Stmt::AlterView(it)
                if matches!(it.action(), Some(ast::AlterViewAction::AlterViewColumn(_))) => {}
            // What is about names and options is squawk's: what it does not know either is unknown.
            Stmt::AlterView(_)
            | Stmt::AlterMaterializedView(_)
            | Stmt::AlterFunction(_)
            | Stmt::AlterProcedure(_)
            | Stmt::AlterRoutine(_)
            | Stmt::AlterAggregate(_)
            | Stmt::AlterSchema(_)
            | Stmt::AlterTrigger(_) => {
                let subject = names::subject(kind.syntax());
                if !subject.is_some_and(|name| self.schema.is_made(&name)) {
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

    fn alter_table(&mut self, statement: &Statement, node: &ast::AlterTable) {
        let Some(name) = names::table(node.table_relation_name()) else {
            self.unknown.insert(statement.at);
            return;
        };
        for action in node.actions() {
            match self.existing(&name) {
                Some(table) => self.alter_existing(statement, &name, &table, &action),
                // The migration made the table: only what it is called from here on matters.
                None => {
                    if let ast::AlterTableAction::TableRenameTo(to) = &action {
                        self.rename_table(statement, &name, to);
                    }
                }
            }
        }
    }

    fn alter_existing(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        action: &ast::AlterTableAction,
    ) {
        use ast::AlterTableAction as Action;
        match action {
            Action::AddColumn(it) => self.add_column(statement, name, table, it),
            Action::DropColumn(it) => self.drop_column(statement, name, table, it),
            Action::RenameColumn(it) => self.rename_column(statement, name, table, it),
            Action::AlterColumn(it) => self.alter_column(statement, name, table, it),
            Action::AddConstraint(it) => {
                if let Some(constraint) = it.constraint() {
                    self.add_constraint(statement, name, table, &constraint);
                }
            }
            Action::DropConstraint(it) => self.drop_constraint(statement, name, table, it),
            Action::ValidateConstraint(it) => self.validate(statement, table, it),
            Action::TableRenameTo(it) => self.rename_table(statement, name, it),
            Action::AttachPartition(it) => self.attach_partition(statement, it),
            Action::DetachPartition(it) => self.detach_partition(statement, name, it),
            Action::EnableRls(_) | Action::ForceRls(_) => {
                self.row_security(statement, Some(name.to_owned()));
            }
            Action::SetTablespace(_)
            | Action::SetLogged(_)
            | Action::SetUnlogged(_)
            | Action::SetAccessMethod(_) => self.rewrite(statement, name, table),
            // They change how the table is stored, or are told elsewhere: the schema and the owner
            // before, triggers and inheritance by squawk.
            Action::RenameConstraint(_)
            | Action::SetOptions(_)
            | Action::ResetOptions(_)
            | Action::SetWithoutCluster(_)
            | Action::SetWithoutOids(_)
            | Action::ClusterOn(_)
            | Action::ReplicaIdentity(_)
            | Action::OwnerTo(_)
            | Action::SetSchema(_)
            | Action::NoForceRls(_)
            | Action::DisableRls(_)
            | Action::EnableTrigger(_)
            | Action::DisableTrigger(_)
            | Action::NoInheritTable(_) => {}
            Action::AlterConstraint(_)
            | Action::AlterOptionList(_)
            | Action::DisableRule(_)
            | Action::EnableAlwaysRule(_)
            | Action::EnableAlwaysTrigger(_)
            | Action::EnableReplicaRule(_)
            | Action::EnableReplicaTrigger(_)
            | Action::EnableRule(_)
            | Action::InheritTable(_)
            | Action::MergePartitions(_)
            | Action::NotOf(_)
            | Action::OfType(_)
            | Action::OptionItemList(_)
            | Action::SplitPartition(_) => {
                self.unknown.insert(statement.at);
            }
        }
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
            | Stmt::CreateStatistics(_)
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
            | Stmt::SavepointCreate(_)
            | Stmt::SetConstraints(_)
            | Stmt::SetRole(_)
            | Stmt::SetTransaction(_)
            | Stmt::Show(_)
            | Stmt::Unlisten(_)
    )
}
