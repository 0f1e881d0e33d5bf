//! The page that explains the rules has each of them, with the risks that it finds, and no other.

use std::collections::BTreeMap;

use sluice_migrations::rules;

const PAGE: &str = include_str!("../../../../docs/migration-rules.md");

/// The rules that the page has: the risks, by the name in the heading.
fn explained() -> BTreeMap<String, Vec<String>> {
    let sections = PAGE.split("\n### `").skip(1);
    sections
        .map(|section| {
            let (name, rest) = section.split_once('`').expect("the heading ends");
            let risks = rest.lines().next().expect("a first line");
            let risks = risks.split(['(', ')', ',']).map(str::trim);
            let risks = risks.filter(|word| !word.is_empty()).map(str::to_owned);
            (name.to_owned(), risks.collect())
        })
        .collect()
}

#[test]
fn the_page_and_the_rules_are_the_same() {
    let judged: BTreeMap<String, Vec<String>> = rules()
        .map(|(name, risks)| {
            (
                name,
                risks.iter().map(|risk| risk.word().to_owned()).collect(),
            )
        })
        .collect();
    assert_eq!(explained(), judged);
}

#[test]
fn every_rule_says_what_to_write_instead() {
    for section in PAGE.split("\n### `").skip(1) {
        let name = section.split('`').next().unwrap_or_default();
        assert!(section.contains("**Instead:**"), "{name}");
    }
}
