//! The database that the tests migrate, and words for what is found.

use std::collections::BTreeMap;

use sluice_core::migration::Judgement;
use sluice_migrations::{Column, Table, Tables, judge};

/// An ERP: big orders and invoices, a handful of currencies.
pub(crate) fn tables() -> Tables {
    BTreeMap::from([
        (
            "orders".to_owned(),
            table(
                1_203_411,
                850_000_000,
                &[
                    ("id", "bigint", "not null default"),
                    ("number", "character varying(40)", "not null"),
                    ("status", "order_status", "not null default"),
                    ("total", "numeric(12,2)", "not null"),
                    ("customer_id", "integer", ""),
                    ("note", "text", ""),
                    ("placed_at", "timestamp with time zone", "not null default"),
                ],
            ),
        ),
        (
            "billing.invoices".to_owned(),
            table(
                310_000,
                120_000_000,
                &[
                    ("id", "integer", "not null default"),
                    ("order_id", "bigint", "not null"),
                    ("reference", "character varying(80)", ""),
                ],
            ),
        ),
        (
            "currencies".to_owned(),
            table(
                38,
                16_384,
                &[
                    ("code", "character varying(3)", "not null"),
                    ("name", "character varying(80)", ""),
                ],
            ),
        ),
    ])
}

fn table(rows: i64, bytes: u64, columns: &[(&str, &str, &str)]) -> Table {
    let columns = columns.iter().map(|(name, sql_type, words)| {
        let labels = match *sql_type {
            "order_status" => vec!["draft".to_owned(), "open".to_owned(), "paid".to_owned()],
            _ => Vec::new(),
        };
        let column = Column {
            sql_type: (*sql_type).to_owned(),
            nullable: !words.contains("not null"),
            default: words.contains("default"),
            labels,
        };
        ((*name).to_owned(), column)
    });
    Table {
        rows,
        bytes,
        columns: columns.collect(),
        indexes: None,
    }
}

/// The judgement of statements inside one transaction.
pub(crate) fn judged(statements: &str) -> Judgement {
    judge(&format!("BEGIN;\n{statements}\nCOMMIT;\n"), &tables())
}

/// What was found, in the judgement's order: rule and risk.
pub(crate) fn found(judgement: &Judgement) -> Vec<String> {
    let findings = judgement.findings.iter();
    findings
        .map(|finding| format!("{}: {}", finding.risk, finding.rule))
        .collect()
}
