//! What people write wrong, and what they are told.

use sluice_core::config::Config;

use super::{ERP, LEAST};

const EVERY_MISTAKE: &str = include_str!("every-mistake.toml");

pub(super) fn report(text: &str) -> String {
    match Config::parse(text) {
        Ok(_) => panic!("nothing was found in:\n{text}"),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    insta::assert_snapshot!(report(EVERY_MISTAKE));
}

#[test]
fn no_value_of_a_variable_or_a_secret_is_printed() {
    assert!(!report(EVERY_MISTAKE).contains("hunter2"));
}

#[test]
fn the_file_is_called_by_its_own_name() {
    let problems = Config::parse("").unwrap_err().in_file("infra/erp.toml");
    assert!(
        problems
            .to_string()
            .starts_with("infra/erp.toml:1:1: `app` is missing")
    );
}

/// Replaces a part of the ERP file; exactly one problem must come of it.
#[track_caller]
pub(super) fn one(from: &str, to: &str, expected: &str) {
    mended(ERP, from, to, expected);
}

#[track_caller]
pub(super) fn mended(file: &str, from: &str, to: &str, expected: &str) {
    assert!(file.contains(from), "the file does not hold {from:?}");
    let text = file.replacen(from, to, 1);
    let problems = Config::parse(&text).expect_err(to);
    assert_eq!(problems.as_slice().len(), 1, "{problems}");
    assert!(
        problems.to_string().contains(expected),
        "expected {expected:?} in:\n{problems}"
    );
}

#[test]
fn names_and_numbers_of_aws() {
    one(
        "\"111111111111\"",
        "\"1111\"",
        "`1111` is not an AWS account: twelve digits",
    );
    one(
        "region = \"eu-central-1\"",
        "region = \"eu-central1\"",
        "write instead: region = \"eu-central-1\"",
    );
    one(
        "role = \"arn:aws:iam::111111111111:role/",
        "role = \"role/",
        "is not an IAM role's ARN",
    );
    one(
        "role = \"arn:aws:iam::111111111111",
        "role = \"arn:aws:iam::222222222222",
        "not of this environment's account, 111111111111",
    );
    one(
        "cluster = \"erp-staging\"",
        "cluster = \"arn:aws:ecs:eu-central-1:111111111111:cluster/erp\"",
        "the name, not the ARN",
    );
    one(
        "repository = \"erp\"",
        "repository = \"111111111111.dkr.ecr.eu-central-1.amazonaws.com/Erp\"",
        "without the registry's host",
    );
    one(
        "repository = \"erp\"",
        "repository = \"111111111111.dkr.ecr.eu-central-1.amazonaws.com/erp\"",
        "write instead: repository = \"erp\"",
    );
    one(
        "account = \"111111111111\"",
        "account = 111111111111",
        "write instead: account = \"111111111111\"",
    );
    one(
        "account = \"111111111111\"",
        "account = \"1111-1111-1111\"",
        "write instead: account = \"111111111111\"",
    );
    one(
        "instance = \"erp-production\"",
        "instance = \"erp.abc.rds.amazonaws.com\"",
        "not the endpoint",
    );
}

#[test]
fn times() {
    one(
        "timeout = \"30m\"",
        "timeout = 30",
        "write instead: timeout = \"10m\"",
    );
    one(
        "timeout = \"30m\"",
        "timeout = \"1.5h\"",
        "such as \"90s\", \"30m\", \"2h\" or \"1h30m\"",
    );
    one(
        "timeout = \"30m\"",
        "timeout = \"90 minutes\"",
        "write instead: timeout = \"1h30m\"",
    );
    one(
        "timeout = \"30m\"",
        "timeout = \"99999999999999999999h\"",
        "not a length of time",
    );
    one(
        "\"110s\"",
        "\"121s\"",
        "write instead: stop_timeout = \"120s\"",
    );
    one("duration = \"5m\"", "duration = \"25h\"", "from 0s to 24h");
    one(
        "duration = \"5m\"",
        "duration = \"5m30s\"",
        "write instead: duration = \"6m\"",
    );
    one(
        "duration = \"5m\"",
        "duration = \"2m\"",
        "no time for 3 samples, one every 1m",
    );
    one(
        "\"30s\"",
        "\"1500ms\"",
        "write instead: stop_timeout = \"2s\"",
    );
}

#[test]
fn keys() {
    one(
        "stop_timeout = \"30s\"",
        "stop_timout = \"30s\"",
        "did you mean `stop_timeout`?",
    );
    one(
        "channel = \"#erp-staging\"",
        "chanel = \"#erp-staging\"",
        "did you mean `channel`?",
    );
    one(
        "channel = \"#erp-staging\"",
        "",
        "environments.staging: `channel` is missing",
    );
    one(
        "kind = \"web\"",
        "kind = \"web\"\nkind = \"web\"",
        "this key is there already",
    );
    one(
        "kind = \"web\"",
        "kind = \"Web\"",
        "write instead: kind = \"web\"",
    );
    one(
        "four_eyes = true",
        "four_eyes = \"true\"",
        "this must be true or false, and is a text",
    );
    one("[app]", "colour = 1\n[app]", "the keys here are `app`");
}

#[test]
fn references() {
    one(
        "service = \"web\"",
        "service = \"wep\"",
        "did you mean `web`?",
    );
    one(
        "path = \"/login\"",
        "path = \"/login\"\nservice = \"beat\"",
        "`beat` is no web service",
    );
    one(
        "after = \"staging\"",
        "after = \"test\"",
        "there is no environment `test`",
    );
    one(
        "after = \"staging\"",
        "after = \"production\"",
        "waits for itself",
    );
    one(
        "tags = [\"develop-*\"",
        "after = \"production\"\ntags = [\"develop-*\"",
        "staging waits for production, and production waits for staging",
    );
    one(
        "[environments.staging.services.web]",
        "[environments.staging.services.cron]\n[environments.staging.services.web]",
        "there is no service `cron`",
    );
    one(
        "[services.worker]",
        "[services.admin]\nkind = \"worker\"\nlive = \"/\"\n[services.worker]",
        "only web services answer HTTP",
    );
}

#[test]
fn services_and_their_places() {
    one(
        "strategy = \"blue-green\"",
        "strategy = \"blue\"",
        "is not one of `blue-green`, `rolling`",
    );
    one(
        "test_url = \"https://erp.example.com:8443\"",
        "",
        "green is tested there",
    );
    one("url = \"https://erp.example.com\"\n", "", "needs the `url`");
    one(
        "url = \"https://erp.example.com\"",
        "url = \"https://erp:pw@erp.example.com\"",
        "this URL with a user in it is not a URL",
    );
    one(
        "strategy = \"blue-green\"",
        "strategy = \"canary\"\nstep_percent = 100",
        "from 1 to 99 per cent",
    );
    one(
        "strategy = \"blue-green\"",
        "strategy = \"linear\"\nstep_percent = 2",
        "write instead: step_percent = 3",
    );
    one(
        "strategy = \"blue-green\"",
        "step_bake = \"5m\"",
        "only canary and linear go in steps",
    );
    one(
        "live = \"/healthz/live\"",
        "",
        "`ready` is here without `live`",
    );
    one(
        "[environments.staging.services.web]",
        "[environments.staging.services.beat]\nstrategy = \"rolling\"\n[environments.staging.services.web]",
        "remove `strategy`",
    );
    one(
        "[environments.staging.services.web]",
        "[environments.staging.services.beat]\necs_service = \"erp-web\"\n[environments.staging.services.web]",
        "and so is",
    );
    one(
        "[services.worker]",
        "[services.admin]\nkind = \"worker\"\nstop_timeout = 5\n[services.worker]",
        "services.admin.stop_timeout",
    );
}

#[test]
fn two_environments_on_one_cluster_need_names_of_their_own() {
    let second = LEAST
        .split_once("[environments.staging]")
        .unwrap()
        .1
        .replace("staging", "test");
    let text = format!("{LEAST}[environments.test]{second}");
    assert!(report(&text).contains("is the ECS service `erp-web` of the cluster `erp`"));
}

#[test]
fn broken_toml() {
    // A slip within one line hides nothing else.
    one("name = \"erp\"", "name = erp", "text without quotes");
    let two = ERP
        .replacen("name = \"erp\"", "name = erp", 1)
        .replace("keep = 5", "keep = 0");
    assert!(report(&two).ends_with("2 problems in sluice.toml"));
    // After a broken bracket nothing is certain: only that is told.
    one("[services.web]", "[services.web", "fix this first");
    one(
        "[\"alembic\", \"upgrade\", \"head\"]",
        "[\"alembic\"",
        "fix this first",
    );
}

#[test]
fn roles_windows_and_freezes() {
    one(
        "deploy = [\"S0604QSJC\"] #",
        "deploy = [\"S0604QSJC\", \"S0604QSJC\"] #",
        "the member `S0604QSJC` is here twice",
    );
    one(
        "override = [\"U024BE7LH\"]",
        "overide = [\"U024BE7LH\"]",
        "did you mean `override`?",
    );
    one(
        "Fri 08:00-14:00 Europe/Berlin",
        "Fri 8-14 Europe/Berlin",
        "write instead: \"Fri 08:00-14:00 Europe/Berlin\"",
    );
    one(
        "Fri 08:00-14:00 Europe/Berlin",
        "Fri 08:00-14:00 Europe/Berlyn",
        "`Europe/Berlyn` is not an IANA time zone",
    );
    one(
        "until = \"2027-01-04 08:00 Europe/Berlin\"",
        "until = \"2026-01-04 08:00 Europe/Berlin\"",
        "this freeze ends before it begins",
    );
    one(
        "windows = [\"Mon-Thu 08:00-18:00 Europe/Berlin\", \"Fri 08:00-14:00 Europe/Berlin\"]",
        "windows = []",
        "no deployment could ever begin",
    );
}

#[test]
fn whoever_restores_needs_a_database_and_somebody_who_asks() {
    let backup = "[environments.production.backup]\ninstance = \"erp-production\" # an RDS instance; \
                  `cluster` for Aurora\ntimeout = \"1h\"\nkeep = 5 # of Sluice's own snapshots\n";
    assert!(ERP.contains(backup), "the file has a backup");
    let without = ERP.replacen(backup, "", 1);
    let told = report(&without);
    assert_eq!(
        told.matches("there is no database here to restore").count(),
        2,
        "{told}"
    );
    let role = "restore = [\"S0604QSJC\", \"U024BE7LH\"] # may ask for the database to be brought back; \
                writes are lost\n";
    one(role, "", "no one may request a restore");
    one(
        "approvers = [\"S0604QSJC\", \"U024BE7LH\"]\nfour_eyes = true\nexpires = \"1h\"",
        "approvers = []\nfour_eyes = true\nexpires = \"1h\"",
        "no one could approve",
    );
}
