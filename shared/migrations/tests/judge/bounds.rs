//! What bounds a judgement: how much is told, how much of a statement is shown, how much is read.

use std::collections::BTreeSet;

use sluice_core::migration::{FINDINGS, Risk};

use super::erp::{found, judged};

#[test]
fn only_so_many_findings_are_told_and_none_is_forgotten() {
    let drops: Vec<String> = (0..30).map(|n| format!("DROP TABLE t{n};")).collect();
    let judgement = judged(&drops.join("\n"));
    assert_eq!(judgement.findings.len(), FINDINGS);
    assert_eq!(judgement.left_out, 20);
    assert_eq!(judgement.left_out_risks, BTreeSet::from([Risk::DataLosing]));
    assert!(judgement.is_transactional());

    let judgement = judged(&format!("{}\nCOMMIT; VACUUM; BEGIN;", drops.join("\n")));
    assert!(
        !judgement.is_transactional(),
        "though no finding that is shown says so"
    );
}

#[test]
fn the_worst_comes_first_and_of_two_alike_the_bigger() {
    let judgement = judged(
        "CREATE INDEX a ON billing.invoices (reference); CREATE INDEX b ON orders (note); \
         DELETE FROM currencies; SELECT close_month(); DROP VIEW v;",
    );
    assert_eq!(
        found(&judgement),
        [
            "breaking: drop-view",
            "unjudged: function-call",
            "data-losing: delete-all",
            "locking: index-not-concurrent",
            "locking: index-not-concurrent",
        ]
    );
    let big = &judgement.findings[3];
    assert_eq!(
        big.means,
        "orders has about 1,200,000 rows (850 MB): writes wait until the index is built"
    );
}

#[test]
fn a_statement_is_shown_on_one_line_without_its_values() {
    let shown = |sql: &str| judged(sql).findings[0].statement.clone();
    assert_eq!(
        shown(
            "DELETE\n  FROM currencies -- all of 'them'\n WHERE code = 'DEM' AND name <> E'a\\'b';"
        ),
        "DELETE FROM currencies WHERE code = '…' AND name <> '…'"
    );
    assert_eq!(
        shown("DO $tag$ BEGIN PERFORM 'secret'; END $tag$;"),
        "DO '…'"
    );
    assert_eq!(
        shown("ALTER TABLE orders FROBNICATE 'secret' secret;"),
        "ALTER TABLE …"
    );
    let long = shown(&format!("DROP TABLE {};", "orders, ".repeat(60) + "orders"));
    assert_eq!(long.chars().count(), 160);
    assert!(long.ends_with('…'), "{long}");
}

#[test]
fn a_statement_that_does_not_parse_is_shown_in_part_too() {
    let sql = format!("DROP VIEW v;\n{}alembic_version ", "UPDATE\n".repeat(100));
    let shown = judged(&sql).findings.into_iter();
    let shown: Vec<String> = shown.map(|finding| finding.statement).collect();
    let first_words = format!("{}…", "UPDATE ".repeat(8));
    assert!(shown.contains(&first_words), "{shown:?}");
}

#[test]
fn the_revision_is_the_one_that_alembic_announced() {
    let judgement = judged(
        "-- Running upgrade  -> 1975ea83b712\nDROP VIEW a;\n\
         -- Running upgrade 1975ea83b712, b2 -> ae1027a6acf\nDROP VIEW b;",
    );
    let revisions = judgement
        .findings
        .iter()
        .map(|finding| finding.revision.as_deref());
    assert_eq!(
        revisions.collect::<Vec<_>>(),
        [Some("1975ea83b712"), Some("ae1027a6acf")]
    );
}

#[test]
fn bookkeeping_is_no_statement_whatever_its_table_is_called() {
    let judgement = judged(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);\n\
         -- Running upgrade  -> a1\nALTER TABLE orders ADD COLUMN weight INTEGER;\n\
         INSERT INTO alembic_version (version_num) VALUES ('a1') RETURNING alembic_version.version_num;\n\
         -- Running upgrade a1, x9 -> b2\n\
         DELETE FROM alembic_version WHERE alembic_version.version_num = 'x9';\n\
         UPDATE ops.migrations SET version_num='b2' WHERE ops.migrations.version_num = 'a1';",
    );
    assert_eq!(found(&judgement), [""; 0]);
    assert_eq!(judgement.statements, 1);

    let judgement = judged("DELETE FROM alembic_version;");
    assert_eq!(
        found(&judgement)[0],
        "data-losing: delete-all",
        "that is not Alembic"
    );
}

#[test]
fn what_is_too_long_or_too_deep_is_not_read() {
    let unread = |sql: String| {
        let judgement = judged(&sql);
        assert_eq!(found(&judgement), ["unjudged: does-not-parse"]);
        judgement.findings[0].means.clone()
    };
    assert_eq!(
        unread(" ".repeat(2_000_001)),
        "the SQL is longer than 2 MB and was not read, so what it does is not known"
    );
    let deep =
        "the SQL is nested too deeply at line 2 and was not read, so what it does is not known";
    // Each of these ends the whole process where it is parsed.
    let n = 20_000;
    assert_eq!(
        unread(format!("SELECT {}1{};", "(".repeat(n), ")".repeat(n))),
        deep
    );
    assert_eq!(unread(format!("SELECT {}true;", "NOT ".repeat(n))), deep);
    assert_eq!(unread(format!("SELECT 1{};", " + 1".repeat(n))), deep);
    assert_eq!(unread(format!("SELECT a{};", ".a".repeat(n))), deep);
    assert_eq!(
        unread(format!("SELECT 1{};", " UNION SELECT 1".repeat(n))),
        deep
    );
    assert_eq!(
        unread(format!(
            "SELECT {}1{};",
            "CASE WHEN true THEN ".repeat(n),
            " END".repeat(n)
        )),
        deep
    );
    let body = format!("SELECT {}1{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(
        unread(format!(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ {body} $$;"
        )),
        deep
    );
    assert_eq!(
        unread(format!(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS '{body}';"
        )),
        deep
    );
    let hidden = format!("SELECT {}1{}", "\\050".repeat(n), "\\051".repeat(n));
    assert_eq!(
        unread(format!(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS E'{hidden}';"
        )),
        deep
    );
}

#[test]
fn what_is_long_but_flat_is_read() {
    let rows: Vec<String> = (0..20_000).map(|n| format!("('C{n}', NULL)")).collect();
    let insert = format!(
        "INSERT INTO currencies (code, name) VALUES {};",
        rows.join(", ")
    );
    assert_eq!(found(&judged(&insert)), [""; 0]);
    // As deep and as long as people write, on the small stack of a test's thread.
    let deep = format!("SELECT {}1{};", "(".repeat(90), ")".repeat(90));
    assert_eq!(found(&judged(&deep)), [""; 0]);
    let long = format!(
        "UPDATE currencies SET name = '' WHERE {};",
        ["code = 'x'"; 200].join(" OR ")
    );
    assert_eq!(found(&judged(&long)), [""; 0]);
    let nots = format!("SELECT {}true;", "NOT ".repeat(950));
    assert_eq!(found(&judged(&nots)), [""; 0]);
    let cases = format!(
        "SELECT {}1{};",
        "CASE WHEN true THEN ".repeat(190),
        " END".repeat(190)
    );
    assert_eq!(found(&judged(&cases)), [""; 0]);
    let statements = "ALTER TABLE orders ADD COLUMN x INTEGER;\n".repeat(2_000);
    assert_eq!(judged(&statements).statements, 2_000);
}
