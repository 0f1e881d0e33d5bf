//! Who waits, and for how long: locks that a transaction keeps until it commits.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::migration::Risk;
use squawk_syntax::ast::{self, AstNode};

use super::{Existing, Judge, Rule};
use crate::judge::names;
use crate::judge::script::Statement;
use crate::judge::size::Size;

/// Whom a lock keeps waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blocks {
    /// Whoever writes. (SHARE, SHARE ROW EXCLUSIVE)
    Writes,
    /// Everybody. (ACCESS EXCLUSIVE)
    All,
}

/// The locks that were taken, and the statements that take long.
#[derive(Default)]
pub(super) struct Locks {
    taken: Vec<Lock>,
    /// The last of them in each transaction: transaction and place.
    long: BTreeMap<u32, usize>,
}

struct Lock {
    statement: usize,
    transaction: u32,
    table: String,
    size: Size,
    blocks: Blocks,
}

impl Locks {
    /// A statement takes long.
    pub(super) fn long(&mut self, statement: &Statement) {
        if let Some(transaction) = statement.transaction {
            self.long.insert(transaction, statement.at);
        }
    }
}

impl Judge<'_> {
    /// A statement takes a lock and keeps it until its transaction ends.
    pub(super) fn lock(
        &mut self,
        statement: &Statement,
        name: &str,
        table: &Existing,
        blocks: Blocks,
    ) {
        if let Some(transaction) = statement.transaction {
            self.locks.taken.push(Lock {
                statement: statement.at,
                transaction,
                table: name.to_owned(),
                size: table.size,
                blocks,
            });
        }
    }

    /// A lock that is nothing by itself is much where something long comes after it.
    pub(super) fn locks_held(&mut self) {
        let mut locks = std::mem::take(&mut self.locks);
        let long = locks.long;
        let is_held = |lock: &Lock| {
            long.get(&lock.transaction)
                .is_some_and(|at| *at > lock.statement)
        };
        locks.taken.retain(is_held);
        // The stronger lock says more of the two.
        locks
            .taken
            .sort_by_key(|lock| (std::cmp::Reverse(lock.blocks), lock.statement));
        let mut told = BTreeSet::new();
        for lock in locks.taken {
            if lock.size.is_small()
                || self.has(lock.statement, Risk::Locking)
                || !told.insert((lock.transaction, lock.table.clone()))
            {
                continue;
            }
            let who = match lock.blocks {
                Blocks::All => "reads and writes wait",
                Blocks::Writes => "writes wait",
            };
            let means = format!(
                "{}: it stays locked until the migration commits, {who}, and a long statement \
                 comes after",
                lock.size.clause(&lock.table)
            );
            let weight = lock.size.weight();
            self.find_in(lock.statement, Rule::LockHeld, Risk::Locking, weight, means);
        }
    }

    pub(super) fn lock_table(&mut self, statement: &Statement, node: &ast::Lock) {
        let blocks = match node
            .lock_mode_clause()
            .and_then(|clause| clause.lock_mode())
        {
            None | Some(ast::LockMode::AccessExclusive(_)) => Blocks::All,
            Some(
                ast::LockMode::Exclusive(_)
                | ast::LockMode::Share(_)
                | ast::LockMode::ShareRowExclusive(_),
            ) => Blocks::Writes,
            Some(
                ast::LockMode::AccessShare(_)
                | ast::LockMode::RowShare(_)
                | ast::LockMode::RowExclusive(_)
                | ast::LockMode::ShareUpdateExclusive(_),
            ) => return,
        };
        let relations = node.relation_list();
        let relations = relations.into_iter().flat_map(|list| list.relation_names());
        for name in relations.filter_map(|name| names::relation(Some(name))) {
            let Some(table) = self.existing(&name) else {
                continue;
            };
            let who = match blocks {
                Blocks::All => "reads and writes of",
                Blocks::Writes => "writes to",
            };
            let means = format!("{who} {name} wait until the migration commits");
            let weight = table.size.weight();
            self.find_in(statement.at, Rule::LockTable, Risk::Locking, weight, means);
        }
    }

    pub(super) fn cluster(&mut self, statement: &Statement, node: &ast::Cluster) {
        let name = match node.table_name_ref() {
            Some(table) => names::of_ref(table.path_ref()),
            None => node.cluster_legacy().and_then(|legacy| {
                let table = legacy
                    .syntax()
                    .descendants()
                    .find_map(ast::TableNameRef::cast);
                names::of_ref(table?.path_ref())
            }),
        };
        match name {
            Some(name) => {
                if let Some(table) = self.existing(&name) {
                    self.rewrite(statement, &name, &table);
                }
            }
            None => self.not_in_transaction(statement, "CLUSTER of all tables"),
        }
    }

    pub(super) fn vacuum(&mut self, statement: &Statement, node: &ast::Vacuum) {
        self.not_in_transaction(statement, "VACUUM");
        if !node.is_full() {
            return;
        }
        let tables = node.table_and_columns_list();
        let tables = tables
            .into_iter()
            .flat_map(|list| list.table_and_columnss());
        for name in tables.filter_map(|table| names::table(table.table_relation_name())) {
            if let Some(table) = self.existing(&name) {
                self.rewrite(statement, &name, &table);
            }
        }
    }
}
