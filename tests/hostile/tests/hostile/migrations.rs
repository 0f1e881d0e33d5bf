//! What the task of a migration tells: reports, the SQL in them, tables of any size.

use proptest::prelude::*;
use serde_json::{Value, json};
use sluice_hostile_tests::{holds, json, parts, text};
use sluice_migrations::report::{Report, decode, encode};
use sluice_migrations::{Tables, judge};

use crate::stage::is_told;

const WORDS: &[&str] = &[
    "ALTER TABLE orders",
    "DROP COLUMN",
    "CREATE INDEX",
    "CONCURRENTLY",
    "USING",
    "SELECT",
    "$$",
    "$a$",
    "E'",
    "U&'",
    "::",
    "BEGIN;",
    "COMMIT;",
    "-- Running upgrade a -> b\n",
    "LANGUAGE sql AS",
    "CASE WHEN",
    "NOT ",
    "(((",
    ")))",
    ", ",
];

fn sql() -> Vec<String> {
    let mut corpus = vec![
        include_str!("../../corpus/sql/realistic.sql").to_owned(),
        include_str!("../../corpus/sql/many-kinds.sql").to_owned(),
    ];
    let statements: Vec<String> = corpus
        .iter()
        .flat_map(|script| script.split_inclusive(";\n").map(str::to_owned))
        .collect();
    corpus.extend(statements);
    corpus
}

fn tables() -> Tables {
    serde_json::from_value(json!({
        "orders": {"rows": 1_203_411, "bytes": 850_000_000, "columns": {
            "id": {"type": "bigint", "nullable": false, "default": true},
            "note": {"type": "text", "nullable": true, "default": false},
            "status": {"type": "order_status", "nullable": false, "default": true, "labels": ["open"]},
            "total": {"type": "numeric(12,2)", "nullable": false, "default": false},
        }, "indexes": {"pk_orders": {"unique": true}}},
        "currencies": {"rows": 38, "bytes": 16_384, "columns": {
            "code": {"type": "character varying(3)", "nullable": false, "default": false},
        }},
    }))
    .unwrap()
}

fn is_judged(sql: &str, tables: &Tables) -> Result<(), TestCaseError> {
    let judgement = judge(sql, tables);
    for finding in &judgement.findings {
        // The judge survives a panic, and says that it could not read: here that is a fault.
        prop_assert!(
            !finding.means.contains("could not be read"),
            "{}",
            finding.means
        );
        prop_assert!(finding.statement.chars().count() <= 160);
        is_told(&finding.means)?;
    }
    Ok(())
}

#[test]
fn any_sql_is_judged() {
    holds("any_sql_is_judged", 400, &text(sql(), WORDS), |sql| {
        is_judged(&sql, &tables())
    });
}

#[test]
fn no_value_of_a_statement_is_told_whatever_became_of_it() {
    // Only what is put between statements: what is put into a literal may end it.
    let statements: Vec<String> = sql()
        .into_iter()
        .filter(|sql| sql.contains("zq7xsecret"))
        .collect();
    let shuffled = proptest::collection::vec(proptest::sample::select(statements), 1..5);
    let name = "no_value_of_a_statement_is_told_whatever_became_of_it";
    holds(name, 200, &shuffled, |statements| {
        let judgement = judge(&statements.join("\n"), &tables());
        let told = serde_json::to_string(&judgement.findings).unwrap();
        prop_assert!(!told.contains("zq7xsecret"), "{told}");
        Ok(())
    });
}

fn reports() -> Vec<Value> {
    vec![
        json!({
            "report": "inspected", "current": ["5d0a1c7be214"], "head": "9c2e44d1f0b8",
            "pending": [["7b1f0c93aa52", "warehouses"], ["9c2e44d1f0b8", "shorter references"]],
            "sql": include_str!("../../corpus/sql/many-kinds.sql"), "sql_error": null,
            "tables": serde_json::to_value(tables()).unwrap(),
        }),
        json!({
            "report": "rehearsed", "took_ms": 1234, "current": ["9c2e44d1f0b8"],
            "locks": [["orders", "AccessExclusiveLock", 120]],
        }),
        json!({"report": "failed", "trouble": "locked", "detail": "another migration runs"}),
    ]
}

#[test]
fn a_report_of_any_content_is_read_or_refused() {
    let name = "a_report_of_any_content_is_read_or_refused";
    holds(name, 300, &json(reports()), |report| {
        let Ok(report) = serde_json::from_value::<Report>(report) else {
            return Ok(());
        };
        let lines = encode(&report);
        let again = decode(lines.iter().map(String::as_str));
        let again = again.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(
            again.as_ref(),
            Some(&report),
            "it comes back as it was told"
        );
        if let Report::Inspected(inspected) = report {
            is_judged(
                inspected.sql.as_deref().unwrap_or_default(),
                &inspected.tables,
            )?;
        }
        Ok(())
    });
}

#[test]
fn the_lines_of_a_report_are_read_or_refused_in_words() {
    let corpus: Vec<String> = reports()
        .into_iter()
        .map(|report| encode(&serde_json::from_value(report).unwrap()).join("\n"))
        .collect();
    let words = [
        "sluice-report ",
        "1/1 ",
        "2/1 ",
        "1/18446744073709551615 ",
        "0/0 ",
        "eJw=",
    ];
    let name = "the_lines_of_a_report_are_read_or_refused_in_words";
    holds(name, 1_000, &text(corpus, &words), |log| {
        if let Err(error) = decode(log.lines()) {
            is_told(&error.to_string())?;
        }
        Ok(())
    });
}

#[test]
fn the_corpus_is_judged_as_it_is() {
    for sql in sql() {
        is_judged(&sql, &tables()).unwrap();
    }
    assert!(parts("a\nb\n").len() == 2);
}
