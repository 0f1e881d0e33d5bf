//! Single mistakes within tags, approvals, smoke tests, variables, secrets and backups.

use sluice_core::config::{Config, ParityTopic};
use sluice_core::id::{PrincipalArn, UserId};

use super::mistakes::{mended, one, report};
use super::{ERP, LEAST};

#[test]
fn tags() {
    one(
        "[\"v*\"]",
        "[]",
        "no image tag can ever reach this environment",
    );
    one(
        "[\"v*\"]",
        "[\"v*\", \"v*\"]",
        "the pattern `v*` is here twice",
    );
    one("[\"v*\"]", "[\"release/*\"]", "never `/`");
    one("[\"v*\"]", "\"v*\"", "write instead: tags = [\"v*\"]");
}

#[test]
fn approval_and_channel() {
    one(
        "[\"S0604QSJC\", \"U024BE7LH\"]",
        "[\"@anna\"]",
        "`@anna` is not a Slack user or user group",
    );
    one(
        "[\"S0604QSJC\", \"U024BE7LH\"]",
        "[]",
        "no one could approve",
    );
    let one_user = ERP.replace("\"S0604QSJC\", ", "");
    mended(
        &one_user,
        "quorum = 1",
        "quorum = 2",
        "2 must approve, and only 1 may",
    );
    one(
        "\"S0604QSJC\", \"U024BE7LH\"",
        "\"U024BE7LH\", \"U024BE7LH\"",
        "is here twice",
    );
    one("quorum = 1", "quorum = 0", "write instead: quorum = 1");
    one(
        "\"#erp-staging\"",
        "\"erp-staging\"",
        "write instead: channel = \"#erp-staging\"",
    );
    Config::parse(&ERP.replace("\"#erp-staging\"", "\"C024BE7LR\"")).expect("an id does too");
    // A group's members are counted at the click.
    Config::parse(&ERP.replace("quorum = 1", "quorum = 5")).expect("a group may be large enough");
}

#[test]
fn smoke_tests() {
    one(
        "path = \"/login\"",
        "path = \"login\"",
        "it begins with `/`",
    );
    one(
        "path = \"/login\"",
        "path = \"/login\"\nstatus = 600",
        "write instead: status = 599",
    );
    one(
        "path = \"/login\"",
        "path = \"/login\"\nmethod = \"FETCH\"",
        "`FETCH` is not one of `GET`",
    );
    one(
        "\"/info/title\"",
        "\"info\"",
        "`info` is not a JSON pointer",
    );
    one(
        "\"/info/title\"",
        "\"/a~2\"",
        "`/a~2` is not a JSON pointer",
    );
    one(
        "\"/info/title\" = \"ERP\"",
        "\"/at\" = 2026-01-01",
        "and is a date",
    );
    one(
        "path = \"/openapi.json\"",
        "path = \"/openapi.json\"\nmethod = \"HEAD\"",
        "the answer to HEAD has no body",
    );
    one(
        "name = \"the login page is served\"",
        "name = \"the process is alive\"",
        "another smoke test has this name",
    );
    one(
        "name = \"the login page is served\"\n",
        "",
        "smoke_tests[2]: `name` is missing",
    );
    let several = "[services.admin]\nkind = \"web\"\n[environments.staging.services.admin]\nurl = \"https://a.example.com\"\nstrategy = \"rolling\"\n[[smoke_tests]]\nname = \"a\"\npath = \"/\"";
    mended(
        &format!("{LEAST}# more\n"),
        "# more",
        several,
        "say which one is asked",
    );
}

