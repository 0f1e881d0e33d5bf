//! The database as the statements go by: what was there before, what the migration made, what
//! things are called by now.

use std::collections::{BTreeMap, BTreeSet};

use super::sql_type::SqlType;
use super::{Index, Table, Tables};

/// What is known of the database at a point of the migration.
pub(super) struct Schema<'a> {
    /// As it was before.
    tables: &'a Tables,
    /// Tables that the migration renamed or made, by what they are called now.
    standing: BTreeMap<String, Standing>,
    /// Columns that were looked at, by what their table was called before and they are called now.
    columns: BTreeMap<(String, String), Column>,
    /// Whatever else the migration made.
    made: BTreeSet<(Kind, String)>,
    /// Types that the migration made, with their labels where they are enums.
    types: BTreeMap<String, Vec<String>>,
    /// Types that the migration renamed: what they are called now, what they were called before.
    renamed_types: BTreeMap<String, String>,
    /// Whether names without a schema may mean another schema's: `search_path` was set.
    elsewhere: bool,
}

/// What else a migration makes. PostgreSQL keeps the names of each kind apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Views, sequences and indexes: they share their names with tables.
    Relation,
    /// Functions, procedures, aggregates, with what they take.
    Routine,
    Schema,
    Domain,
    /// By table.
    Constraint,
    /// By table.
    Trigger,
}

#[derive(Clone, Debug)]
enum Standing {
    /// The migration made it.
    New,
    /// It was there, under this name.
    Was(String),
}

/// A column at a point of the migration.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    /// Whether the migration made it.
    pub(super) new: bool,
    /// Whether it is gone.
    pub(super) gone: bool,
    /// Whether it refuses NULL, where that is known.
    pub(super) not_null: Option<bool>,
    /// Whether it fills itself, where that is known.
    pub(super) default: Option<bool>,
    /// Its type, where it is known.
    pub(super) sql_type: Option<SqlType>,
    /// The same, as PostgreSQL says it.
    pub(super) said: Option<String>,
    /// Its values, where its type is an enum and they are known.
    pub(super) labels: Vec<String>,
    /// Whether an INSERT had to fill it before the migration.
    pub(super) was_required: bool,
    /// The statement that made it one that an INSERT has to fill.
    pub(super) required_by: Option<(Demand, usize)>,
    /// The statement from which on it refuses NULL, where code knows it that may write NULL.
    pub(super) refuses_null_by: Option<usize>,
}

/// What makes an INSERT fill a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// It came so.
    Added,
    /// SET NOT NULL.
    NotNull,
    /// DROP DEFAULT.
    NoDefault,
}

impl Column {
    /// Whether an INSERT that leaves it out is refused; where that is not known, it may be.
    pub(super) fn is_required(&self) -> bool {
        self.not_null != Some(false) && self.default != Some(true)
    }

    /// Whether code that does not know it leaves NULL in it.
    pub(super) fn is_left_null(&self) -> bool {
        self.new && self.not_null == Some(false) && self.default == Some(false)
    }
}

impl<'a> Schema<'a> {
    pub(super) fn new(tables: &'a Tables) -> Self {
        Self {
            tables,
            standing: BTreeMap::new(),
            columns: BTreeMap::new(),
            made: BTreeSet::new(),
            types: BTreeMap::new(),
            renamed_types: BTreeMap::new(),
            elsewhere: false,
        }
    }

    /// What a table was called before the migration; `None` where the migration made it.
    pub(super) fn existing(&self, name: &str) -> Option<String> {
        match self.standing.get(name) {
            Some(Standing::New) => None,
            Some(Standing::Was(key)) => Some(key.clone()),
            None if self.is_made(Kind::Relation, name) => None,
            None => Some(name.to_owned()),
        }
    }

