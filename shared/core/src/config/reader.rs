//! Reads TOML tables into typed values with their places, going on after every mistake.
//!
//! serde stops at the first wrong type; someone who mends a file at night wants the whole list.

use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use toml::de::{DeTable, DeValue};

use super::report::{Place, Report, did_you_mean, list};

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// A key that is there. An optional key is an `Option<Field<T>>`.
#[derive(Clone, Debug)]
pub(super) enum Field<T> {
    /// It could be read.
    Given(At<T>),
    /// It could not, or a key that must be there is missing; the problem has been reported.
    Wrong,
}

impl<T> Field<T> {
    pub(super) fn at(&self) -> Option<&At<T>> {
        match self {
            Self::Given(at) => Some(at),
            Self::Wrong => None,
        }
    }

    pub(super) fn get(&self) -> Option<&T> {
        self.at().map(|at| &at.value)
    }
}

/// A value of the file, not yet read.
pub(super) struct Node<'a> {
    pub(super) value: &'a DeValue<'a>,
    pub(super) place: Place,
    /// Whether this is a key of the user's own, and not the value of one.
    pub(super) is_key: bool,
}

/// What can be read from a value of the file. Reading reports what it refuses.
pub(super) trait Read: Sized {
    /// What is expected, such as `a number`.
    const EXPECTED: &'static str;

    /// A valid value, as TOML.
    fn example() -> String;

    /// The header of its table at the top of the file, for what is written as a table there.
    fn header(_key: &str) -> Option<String> {
        None
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self>;

    fn schema(generator: &mut SchemaGenerator) -> Schema;

    fn field(node: Node<'_>, report: &mut Report) -> Field<Self> {
        match Self::read(&node, report) {
            Some(value) => Field::Given(At {
                value,
                place: node.place,
            }),
            None => Field::Wrong,
        }
    }
}

impl<T: Read> JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

/// Reports a value of another type than expected. The value is not shown: it may be a secret.
pub(super) fn wrong_type<T: Read>(node: &Node<'_>, report: &mut Report) -> Option<T> {
    let found = match node.value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let message = format!("this must be {}, and is {found}", T::EXPECTED);
    let key = &node.place.key;
    let header = if key.contains('.') {
        None
    } else {
        T::header(key)
    };
    let text = header.unwrap_or_else(|| assignment::<T>(node.place.name()));
    report.instead(&node.place, message, text);
    None
}

/// `key = example`.
pub(super) fn assignment<T: Read>(name: &str) -> String {
    if name.ends_with(']') {
        T::example()
    } else {
        format!("{name} = {}", T::example())
    }
}

/// A table that is being read.
pub(super) struct Table<'a> {
    table: &'a DeTable<'a>,
    place: &'a Place,
    /// Keys that are there under a slip of the pen.
    meant: Vec<&'static str>,
}

impl<'a> Table<'a> {
    pub(super) fn new(table: &'a DeTable<'a>, place: &'a Place) -> Self {
        Self {
            table,
            place,
            meant: Vec::new(),
        }
    }

