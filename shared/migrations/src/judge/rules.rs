//! The rules: what each is called, which kinds of risk it finds, and who finds it.
//!
//! `docs/migration-rules.md` explains them all; a test holds it against the list here.

mod alter_table;
mod columns;
mod constraints;
mod data;
mod dispatch;
mod indexes;
mod locks;
mod objects;
mod retyping;
mod squawk;
mod tables;
mod transactions;
mod types;
mod unjudged;

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::migration::Risk;

use super::Tables;
use super::schema::Schema;
use super::script::{Script, Statement};
use super::size::Size;

pub(super) use data::set_columns;

use locks::Locks;

/// Makes the list once: the names, the risks and [`Rule::ALL`] cannot drift apart.
macro_rules! rules {
    ($($variant:ident = $name:literal: $($risk:ident),+;)+) => {
        /// A rule of Sluice's own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Rule {
            $($variant,)+
        }

        impl Rule {
            const ALL: &[Self] = &[$(Self::$variant,)+];

            /// What it is called everywhere.
            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The kinds of risk it can find.
            const fn risks(self) -> &'static [Risk] {
                match self {
                    $(Self::$variant => &[$(Risk::$risk),+],)+
                }
            }
        }
    };
}

rules! {
    DropTable = "drop-table": Breaking, DataLosing;
    DropColumn = "drop-column": Breaking, DataLosing;
    RenameTable = "rename-table": Breaking;
    RenameColumn = "rename-column": Breaking;
    SetSchema = "set-schema": Breaking;
    AddRequiredColumn = "add-required-column": Breaking;
    SetNotNull = "set-not-null": Breaking;
    DropDefault = "drop-default": Breaking;
    NarrowType = "narrow-type": Breaking, DataLosing;
    ChangeType = "change-type": Breaking, DataLosing;
    AddGenerated = "add-generated": Breaking;
    DropEnumValue = "drop-enum-value": Breaking;
    RenameEnumValue = "rename-enum-value": Breaking;
    RenameType = "rename-type": Breaking;
    DropType = "drop-type": Breaking, DataLosing;
    DropView = "drop-view": Breaking;
    DropFunction = "drop-function": Breaking;
    ReplaceFunction = "replace-function": Breaking;
    DropSequence = "drop-sequence": Breaking;
    DropSchema = "drop-schema": Breaking, DataLosing;
    DropDatabase = "drop-database": Breaking, DataLosing;
    DropIndex = "drop-index": Breaking;
    DropConstraint = "drop-constraint": Breaking;
    DetachPartition = "detach-partition": Breaking;
    AddCheck = "add-check": Breaking;
    AddUnique = "add-unique": Breaking;
    AddForeignKey = "add-foreign-key": Breaking;
    AddExclusion = "add-exclusion": Breaking;
    AddTrigger = "add-trigger": Breaking;
    DropTrigger = "drop-trigger": Breaking;
    AddRewrite = "add-rewrite-rule": Breaking;
    RowSecurity = "row-security": Breaking;
    Revoke = "revoke": Breaking;
    ChangeOwner = "change-owner": Breaking;
    Truncate = "truncate": DataLosing;
    DeleteAll = "delete-all": DataLosing;
    Delete = "delete": DataLosing;
    UpdateAll = "update-all": DataLosing;
    IndexNotConcurrent = "index-not-concurrent": Locking;
    ReindexNotConcurrent = "reindex-not-concurrent": Locking;
    RefreshNotConcurrent = "refresh-not-concurrent": Locking;
    RewriteTable = "rewrite-table": Locking;
    ScanUnderLock = "scan-under-lock": Locking;
    LongUpdate = "long-update": Locking;
    LockTable = "lock-table": Locking;
    LockHeld = "lock-held": Locking;
    ConcurrentIndex = "concurrent-index": NotTransactional;
    NotInTransaction = "not-in-transaction": NotTransactional;
    OutsideTransaction = "outside-transaction": NotTransactional;
    SeveralTransactions = "several-transactions": NotTransactional;
    NewEnumValueUsed = "new-enum-value-used": NotTransactional;
    DoesNotParse = "does-not-parse": Unjudged;
    DoBlock = "do-block": Unjudged;
    Execute = "execute": Unjudged;
    FunctionCall = "function-call": Unjudged;
    Copy = "copy": Unjudged;
    UnknownStatement = "unknown-statement": Unjudged;
}

/// What is found where there is no SQL to judge: by whoever asked for it.
pub const NO_SQL: &str = "no-sql";

