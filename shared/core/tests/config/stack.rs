//! The environment's stack.

use std::collections::BTreeMap;

use sluice_core::config::{Config, RiskRule, Stack};
use sluice_core::stack::StackRisk;

use super::LEAST;
use super::mistakes::report;

fn with(more: &str) -> String {
    format!("{LEAST}\n{more}")
}

fn stack(more: &str) -> Stack {
    let text = with(&format!(
        "[environments.staging.stack]\nname = \"erp-staging\"\n{more}"
    ));
    let config = Config::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    let environment = config
        .environments
        .into_iter()
        .next()
        .expect("the file has an environment");
    environment.stack.expect("it has a stack")
}

#[test]
fn what_holds_data_or_serves_traffic_is_refused_unless_a_rule_says_otherwise() {
    let plain = stack("");
    let refuse = RiskRule::Refuse;
    assert_eq!(plain.template, None);
    assert_eq!(
        plain.rules,
        BTreeMap::from([
            (StackRisk::HoldsData, refuse),
            (StackRisk::ServesTraffic, refuse),
            (StackRisk::Other, RiskRule::Allow),
        ])
    );
    let rules =
        "[environments.staging.stack_rules]\nserves_traffic = \"allow\"\nother = \"refuse\"";
    let ruled = stack(rules).rules;
    assert_eq!(ruled[&StackRisk::ServesTraffic], RiskRule::Allow);
    assert_eq!(ruled[&StackRisk::Other], refuse);
    assert_eq!(ruled[&StackRisk::HoldsData], refuse);
}

#[test]
fn the_commit_is_filled_in_where_the_template_names_it() {
    let of_commit = stack("template = \"https://t.s3.eu-central-1.amazonaws.com/{commit}/e.yaml\"");
    assert_eq!(
        of_commit.template_for(Some("0123abc")).unwrap().as_deref(),
        Some("https://t.s3.eu-central-1.amazonaws.com/0123abc/e.yaml")
    );
    assert!(of_commit.template_for(None).is_err());
    let fixed = stack("template = \"https://t.s3.eu-central-1.amazonaws.com/e.yaml\"");
    assert!(fixed.template_for(None).unwrap().is_some());
}

#[test]
fn every_mistake_is_told_with_its_advice() {
    let mistakes = [
        // Rules about nothing.
        "[environments.staging.stack_rules]\nother = \"refuse\"",
        // A secret, and one that only looks like none.
        "[environments.staging.stack]\nname = \"erp\"\n\
         parameters = { DatabasePassword = \"hunter2\", Url = \"redis://a:b@c\" }",
        // Two answer for one thing.
        "[environments.staging.stack]\nname = \"erp\"\nwaivers = [\n\
         { resource = \"Redis\", by = \"Ada\", reason = \"it only caches\" },\n\
         { resource = \"Redis\", by = \"Grace\", reason = \"it only caches\" }]",
        // Two approvals where no one is asked.
        "[environments.staging.stack]\nname = \"erp\"\n\
         [environments.staging.stack_rules]\nother = \"four-eyes\"",
        // Not in S3.
        "[environments.staging.stack]\nname = \"erp\"\ntemplate = \"https://example.com/e.yaml\"",
    ];
    let told: Vec<String> = mistakes.iter().map(|more| report(&with(more))).collect();
    let told = told.join("\n\n");
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!(told);
}