#[test]
fn variables_and_secrets() {
    one(
        "LOG_LEVEL = \"debug\"",
        "LOG-LEVEL = \"debug\"",
        "is not an environment variable's name",
    );
    one(
        "LOG_LEVEL = \"debug\"",
        "WORKERS = 4",
        "write instead: WORKERS = \"…\"",
    );
    one(
        "LOG_LEVEL = \"debug\"",
        "DB_PASSWORD = \"x\"",
        "under [environments.staging.secrets] DB_PASSWORD = { secret",
    );
    one(
        "LOG_LEVEL = \"debug\"",
        "CACHE = \"redis://:hunter2@redis.example.com\"",
        "this URL holds a password",
    );
    one(
        "LOG_LEVEL = \"debug\"",
        "SENTRY_DSN = \"x\"",
        "both plain and as a secret",
    );
    for value in [
        "{ secret = \"hunter2 :-)\" }",
        "{ parameter = 271828 }",
        "{ secret = \"a\", key = \"b:c\" }",
    ] {
        let text = ERP.replace("{ parameter = \"/erp/staging/sentry-dsn\" }", value);
        let report = report(&text);
        assert!(
            !["hunter2", "271828", "b:c"]
                .iter()
                .any(|secret| report.contains(secret)),
            "{report}"
        );
    }
    one(
        "{ parameter = \"/erp/staging/sentry-dsn\" }",
        "{}",
        "does not say where the value is kept",
    );
    one(
        "{ parameter = \"/erp/staging/sentry-dsn\" }",
        "{ parameter = \"/a\", secret = \"b\" }",
        "names two places",
    );
    one(
        "{ parameter = \"/erp/staging/sentry-dsn\" }",
        "{ parameter = \"/a\", key = \"b\" }",
        "a parameter has no keys",
    );
    one(
        "{ parameter = \"/erp/staging/sentry-dsn\" }",
        "\"https://key@sentry.example.com/1\"",
        "and is a text",
    );
}

#[test]
fn exceptions_hold_in_every_environment() {
    let entry =
        r#"{ id = "CVE-2026-0861", by = "ops", reason = "no fix yet", until = "2026-03-01" }"#;
    let text = format!("[scan]\nexcept = [{entry}]\n{ERP}");
    let config = Config::parse(&text).expect("it is right");
    for environment in &config.environments {
        let said: Vec<String> = environment
            .scan
            .except
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(said, ["CVE-2026-0861 until 2026-03-01, by ops: no fix yet"]);
    }
    mended(
        &text,
        "2026-03-01",
        "2026-02-30",
        "a day is a year, a month and a day of that month",
    );
    mended(
        &text,
        "CVE-2026-0861",
        "CVE 2026",
        "is not a scanner's id of a finding",
    );
    mended(&text, ", until = \"2026-03-01\"", "", "`until` is missing");
    mended(
        &text,
        entry,
        &format!("{entry}, {entry}"),
        "CVE-2026-0861 is excepted twice",
    );
}

#[test]
fn backup() {
    one(
        "instance = \"erp-production\"",
        "",
        "does not say which database",
    );
    one(
        "instance = \"erp-production\"",
        "instance = \"a\"\ncluster = \"b\"",
        "which one is backed up?",
    );
    one("keep = 5", "keep = 0", "write instead: keep = 1");
}

/// A build in which some crate turns on serde_json's `preserve_order` keeps the order of the file
/// otherwise, and another build would find the history broken.
#[test]
fn the_order_of_keys_in_an_expected_value_changes_nothing() {
    let pinned = |json: &str| {
        let text = ERP.replace("json = { \"/info/title\" = \"ERP\" }", json);
        assert_ne!(text, ERP, "the ERP has that smoke test");
        let config = Config::parse(&text).unwrap();
        serde_json::to_string(&config.smoke_tests).unwrap()
    };
    assert_eq!(
        pinned("json = { \"/info\" = { title = \"ERP\", contact = \"it\" } }"),
        pinned("json = { \"/info\" = { contact = \"it\", title = \"ERP\" } }"),
    );
}

