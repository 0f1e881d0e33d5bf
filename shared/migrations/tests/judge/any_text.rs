//! Any text at all: the judge neither panics nor wavers, and no value ever leaves it.

use proptest::prelude::*;
use sluice_migrations::judge;

use super::erp::tables;

/// What stands where a value may: it must never be seen again.
const MARKER: &str = "zq7xsecret";

/// A literal of each kind, with the marker in it.
fn literal() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        format!("'{MARKER}'"),
        format!("'it''s {MARKER}'"),
        format!("E'a\\'{MARKER}'"),
        format!("U&'{MARKER}'"),
        format!("N'{MARKER}'"),
        format!("$${MARKER}$$"),
        format!("$a$ $$ {MARKER} ; DROP TABLE x $a$"),
        format!("'; -- {MARKER}'"),
        format!("'\"{MARKER}'"),
    ])
}

/// Statements with a hole for a literal.
const STATEMENTS: &[&str] = &[
    "UPDATE orders SET note = {};",
    "DELETE FROM orders WHERE note = {};",
    "INSERT INTO currencies (code) VALUES ({});",
    "ALTER TABLE orders ADD COLUMN x text DEFAULT {} NOT NULL;",
    "ALTER TABLE orders ALTER COLUMN note TYPE varchar(3) USING coalesce(note, {});",
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (note <> {});",
    "ALTER TYPE order_status ADD VALUE {};",
    "ALTER TYPE order_status RENAME VALUE {} TO {};",
    "ALTER TYPE order_status RENAME TO o; CREATE TYPE order_status AS ENUM ({}); \
     ALTER TABLE orders ALTER COLUMN status TYPE order_status USING status::text::order_status;",
    "CREATE ROLE app LOGIN PASSWORD {};",
    "ALTER ROLE app PASSWORD {};",
    "DO {};",
    "SELECT dblink_exec({}, {});",
    "COPY orders FROM {};",
    "COMMENT ON TABLE orders IS {};",
    "SET search_path TO {};",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS {};",
    "CREATE INDEX ix ON orders (note) WHERE note = {};",
    "CREATE SUBSCRIPTION s CONNECTION {} PUBLICATION p;",
    "CREATE POLICY own ON orders USING (note = {});",
    "PREPARE TRANSACTION {};",
    "EXECUTE stmt({});",
    "CREATE VIEW v AS SELECT {} AS x; DROP VIEW w;",
    "ALTER TABLE orders ALTER COLUMN note TYPE geometry({});",
    "ALTER TABLE orders FROBNICATE {};",
    "FROBNICATE {} {} {};",
    "-- Running upgrade a -> {}\nDROP VIEW v;",
    "/* {} */ DROP VIEW v;",
    "DROP VIEW v -- {}\n;",
];

/// Pieces from which nonsense is made.
fn nonsense() -> impl Strategy<Value = String> {
    let words = [
        "ALTER",
        "TABLE",
        "orders",
        "DROP",
        "COLUMN",
        "ADD",
        "CREATE",
        "INDEX",
        "TYPE",
        "USING",
        "SELECT",
        "FROM",
        "WHERE",
        "(",
        ")",
        ",",
        ";",
        "'",
        "''",
        "\"",
        "$$",
        "$a$",
        "--",
        "\n",
        "/*",
        "*/",
        "E'",
        "\\",
        "::",
        "1",
        "2.5e",
        "é",
        "\u{0}",
        "🙂",
        "NOT",
        "NULL",
        "SET",
        "DEFAULT",
        "AS",
        "ENUM",
        "BEGIN",
        "COMMIT",
        "UPDATE",
        "=",
        "[",
        "]",
        ".",
        "{",
        "}",
        "$1",
        "CASE",
        "WHEN",
        "END",
        "FUNCTION",
        "RETURNS",
        "LANGUAGE",
        "sql",
        "plpgsql",
        "DO",
        "WITH",
        "DELETE",
        "PARTITION",
        "OF",
        "CHECK",
        "CONSTRAINT",
        "UNIQUE",
        "REFERENCES",
        "ON",
        "TRIGGER",
        "VALUES",
        "INSERT",
        "INTO",
        "-- Running upgrade a -> b\n",
        "U&\"",
        "UESCAPE",
        "VALUE",
        "RENAME",
        "TO",
        "CASCADE",
    ];
    let piece = prop_oneof![
        8 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => ".{0,4}",
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_is_too_strange(sql in prop_oneof![nonsense(), ".{0,200}"]) {
        let judgement = judge(&sql, &tables());
        prop_assert_eq!(&judgement, &judge(&sql, &tables()));
        for finding in &judgement.findings {
            prop_assert!(finding.statement.chars().count() <= 160);
            prop_assert!(!finding.statement.contains('\n') && !finding.means.contains('\n'));
            prop_assert!(!finding.means.is_empty() && !finding.means.ends_with('.'));
        }
    }

    #[test]
    fn no_value_is_ever_told(
        statements in prop::collection::vec(prop::sample::select(STATEMENTS), 1..6),
        literals in prop::collection::vec(literal(), 8),
        transaction in any::<bool>(),
    ) {
        let mut literals = literals.iter().cycle();
        let mut sql = String::new();
        for statement in statements {
            for (at, piece) in statement.split("{}").enumerate() {
                if at > 0 {
                    sql.push_str(literals.next().map_or("''", String::as_str));
                }
                sql.push_str(piece);
            }
            sql.push('\n');
        }
        if transaction {
            sql = format!("BEGIN;\n{sql}COMMIT;\n");
        }
        let told = serde_json::to_string(&judge(&sql, &tables())).unwrap();
        prop_assert!(!told.contains(MARKER), "{sql}\n{told}");
    }
}
