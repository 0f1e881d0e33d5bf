//! PostgreSQL's types, and what it means to put one in the place of another.
//!
//! Which casts exist and which rewrite a table: PostgreSQL, "ALTER TABLE", notes; `pg_cast`.

use squawk_syntax::SourceFile;
use squawk_syntax::ast::{self, AstNode};

use super::names;

/// A type, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SqlType {
    SmallInt,
    Integer,
    BigInt,
    Real,
    Double,
    /// Precision and scale; `None` takes any number.
    Numeric(Option<(u32, i32)>),
    /// `text`, and `varchar` without a limit.
    Text,
    /// `varchar(n)`, in characters.
    Varchar(u32),
    /// `char(n)`, in characters, filled with spaces.
    Char(u32),
    /// With a zone or without; digits of a second.
    Timestamp(bool, u32),
    /// As for a timestamp.
    Time(bool, u32),
    Date,
    Array(Box<SqlType>),
    /// Any other, by name: an enum, a domain, `uuid`, `jsonb`, an extension's.
    Named(String),
}

/// What a new type is to the values that the old one took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// The same.
    Same,
    /// It takes all of them and more.
    Wider,
    /// It does not take all of them.
    Narrower,
    /// It is of another kind: what reads and writes the old one may not know what to do with it.
    Other,
}

/// What changing a column's type does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) fit: Fit,
    /// Values are rounded or cut where they do not fit, without an error.
    pub(super) loses: bool,
    /// The same where the cast is written down in a USING: then `varchar` is cut too.
    pub(super) cast_loses: bool,
    /// The table is written anew.
    pub(super) rewrites: bool,
}

/// PostgreSQL's own types, other than those that [`SqlType`] names.
const OWN: [&str; 16] = [
    "boolean", "box", "bytea", "cidr", "inet", "interval", "json", "jsonb", "macaddr", "money",
    "oid", "point", "tsquery", "tsvector", "uuid", "xml",
];

impl Change {
    const fn new(fit: Fit) -> Self {
        Self {
            fit,
            loses: false,
            cast_loses: false,
            rewrites: !matches!(fit, Fit::Same),
        }
    }

    const fn losing(fit: Fit) -> Self {
        Self {
            loses: true,
            cast_loses: true,
            ..Self::new(fit)
        }
    }

    const fn in_place(fit: Fit) -> Self {
        Self {
            rewrites: false,
            ..Self::new(fit)
        }
    }
}