/// Every rule that can find something, squawk's among them: its name and the kinds of risk it
/// finds. What a waiver names should be here.
pub fn rules() -> impl Iterator<Item = (String, Vec<Risk>)> {
    let own = Rule::ALL.iter();
    let own = own.map(|rule| (rule.name().to_owned(), rule.risks().to_vec()));
    let carried = squawk::carried().map(|(name, risk)| (name, vec![risk]));
    let unread = std::iter::once((NO_SQL.to_owned(), vec![Risk::Unjudged]));
    own.chain(carried).chain(unread)
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rule: String,
    pub(super) risk: Risk,
    /// How much it concerns, in bytes: of two alike, the bigger is the worse.
    pub(super) weight: u64,
    /// The statement's place.
    pub(super) statement: usize,
    pub(super) means: String,
}

/// Goes through the statements, knows what the earlier ones did, and keeps what was found.
pub(super) struct Judge<'a> {
    /// By the statement's place.
    found: BTreeMap<usize, Vec<Found>>,
    schema: Schema<'a>,
    locks: Locks,
    /// Values that enums were given, by the transaction that gave them. Compared only: they never
    /// leave the judge.
    new_values: BTreeMap<(u32, String), String>,
    /// Columns that a valid CHECK keeps from being NULL: then SET NOT NULL need not look.
    never_null: BTreeSet<(String, String)>,
    /// The same, by constraint, where it is still NOT VALID.
    soon_never_null: BTreeMap<(String, String), String>,
    /// Enums under another name, and the statement that gave it.
    renamed_types: Vec<(String, usize)>,
    /// Statements of a kind that no rule knows.
    unknown: BTreeSet<usize>,
}

/// A table that was there before the migration.
#[derive(Clone, Debug)]
struct Existing {
    /// What it was called before the migration.
    key: String,
    size: Size,
}

impl<'a> Judge<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        Self {
            found: BTreeMap::new(),
            schema: Schema::new(tables),
            locks: Locks::default(),
            new_values: BTreeMap::new(),
            never_null: BTreeSet::new(),
            soon_never_null: BTreeMap::new(),
            renamed_types: Vec::new(),
            unknown: BTreeSet::new(),
        }
    }

    /// What only the whole migration shows.
    pub(super) fn finish(&mut self, script: &Script) {
        self.required_columns();
        self.types_without_a_name();
        self.locks_held();
        self.transactions(script);
        self.squawk(script);
        self.unknown_statements();
    }

    /// All that was found, the worst first.
    pub(super) fn into_found(self) -> Vec<Found> {
        let mut found: Vec<Found> = self.found.into_values().flatten().collect();
        found.sort_by(|a, b| {
            let worst = b.risk.cmp(&a.risk).then(b.weight.cmp(&a.weight));
            worst.then(a.statement.cmp(&b.statement))
        });
        found
    }

    fn find(&mut self, at: usize, rule: Rule, risk: Risk, means: String) {
        self.find_in(at, rule, risk, 0, means);
    }

    fn find_in(&mut self, at: usize, rule: Rule, risk: Risk, weight: u64, means: String) {
        debug_assert!(rule.risks().contains(&risk), "{rule:?} {risk:?}");
        let found = Found {
            rule: rule.name().to_owned(),
            risk,
            weight,
            statement: at,
            means,
        };
        self.add(found);
    }

    fn add(&mut self, found: Found) {
        let of_statement = self.found.entry(found.statement).or_default();
        if !of_statement.contains(&found) {
            of_statement.push(found);
        }
    }

    fn has(&self, at: usize, risk: Risk) -> bool {
        let mut found = self.found.get(&at).into_iter().flatten();
        found.any(|found| found.risk == risk)
    }

    /// The table, unless the migration made it.
    fn existing(&self, name: &str) -> Option<Existing> {
        let key = self.schema.existing(name)?;
        let size = Size::of(self.schema.facts(&key));
        Some(Existing { key, size })
    }
}

/// That others wait for something done to all of a table, where it is not small.
fn on_all_of(
    judge: &mut Judge<'_>,
    statement: &Statement,
    rule: Rule,
    name: &str,
    size: Size,
    why: &str,
) {
    if size.is_small() {
        return;
    }
    let means = format!("{}: {why}", size.clause(name));
    judge.find_in(statement.at, rule, Risk::Locking, size.weight(), means);
    judge.locks.long(statement);
}
