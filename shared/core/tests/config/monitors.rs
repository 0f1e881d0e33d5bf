//! Monitors in `sluice.toml`.

use sluice_core::config::{Config, Monitor};
use sluice_core::id::EnvironmentName;

use super::ERP;
use super::mistakes::mended;

const MONITORS: &str = concat!(
    r#"monitors = { grafana = { url = "https://grafana.example.com/", token = "sluice/grafana" }, "#,
    r#"sentry = { organization = "acme", projects = ["erp"], token = "sluice/sentry" }, "#,
    r#"loki = { url = "http://localhost:3100", tenant = "acme" }, "#,
    r#"event_bridge = { bus = "deployments" }, "#,
    r#"webhook = { url = "https://hooks.example.com/erp", secret = "sluice/webhook" }, "#,
    r#"github = { repository = "acme/erp", token = "sluice/github" }, "#,
    r#"datadog = { key = "sluice/datadog" }, "#,
    r#"pagerduty = { key = "sluice/pagerduty" }, "#,
    r#"opsgenie = { key = "sluice/opsgenie" }, "#,
    r#"sns = { topic = "arn:aws:sns:eu-central-1:222222222222:deployments" }, "#,
    r#"cloudwatch = { namespace = "Sluice" } }"#
);

/// The ERP with every monitor in staging.
pub(super) fn watched() -> String {
    let channel = "channel = \"#erp-staging\"";
    assert!(ERP.contains(channel));
    ERP.replacen(channel, &format!("{channel}\n{MONITORS}"), 1)
}

fn monitors(environment: &str) -> Vec<Monitor> {
    let config = Config::parse(&watched()).expect("the file is good");
    let found = config.environment(&EnvironmentName::new(environment));
    found.expect("it is there").monitors.clone()
}

#[track_caller]
fn one(from: &str, to: &str, expected: &str) {
    mended(&watched(), from, to, expected);
}

#[test]
fn each_is_read_with_its_defaults_and_no_environment_has_anothers() {
    insta::assert_debug_snapshot!(monitors("staging"));
    assert_eq!(monitors("production"), []);
    let names: Vec<&str> = monitors("staging").iter().map(Monitor::name).collect();
    for name in names {
        assert!(MONITORS.contains(&format!("{name} = {{")), "{name}");
    }
}

#[test]
fn what_is_sent_is_sent_in_private() {
    let clear = "http://grafana.example.com/";
    one("https://grafana.example.com/", clear, "not private");
    let near = "http://localhost.example.com:3100";
    one("http://localhost:3100", near, "write https:// in place of");
    one("https://hooks.example.com/erp", "hooks", "is not a URL");
}

#[test]
fn a_token_in_the_place_of_its_name_is_refused_and_not_repeated() {
    let token = "glsa_hunter2hunter2hunter2";
    let text = watched().replacen("sluice/grafana", token, 1);
    let problems = Config::parse(&text).unwrap_err().to_string();
    assert!(
        problems.contains("looks like the secret itself"),
        "{problems}"
    );
    assert!(!problems.contains("hunter2"), "{problems}");
    // An address may hold a secret too.
    let text = watched().replacen("https://hooks.example.com/erp", "x://a/hunter2", 1);
    let problems = Config::parse(&text).unwrap_err().to_string();
    assert!(!problems.contains("hunter2"), "{problems}");
}

#[test]
fn what_belongs_together_is_demanded_together() {
    one(
        "tenant = \"acme\"",
        "user = \"123\"",
        "`user` is here without `token`",
    );
    one(
        "projects = [\"erp\"]",
        "projects = []",
        "has a project at least",
    );
    one("[\"erp\"], token", "[\"The ERP\"], token", "is not a slug");
    one("\"deployments\"", "\"de ploy\"", "is not an event bus");
    one("key = \"sluice/pagerduty\"", "", "`key` is missing");
    for wrong in ["\"erp\"", "\"acme/erp/web\"", "\"acme/ erp\""] {
        one("\"acme/erp\"", wrong, "this is no repository of GitHub");
    }
    let key = "\"eb243592-faa2-4ba2-a551-1afdf565c889\"";
    one("\"sluice/opsgenie\"", key, "looks like the secret itself");
    let topic = "arn:aws:sns:eu-central-1:222222222222:deployments";
    for wrong in [
        "deployments",
        "arn:aws:sqs:eu-central-1:222222222222:deployments",
    ] {
        one(topic, wrong, "is not an SNS topic's ARN");
    }
    one("\"Sluice\"", "\"AWS/ECS\"", "those of AWS's own metrics");
    one("\"Sluice\"", "\"a b\"", "is not a namespace of metrics");
    let token = "\"github_pat_hunter2\"";
    one("\"sluice/github\"", token, "looks like the secret itself");
}