impl SqlType {
    /// From what `format_type` says. `None` where it cannot be read.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        if text.len() > 200 || text.contains(['\'', ';', '-', '$', '/']) {
            return None;
        }
        let parse = SourceFile::parse(&format!("select null::{text}"));
        let tree = parse.tree();
        let cast = tree.syntax().descendants().find_map(ast::CastExpr::cast)?;
        Self::of(&cast.ty()?)
    }

    /// From a type in SQL.
    pub(super) fn of(node: &ast::Type) -> Option<Self> {
        let numbers = numbers(node);
        let first = numbers.first().copied();
        let positive = first.and_then(|number| u32::try_from(number).ok());
        let digits = positive.unwrap_or(6);
        Some(match node {
            ast::Type::ArrayType(array) => Self::Array(Box::new(Self::of(&array.ty()?)?)),
            ast::Type::VarcharType(_) => positive.map_or(Self::Text, Self::Varchar),
            ast::Type::CharacterType(_) => Self::Char(positive.unwrap_or(1)),
            ast::Type::DoubleType(_) => Self::Double,
            ast::Type::TimestampType(it) => Self::Timestamp(has_zone(it.timezone()), digits),
            ast::Type::TimeType(it) => Self::Time(has_zone(it.timezone()), digits),
            ast::Type::PathType(it) => Self::named(&names::of_ref(it.path_ref())?, &numbers, node),
            ast::Type::BitType(_) | ast::Type::BitVaryingType(_) | ast::Type::IntervalType(_) => {
                Self::Named(plain(node))
            }
        })
    }

    fn named(name: &str, numbers: &[i64], node: &ast::Type) -> Self {
        let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
        let first = numbers.first().copied();
        let positive = first.and_then(|number| u32::try_from(number).ok());
        match name {
            "smallint" | "int2" | "smallserial" | "serial2" => Self::SmallInt,
            "integer" | "int" | "int4" | "serial" | "serial4" => Self::Integer,
            "bigint" | "int8" | "bigserial" | "serial8" => Self::BigInt,
            "real" | "float4" => Self::Real,
            "float8" => Self::Double,
            "float" if first.is_some_and(|bits| bits <= 24) => Self::Real,
            "float" => Self::Double,
            "numeric" | "decimal" | "dec" => {
                let scale = numbers.get(1).and_then(|scale| i32::try_from(*scale).ok());
                Self::Numeric(positive.map(|precision| (precision, scale.unwrap_or(0))))
            }
            "text" => Self::Text,
            "varchar" => positive.map_or(Self::Text, Self::Varchar),
            "bpchar" => positive.map_or(Self::Text, Self::Char),
            "timestamptz" => Self::Timestamp(true, positive.unwrap_or(6)),
            "timetz" => Self::Time(true, positive.unwrap_or(6)),
            "date" => Self::Date,
            "bool" => Self::Named("boolean".to_owned()),
            _ if numbers.is_empty() => Self::Named(name.to_owned()),
            _ => Self::Named(plain(node)),
        }
    }

    /// Whether it is filled from a sequence: `serial` is a default as much as a type.
    pub(super) fn is_serial(node: &ast::Type) -> bool {
        let ast::Type::PathType(path) = node else {
            return false;
        };
        names::of_ref(path.path_ref()).is_some_and(|name| {
            matches!(
                name.as_str(),
                "smallserial" | "serial2" | "serial" | "serial4" | "bigserial" | "serial8"
            )
        })
    }

    /// What it means that a column of this type becomes one of another.
    pub(super) fn change(&self, to: &Self) -> Change {
        use SqlType::{Array, BigInt, Date, Double, Integer, Numeric, Real, SmallInt};
        use SqlType::{Time, Timestamp};
        if self == to {
            return Change::new(Fit::Same);
        }
        match (self, to) {
            (SmallInt, Integer | BigInt) | (Integer, BigInt) | (Real, Double) => {
                Change::new(Fit::Wider)
            }
            (BigInt, SmallInt | Integer) | (Integer, SmallInt) => Change::new(Fit::Narrower),
            (Double, Real) | (Numeric(_), Real | Double) => Change::losing(Fit::Narrower),
            (Numeric(_) | Real | Double, SmallInt | Integer | BigInt) => {
                Change::losing(Fit::Narrower)
            }
            (Real | Double, Numeric(Some(_))) => Change::losing(Fit::Narrower),
            (Numeric(from), Numeric(to)) => numeric(*from, *to),
            (Timestamp(from, had), Timestamp(to, has)) | (Time(from, had), Time(to, has)) => {
                zoned(*from, *to, had > has)
            }
            (Timestamp(..), Date | Time(..)) => Change::losing(Fit::Narrower),
            (Array(from), Array(to)) => from.change(to),
            _ if self.is_text() && to.is_text() => text(self, to),
            // An enum or a domain: what is not one of its values is refused.
            _ if self.is_text() && to.is_users() => Change::new(Fit::Narrower),
            _ => Change::new(Fit::Other),
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Varchar(_) | Self::Char(_))
    }

    /// Whether it is a type of the users' own making, as far as its name says.
    fn is_users(&self) -> bool {
        matches!(self, Self::Named(name) if !OWN.contains(&name.as_str()))
    }

    /// How many characters it takes.
    fn limit(&self) -> u32 {
        match self {
            Self::Varchar(limit) | Self::Char(limit) => *limit,
            _ => u32::MAX,
        }
    }
}

fn numeric(from: Option<(u32, i32)>, to: Option<(u32, i32)>) -> Change {
    match (from, to) {
        (_, None) => Change::in_place(Fit::Wider),
        (None, Some(_)) => Change::losing(Fit::Narrower),
        (Some((had, had_scale)), Some((has, has_scale))) => {
            let whole = |precision, scale| i64::from(precision) - i64::from(scale);
            let takes_all =
                has_scale >= had_scale && whole(has, has_scale) >= whole(had, had_scale);
            match takes_all {
                true if has_scale == had_scale => Change::in_place(Fit::Wider),
                true => Change::new(Fit::Wider),
                false if has_scale < had_scale => Change::losing(Fit::Narrower),
                false => Change::new(Fit::Narrower),
            }
        }
    }
}

fn zoned(had_zone: bool, has_zone: bool, fewer_digits: bool) -> Change {
    match (had_zone, has_zone) {
        (true, false) => Change::new(Fit::Narrower),
        (false, true) => Change::new(Fit::Other),
        _ if fewer_digits => Change::losing(Fit::Narrower),
        _ => Change::in_place(Fit::Wider),
    }
}

fn text(from: &SqlType, to: &SqlType) -> Change {
    let padded = |it: &SqlType| matches!(it, SqlType::Char(_));
    if to.limit() < from.limit() {
        return Change {
            cast_loses: true,
            ..Change::new(Fit::Narrower)
        };
    }
    match (padded(from), padded(to)) {
        (false, false) => Change::in_place(Fit::Wider),
        // Spaces come or go at the end of every value.
        (true, false) | (false, true) => Change::new(Fit::Other),
        (true, true) => Change::new(Fit::Wider),
    }
}