#[test]
fn people() {
    let anna = "\"arn:aws:iam::222222222222:user/anna\" = \"U024BE7LH\"";
    one(
        anna,
        &anna.replace("U024BE7LH", "S0604QSJC"),
        "`S0604QSJC` is not a Slack user",
    );
    one(anna, &anna.replace("U024BE7LH", "@anna"), "write instead:");
    for wrong in [
        "arn:aws:iam::222222222222:root",
        "arn:aws:iam::222222222222:role/Deployers",
        "arn:aws:iam::222222222222:user/*",
        "arn:aws:sts::222222222222:assumed-role/Deployers",
        "arn:aws:sts::222222222222:assumed-role/Deployers/*",
        "arn:aws:sts::2222:assumed-role/Deployers/anna",
        "anna",
    ] {
        let line = format!("\"{wrong}\" = \"U024BE7LH\"");
        one(anna, &line, "is not an IAM principal");
    }
    let twice = format!("{anna}\n\"arn:aws:iam::222222222222:user/Anna\" = \"U024BE7LH\"");
    one(anna, &twice, "in other letters");
    one(
        anna,
        &format!("{anna}\n{anna}"),
        "this key is there already",
    );

    let config = Config::parse(ERP).unwrap();
    let who_is = |arn: &str| config.people.who_is(&PrincipalArn::new(arn));
    let anna = UserId::new("U024BE7LH");
    assert_eq!(who_is("arn:aws:iam::222222222222:user/anna"), Some(&anna));
    assert_eq!(who_is("arn:aws:iam::222222222222:user/Anna"), None);
    let role = "arn:aws:sts::222222222222:assumed-role/Deployers";
    assert_eq!(who_is(&format!("{role}/carl@example.com")), None);
    assert!(config.people.contains(&anna));
    let path = "\"arn:aws:iam::222222222222:user/ops/eu/anna\" = \"U024BE7LH\"";
    let within = ERP.replace(
        "\"arn:aws:iam::222222222222:user/anna\" = \"U024BE7LH\"",
        path,
    );
    assert!(Config::parse(&within).is_ok());
}

#[test]
fn base_families_and_newer_revisions() {
    let web = "[environments.production.services.web]\n";
    one(
        web,
        &format!("{web}task_definition = \"erp-web-base:7\"\n"),
        "the family, not the ARN and without a revision",
    );
    let production = "channel = \"#erp-production\"\n";
    one(
        production,
        &format!("{production}newer_revisions = \"ignore\"\n"),
        "`ignore` is not one of `leave`, `take` or `refuse`",
    );
}

#[test]
fn accepted_differences_are_read_and_those_that_make_no_sense_are_told() {
    let entry = |entry: &str| {
        let who = "by = \"ops\", reason = \"for tests\"";
        format!("[parity]\nallow = [{{ {entry}, {who} }}]\n\n[environments.staging]\n")
    };
    let parsed = |text: &str| {
        let toml = include_str!("../../../../tests/erp/sluice.toml");
        Config::parse(&toml.replacen("[environments.staging]\n", text, 1))
    };
    let read = parsed(&entry("what = \"task-size\", name = \"memory\", up_to = 4")).unwrap();
    let [only] = read.allowed_differences() else {
        panic!("{:?}", read.parity);
    };
    assert_eq!(only.what, ParityTopic::TaskSize);
    assert_eq!(
        (only.name.as_deref(), only.up_to),
        (Some("memory"), Some(4))
    );
    assert_eq!(only.waiver.reason, "for tests");
    for (wrong, told) in [
        ("what = \"variables\"", "what = \"variable\""),
        ("what = \"variable\", up_to = 4", "remove `up_to`"),
        ("what = \"task-size\", up_to = 1", "from 2 to 64"),
        (
            "what = \"alarm\", by = \"a\", reason = \"b\" }, { what = \"alarm\"",
            "alarm is allowed twice",
        ),
    ] {
        let problems = parsed(&entry(wrong)).unwrap_err().to_string();
        assert!(problems.contains(told), "{wrong}: {problems}");
    }
}