    /// Reports the keys that are not among `known`.
    pub(super) fn refuse_unknown(&mut self, known: &[&'static str], report: &mut Report) {
        for node in self
            .entries()
            .filter(|node| !known.contains(&node.bare_key()))
        {
            let place = Place {
                span: node.key_span,
                key: node.node.place.key,
            };
            let message = "unknown key";
            match did_you_mean(place.name(), known.iter().copied()) {
                Some(meant) => {
                    self.meant.extend(known.iter().find(|key| **key == meant));
                    report.advise(&place, message, format!("did you mean `{meant}`?"));
                }
                None => {
                    let known = list(known.iter().copied(), "and");
                    report.advise(&place, message, format!("the keys here are {known}"));
                }
            }
        }
    }

    /// A key that must be there.
    pub(super) fn required<T: Read>(&self, key: &'static str, report: &mut Report) -> Field<T> {
        if let Some(field) = self.optional(key, report) {
            return field;
        }
        if !self.meant.contains(&key) {
            let add = match self.place.key.as_str() {
                "" => format!(
                    "add {}",
                    T::header(key).unwrap_or_else(|| assignment::<T>(key))
                ),
                table => format!("add to {table}: {}", assignment::<T>(key)),
            };
            report.advise(self.place, format!("`{key}` is missing"), add);
        }
        Field::Wrong
    }

    /// A key that may be there.
    pub(super) fn optional<T: Read>(
        &self,
        key: &'static str,
        report: &mut Report,
    ) -> Option<Field<T>> {
        let entry = self.entries().find(|entry| entry.bare_key() == key)?;
        Some(T::field(entry.node, report))
    }

    /// Everything in it, in the order of the file.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let mut entries: Vec<Entry<'a>> = self
            .table
            .iter()
            .map(|(key, value)| {
                let bare = key.get_ref().as_ref();
                let key_path = join(&self.place.key, bare);
                // A table's own span may be that of an inner header: its key points better.
                let table = matches!(value.get_ref(), DeValue::Table(_));
                let span = if table { key.span() } else { value.span() };
                let place = Place {
                    span,
                    key: key_path,
                };
                let node = Node {
                    value: value.get_ref(),
                    place,
                    is_key: false,
                };
                Entry {
                    bare,
                    key_span: key.span(),
                    node,
                }
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        entries.into_iter()
    }
}

/// A key and its value.
pub(super) struct Entry<'a> {
    bare: &'a str,
    pub(super) key_span: Range<usize>,
    pub(super) node: Node<'a>,
}

impl<'a> Entry<'a> {
    pub(super) fn bare_key(&self) -> &'a str {
        self.bare
    }

    /// The key itself as a value to be read.
    pub(super) fn key_place(&self) -> Place {
        Place {
            span: self.key_span.clone(),
            key: self.node.place.key.clone(),
        }
    }
}

fn join(table: &str, key: &str) -> String {
    let key = as_key(key);
    if table.is_empty() {
        key
    } else {
        format!("{table}.{key}")
    }
}

/// A key as TOML writes it: in quotes if it must be.
pub(super) fn as_key(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        format!("{key:?}")
    }
}

/// Declares a table of the file once: its type, its schema and its reader cannot drift apart.
macro_rules! tables {
    ($($(#[$doc:meta])* struct $name:ident as $example:literal {
        $($(#[$field_doc:meta])* $presence:ident $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub(super) struct $name {
            $($(#[$field_doc])* pub(super) $field: $crate::config::reader::presence!($presence $type),)*
        }

        impl $crate::config::reader::Read for $name {
            const EXPECTED: &'static str = "a table";

            fn example() -> String {
                $example.to_owned()
            }

            fn header(key: &str) -> Option<String> {
                // An element of a list has no header of its own.
                (!key.ends_with(']')).then(|| format!("[{key}]"))
            }

            fn read(
                node: &$crate::config::reader::Node<'_>,
                report: &mut $crate::config::report::Report,
            ) -> Option<Self> {
                let toml::de::DeValue::Table(table) = node.value else {
                    return $crate::config::reader::wrong_type(node, report);
                };
                let mut table = $crate::config::reader::Table::new(table, &node.place);
                // A key that is a word of Rust is written `r#key` here.
                let bare = |field: &'static str| field.trim_start_matches("r#");
                table.refuse_unknown(&[$(bare(stringify!($field))),*], report);
                Some(Self { $($field: table.$presence(bare(stringify!($field)), report),)* })
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<Self>()
            }
        }
    )*};
}

macro_rules! presence {
    (required $type:ty) => { $crate::config::reader::Field<$type> };
    (optional $type:ty) => { Option<$crate::config::reader::Field<$type>> };
}

pub(super) use {presence, tables};
