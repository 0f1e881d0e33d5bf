//! The committed schema is the one the types give, and it knows every key the reader knows.

use serde_json::Value;
use sluice_core::config::{Config, schema};

const COMMITTED: &str = include_str!("../../../../docs/sluice.schema.json");

#[test]
fn the_committed_schema_is_current() {
    let committed: Value = serde_json::from_str(COMMITTED).unwrap();
    assert!(
        schema() == committed,
        "docs/sluice.schema.json is old: sluice config schema > docs/sluice.schema.json"
    );
}

/// Every object of the schema with named keys.
fn tables(value: &Value, found: &mut Vec<(String, Vec<String>)>) {
    let Value::Object(object) = value else { return };
    if let Some(Value::Object(properties)) = object.get("properties") {
        let description = object["description"]
            .as_str()
            .expect("a table is described")
            .to_owned();
        found.push((description, properties.keys().cloned().collect()));
        for (key, property) in properties {
            let described = property.get("description").is_some();
            assert!(described, "`{key}` has no description for editors");
        }
    }
    object
        .get("definitions")
        .into_iter()
        .flat_map(Value::as_object)
        .flatten()
        .for_each(|(_, definition)| tables(definition, found));
}

#[test]
fn every_table_and_key_is_described() {
    let schema = schema();
    let mut found = Vec::new();
    tables(&schema, &mut found);
    assert_eq!(found.len(), 40, "{found:#?}");
    assert!(!schema.to_string().contains("null"), "TOML has no null");
}

/// Not in the example: it would expire there.
const EXCEPT: &str =
    r#"except = [{ id = "CVE-2026-0861", by = "ops", reason = "no fix", until = "2026-03-01" }]"#;

const STACK: &str = r#"
[environments.production.stack]
name = "erp-production"
waivers = [ { resource = "Redis", property = "Engine", by = "ops", reason = "it only caches" }]
[environments.production.stack_rules]
other = "allow"
[environments.production.source]
rule = "refuse"
"#;

const SIGNATURES: &str = "[signatures]\nkeys = [\"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJKLuht9ZgXZSCJfh4bBvyWmyldZENY0BwDlDGdgFjL9WElr0RmARNw4Gz0vk51J8CVXOHGl7+t5G1op7ShYmag==\"]";

const PARITY: &str = r#"[parity]
allow = [{ what = "variable", by = "ops", reason = "for tests" }]"#;

const SOURCE: &str = "[source]\nrepository = \"erp\"\nchannel = \"#erp-source\"";

/// The reader names the keys it knows when it meets one it does not: they must be the schema's.
#[test]
fn the_reader_and_the_schema_know_the_same_keys() {
    let mut found = Vec::new();
    tables(&schema(), &mut found);
    let headers = [
        ("[app]", "repository"),
        ("[services.web]", "stop_timeout"),
        ("[migration]", "command"),
        ("[[smoke_tests]]", "within"),
        ("[environments.staging]", "windows"),
        ("[source]", "merge_back_within"),
        ("[environments.staging.services.web]", "test_url"),
        ("[environments.production.approval]", "quorum"),
        ("[environments.production.roles]", "override"),
        ("freezes = [\n  {", "from"),
        ("[environments.production.backup]", "instance"),
        ("waivers = [{", "revision"),
        ("[environments.production.migration_rules]", "breaking"),
        ("bake = {", "failures"),
        (
            "[environments.production.source]",
            "What happens to a plan whose commit is in doubt.",
        ),
        ("[environments.production.stack]", "template"),
        ("waivers = [ {", "resource"),
        ("[environments.production.stack_rules]", "holds_data"),
        ("scan = {", "block"),
        ("[signatures]", "unsigned"),
        ("[parity]", "allow"),
        ("allow = [{", "up_to"),
        ("[scan]", "except"),
        ("except = [{", "id"),
        ("SENTRY_DSN = {", "parameter"),
        ("monitors = {", "pagerduty"),
        ("grafana = {", "Annotations in Grafana."),
        ("sentry = {", "prefix"),
        ("loki = {", "tenant"),
        ("event_bridge = {", "bus"),
        ("webhook = {", "Signed requests."),
        ("github = {", "Deployments in GitHub."),
        ("datadog = {", "Events in Datadog."),
        ("pagerduty = {", "Incidents in PagerDuty."),
        (
            "opsgenie = {",
            "Alerts in Opsgenie or Jira Service Management.",
        ),
        ("sns = {", "topic"),
        ("cloudwatch = {", "namespace"),
    ];
    for (header, key) in headers {
        let (_, keys) = found
            .iter()
            .find(|(what, keys)| what == key || keys.contains(&key.to_owned()))
            .unwrap();
        let unknown = if header.ends_with('{') {
            " qqqqqqqqqq = 1,"
        } else {
            "\nqqqqqqqqqq = 1"
        };
        let erp = super::monitors::watched();
        let text = format!("[scan]\n{EXCEPT}\n{PARITY}\n{SOURCE}\n{SIGNATURES}\n{erp}\n{STACK}")
            .replacen(header, &format!("{header}{unknown}"), 1);
        let problems = Config::parse(&text).unwrap_err();
        let help = &problems.as_slice()[0].help;
        let mut told: Vec<_> = help
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        told.sort();
        let mut keys = keys.clone();
        keys.sort();
        assert_eq!(told, keys, "{header}");
    }
}