    /// What is known of a table, by what it was called before.
    pub(super) fn facts(&self, key: &str) -> Option<&'a Table> {
        if self.elsewhere && !key.contains('.') {
            return None;
        }
        self.tables.get(key)
    }

    /// What is known of an index by its name: it has the schema of its table.
    pub(super) fn index(&self, name: &str) -> Option<Index> {
        let (schema, name) = name.rsplit_once('.').unwrap_or(("", name));
        if self.elsewhere && schema.is_empty() {
            return None;
        }
        let mut tables = self.tables.iter().filter(|(table, _)| {
            let of_table = table.rsplit_once('.').map_or("", |(schema, _)| schema);
            of_table == schema
        });
        tables.find_map(|(_, table)| table.indexes.as_ref()?.get(name).copied())
    }

    /// From here on, names without a schema may mean another schema's.
    pub(super) fn look_elsewhere(&mut self, elsewhere: bool) {
        self.elsewhere = elsewhere;
    }

    /// The migration makes a table.
    pub(super) fn make_table(&mut self, name: String) {
        self.standing.insert(name, Standing::New);
    }

    /// The migration makes a table, but one that is there already stays what it is: IF NOT EXISTS,
    /// and temporary tables, which only hide it.
    pub(super) fn make_table_unless_there(&mut self, name: String) {
        let key = self.existing(&name);
        let is_there = key.is_some_and(|key| self.elsewhere || self.tables.contains_key(&key));
        if !is_there {
            self.make_table(name);
        }
    }

    pub(super) fn rename_table(&mut self, from: &str, to: String) {
        let standing = match self.existing(from) {
            Some(key) => Standing::Was(key),
            None => Standing::New,
        };
        self.standing.remove(from);
        self.standing.insert(to, standing);
    }

    pub(super) fn drop_table(&mut self, name: &str) {
        self.standing.remove(name);
    }

    /// The migration makes something that is no table, type or column.
    pub(super) fn make(&mut self, kind: Kind, name: String) {
        self.made.insert((kind, name));
    }

    /// Whether the migration made it.
    pub(super) fn is_made(&self, kind: Kind, name: &str) -> bool {
        self.made.contains(&(kind, name.to_owned()))
    }

    /// Whether the migration made a function of this name, whatever it takes.
    pub(super) fn is_made_routine(&self, name: &str) -> bool {
        let from = (Kind::Routine, format!("{name}("));
        let mut after = self.made.range(from..);
        after.next().is_some_and(|(kind, made)| {
            *kind == Kind::Routine
                && made
                    .strip_prefix(name)
                    .is_some_and(|it| it.starts_with('('))
        })
    }

    /// Whether the migration made something of this name.
    pub(super) fn is_new(&self, name: &str) -> bool {
        self.is_made(Kind::Relation, name)
            || self.is_made(Kind::Domain, name)
            || self.is_made(Kind::Schema, name)
            || self.is_made_routine(name)
            || self.types.contains_key(name)
            || matches!(self.standing.get(name), Some(Standing::New))
    }

    /// A column of a table that was there before.
    pub(super) fn column(&mut self, key: &str, name: &str) -> &mut Column {
        let facts = self.facts(key).and_then(|table| table.columns.get(name));
        let id = (key.to_owned(), name.to_owned());
        self.columns.entry(id).or_insert_with(|| match facts {
            None => Column::default(),
            Some(facts) => Column {
                not_null: Some(!facts.nullable),
                default: Some(facts.default),
                sql_type: SqlType::from_text(&facts.sql_type),
                said: Some(facts.sql_type.clone()),
                labels: facts.labels.clone(),
                was_required: !facts.nullable && !facts.default,
                ..Column::default()
            },
        })
    }

    pub(super) fn set_column(&mut self, key: &str, name: String, column: Column) {
        self.columns.insert((key.to_owned(), name), column);
    }

    pub(super) fn rename_column(&mut self, key: &str, from: &str, to: String) {
        let column = self.column(key, from).clone();
        self.columns.remove(&(key.to_owned(), from.to_owned()));
        self.set_column(key, to, column);
    }

    /// Columns that were looked at: their table as it was called before, their name, themselves.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&str, &str, &Column)> {
        let columns = self.columns.iter();
        columns.map(|((key, name), column)| (key.as_str(), name.as_str(), column))
    }

    pub(super) fn make_type(&mut self, name: String, labels: Vec<String>) {
        self.types.insert(name, labels);
    }

    pub(super) fn rename_type(&mut self, from: &str, to: String) {
        if let Some(labels) = self.types.remove(from) {
            self.types.insert(to, labels);
            return;
        }
        let was = self.renamed_types.remove(from);
        self.renamed_types
            .insert(to, was.unwrap_or_else(|| from.to_owned()));
    }

    /// The labels of a type that the migration made; `None` where it was there before.
    pub(super) fn new_type(&self, name: &str) -> Option<&[String]> {
        self.types.get(name).map(Vec::as_slice)
    }

    /// What a type was called before the migration.
    pub(super) fn type_before<'n>(&'n self, name: &'n str) -> &'n str {
        self.renamed_types.get(name).map_or(name, String::as_str)
    }
}