/// The numbers in a type's brackets.
fn numbers(node: &ast::Type) -> Vec<i64> {
    if matches!(node, ast::Type::ArrayType(_)) {
        return Vec::new();
    }
    let text = |node: &squawk_syntax::SyntaxNode| node.text().to_string();
    let literals = node.syntax().descendants().filter_map(ast::Literal::cast);
    literals
        .filter_map(|literal| {
            let parent = literal.syntax().parent()?;
            // A scale may be negative.
            let node = match ast::PrefixExpr::can_cast(parent.kind()) {
                true => text(&parent),
                false => text(literal.syntax()),
            };
            node.replace(char::is_whitespace, "").parse().ok()
        })
        .collect()
}

fn has_zone(zone: Option<ast::Timezone>) -> bool {
    matches!(zone, Some(ast::Timezone::WithTimezone(_)))
}

/// The text of a type, folded.
fn plain(node: &ast::Type) -> String {
    let text = node.syntax().text().to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(from: &str, to: &str) -> Change {
        let read = |text| SqlType::from_text(text).unwrap_or_else(|| panic!("{text}"));
        read(from).change(&read(to))
    }

    #[test]
    fn the_types_of_format_type_and_of_alembic_are_the_same() {
        for (said, written) in [
            ("character varying(80)", "VARCHAR(80)"),
            ("character varying", "text"),
            ("character(3)", "CHAR(3)"),
            ("timestamp without time zone", "TIMESTAMP"),
            ("timestamp with time zone", "timestamptz"),
            ("timestamp(3) with time zone", "TIMESTAMP(3) WITH TIME ZONE"),
            ("double precision", "FLOAT8"),
            ("numeric(10,2)", "DECIMAL(10, 2)"),
            ("numeric(5,0)", "NUMERIC(5)"),
            ("integer[]", "INT[]"),
            ("boolean", "BOOL"),
            ("bigint", "BIGSERIAL"),
            ("order_status", "public.Order_Status"),
            ("\"Mood\"", "\"Mood\""),
        ] {
            assert_eq!(fit(said, written).fit, Fit::Same, "{said} and {written}");
        }
    }

    #[test]
    fn what_a_change_means() {
        // From, to, fit, loses without a word, loses under a cast, rewrites.
        let cases = [
            ("integer", "bigint", Fit::Wider, false, false, true),
            ("bigint", "integer", Fit::Narrower, false, false, true),
            ("real", "double precision", Fit::Wider, false, false, true),
            ("integer", "numeric", Fit::Other, false, false, true),
            (
                "numeric(10,2)",
                "numeric(12,2)",
                Fit::Wider,
                false,
                false,
                false,
            ),
            ("numeric(10,2)", "numeric", Fit::Wider, false, false, false),
            (
                "numeric(10,2)",
                "numeric(12,4)",
                Fit::Wider,
                false,
                false,
                true,
            ),
            (
                "numeric(10,2)",
                "numeric(10,4)",
                Fit::Narrower,
                false,
                false,
                true,
            ),
            (
                "numeric(10,2)",
                "numeric(10,1)",
                Fit::Narrower,
                true,
                true,
                true,
            ),
            ("numeric", "integer", Fit::Narrower, true, true, true),
            (
                "varchar(40)",
                "varchar(80)",
                Fit::Wider,
                false,
                false,
                false,
            ),
            ("varchar(40)", "text", Fit::Wider, false, false, false),
            (
                "varchar(80)",
                "varchar(40)",
                Fit::Narrower,
                false,
                true,
                true,
            ),
            ("text", "varchar(40)", Fit::Narrower, false, true, true),
            ("char(3)", "text", Fit::Other, false, false, true),
            (
                "timestamptz",
                "timestamp",
                Fit::Narrower,
                false,
                false,
                true,
            ),
            ("timestamp", "timestamptz", Fit::Other, false, false, true),
            ("timestamptz", "date", Fit::Narrower, true, true, true),
            ("timestamp(3)", "timestamp", Fit::Wider, false, false, false),
            ("timestamp", "timestamp(3)", Fit::Narrower, true, true, true),
            ("text", "order_status", Fit::Narrower, false, false, true),
            ("order_status", "text", Fit::Other, false, false, true),
            ("uuid", "text", Fit::Other, false, false, true),
            ("json", "jsonb", Fit::Other, false, false, true),
            ("integer[]", "bigint[]", Fit::Wider, false, false, true),
            ("text", "integer", Fit::Other, false, false, true),
            ("text", "jsonb", Fit::Other, false, false, true),
        ];
        for (from, to, expected, loses, cast_loses, rewrites) in cases {
            let change = fit(from, to);
            let seen = (change.fit, change.loses, change.cast_loses, change.rewrites);
            assert_eq!(
                seen,
                (expected, loses, cast_loses, rewrites),
                "{from} to {to}"
            );
        }
    }

    #[test]
    fn what_is_no_type_is_none() {
        for text in ["", "'x'", "integer; drop table orders", "(", "-- x"] {
            assert_eq!(SqlType::from_text(text), None, "{text}");
        }
    }
}
