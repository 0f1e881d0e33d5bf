//! `sluice` as a process, before a server that checks signatures as Lambda does and has the function
//! `operate` behind it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(feature = "console")]
mod pages;
mod server;
mod signature;

use std::process::{Command, Output, Stdio};

use jiff::SignedDuration;
use serde_json::Value;
use sluice_core::deployment::Deployment;
use sluice_sim::world::Bounds;

use server::{Fault, Server};

/// The owner of this access key is Anna, whom production's roles name.
const ANNA: &str = "AKIAANNA0000EXAMPLE0";
/// Ben, whom nothing names.
const BEN: &str = "ASIABEN00000EXAMPLE0";
/// Somebody in the account who may not call the function.
const OUTSIDER: &str = "AKIAOUTSIDER0EXAMPLE";

struct Terminal<'a> {
    server: &'a Server,
    key: &'a str,
}

impl Terminal<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command
            .args(arguments)
            .env_clear()
            .env("SLUICE_OPERATE_URL", self.server.url())
            .env("AWS_ACCESS_KEY_ID", self.key)
            .env("AWS_SECRET_ACCESS_KEY", signature::secret_of(self.key))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(["--region", "eu-central-1"])
            .stdin(Stdio::null());
        if self.key.starts_with("ASIA") {
            command.env("AWS_SESSION_TOKEN", "a+session/token=");
        }
        command
    }

    fn types(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().unwrap();
        (output.status.code().unwrap(), said(&output))
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.command(arguments).arg("--json").output().unwrap();
        let value = serde_json::from_slice(&output.stdout);
        let value = value.unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
        (output.status.code().unwrap(), value)
    }
}

/// Both streams.
fn said(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    format!("{stdout}{}", String::from_utf8_lossy(&output.stderr))
}

fn terminal<'a>(server: &'a Server, key: &'a str) -> Terminal<'a> {
    Terminal { server, key }
}

fn production(server: &Server) -> Deployment {
    let stored = server.world.store().deployments().into_iter();
    let all = stored.map(|stored| (*stored.deployment).clone());
    all.filter(|d| d.environment().as_str() == "production")
        .max_by_key(|d| d.requested_at)
        .unwrap()
}

#[test]
fn a_version_is_read_approved_followed_and_exported() {
    let mut server = Server::start();
    server.awaits_approval();
    let anna = terminal(&server, ANNA);
    let (code, status) = anna.types(&["status"]);
    assert_eq!(code, 0, "{status}");
    assert!(status.contains("erp/production"), "{status}");

    let (code, shown) = anna.types(&["show", "production"]);
    assert_eq!(code, 0, "{shown}");
    insta::assert_snapshot!("status", status);
    insta::assert_snapshot!("show", shown);
    let offer = shown.split("sluice approve erp/production --plan ").nth(1);
    let plan = offer.unwrap_or_else(|| panic!("{shown}"))[..12].to_owned();
    let (code, unread) = anna.types(&["approve", "production"]);
    assert_eq!(code, 3, "{unread}");
    let (code, stale) = anna.types(&["approve", "production", "--plan", "0123456789ab"]);
    assert_eq!(code, 1, "{stale}");
    let ben = terminal(&server, BEN);
    let (code, refused) = ben.types(&["approve", "production", "--plan", &plan]);
    assert_eq!(code, 4, "{refused}");
    insta::assert_snapshot!("not-an-approver", refused);
    assert_eq!(production(&server).phase.name(), "AwaitingApproval");

    let (code, approved) = anna.json(&["approve", "production", "--plan", &plan]);
    assert_eq!((code, &approved["outcome"]), (0, &Value::from("done")));
    let id = approved["deployment"]["id"].as_str().unwrap().to_owned();
    server.world.run(Bounds::default(), |_| false);
    let anna = terminal(&server, ANNA);
    let (code, watched) = anna.types(&["watch", &id, "--every", "1"]);
    assert_eq!(code, 0, "{watched}");
    assert!(watched.contains("v1.4.0"), "{watched}");

    let exported = anna.command(&["export", &id]).output().unwrap();
    let file = std::env::temp_dir().join(format!("sluice-export-{}.json", std::process::id()));
    std::fs::write(&file, &exported.stdout).unwrap();
    let (code, replayed) = offline(&["replay", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(code, 0, "{replayed}");
}

#[test]
fn an_auditor_gets_a_file_with_every_deployment_and_verifies_it() {
    let mut server = Server::start();
    server.two_releases();
    let ben = terminal(&server, BEN);
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("{}.evidence", std::process::id()));
    let file = file.to_str().unwrap();
    let (code, said) = ben.types(&["export", "--since", "30d", "--output", file]);
    assert_eq!(code, 0, "{said}");
    let deployed = server.world.store().deployments().len();
    assert!(said.contains(&format!("{deployed} deployments")), "{said}");
    let sha256 = said.split_whitespace().last().unwrap();
    let (code, verified) = offline(&["verify", file, "--list", "--sha256", sha256]);
    assert_eq!(code, 0, "{verified}");
    assert!(verified.contains("approved by U024BE7LH"), "{verified}");
    let (code, again) = ben.types(&["export", "--since", "30d", "--output", file]);
    assert_eq!(code, 2, "{again}");
    std::fs::remove_file(file).unwrap();
    let (code, none) = ben.types(&["export", "--since", "yesterday", "--output", file]);
    assert_eq!(code, 2, "{none}");
    assert!(!std::path::Path::new(file).exists());
}

/// What needs no installation.
fn offline(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    let output = command.args(arguments).output().unwrap();
    (output.status.code().unwrap(), said(&output))
}

#[test]
fn two_environments_are_compared_and_the_exit_code_says_how_it_came_out() {
    let mut server = Server::start();
    server.awaits_approval();
    let anna = terminal(&server, ANNA);
    // Production runs what it ran before Sluice, and has alarms and a database that staging has not.
    let (code, compared) = anna.types(&["parity", "staging", "production"]);
    assert_eq!(code, 6, "{compared}");
    insta::assert_snapshot!("parity", compared);
    let (code, json) = anna.json(&["parity"]);
    assert_eq!(
        (code, &json["parity"]["verdict"]),
        (6, &Value::from("differs"))
    );
    assert_eq!(
        (&json["version"], &json["outcome"]),
        (&Value::from(1), &Value::from("done"))
    );
    let (code, refused) = anna.types(&["parity", "staging"]);
    assert_eq!(code, 2, "{refused}");
    let (code, _) = terminal(&server, OUTSIDER).types(&["parity"]);
    assert_eq!(code, 4, "AWS does not let them call it");
}

#[test]
fn with_slack_down_a_rollback_is_asked_for_and_begins_within_a_minute() {
    let mut server = Server::start();
    server.two_releases();
    let now = server.world.now();
    let day = SignedDuration::from_hours(24);
    server.world.slack().plan_outage(now, now + day);
    let anna = terminal(&server, ANNA);
    let (code, form) = anna.types(&["rollback", "production"]);
    assert_eq!(code, 3, "{form}");
    insta::assert_snapshot!("rollback-form", form);
    let (_, restore) = anna.types(&["restore", "production"]);
    insta::assert_snapshot!("restore-form", restore);
    let (code, unknown) =
        terminal(&server, BEN).types(&["rollback", "production", "--reason", "slow"]);
    assert_eq!(code, 5, "{unknown}");
    assert!(
        unknown.contains("Slack says who is in a user group"),
        "{unknown}"
    );
    for told in [
        "--reason \"…\"",
        "(without `to`)",
        "--force",
        "the database is not rolled back",
    ] {
        assert!(form.contains(told), "{told} in:\n{form}");
    }
    let reason = ["--reason", "orders < 5 & \"falling\""];
    let (code, refused) = anna.types(&[&["rollback", "production"], &reason[..]].concat());
    assert_eq!(code, 1, "a column is gone: {refused}");
    let all = [&["rollback", "production", "--force"], &reason[..]].concat();
    let (code, back) = anna.types(&all);
    assert_eq!(code, 0, "{back}");
    assert!(back.contains("sluice watch dep-"), "{back}");
    server.world.run(Bounds::default(), |world| {
        let stored = world.store().deployments();
        let mut all = stored.iter().map(|stored| &stored.deployment);
        all.any(|d| d.rollback().is_some() && d.phase.name() == "RollingOut")
    });
    let took = server.world.now().duration_since(now);
    assert!(took < SignedDuration::from_mins(1), "{took}");
    let over = |world: &sluice_sim::world::World| {
        let stored = world.store().deployments();
        stored
            .iter()
            .all(|stored| stored.deployment.phase.is_terminal())
    };
    server.world.run(Bounds::default(), over);
    let d = production(&server);
    assert!(d.rollback().is_some());
    assert_eq!(d.phase.name(), "Succeeded");
    assert_eq!(d.rollback().unwrap().reason, "orders < 5 & \"falling\"");
}

#[test]
fn what_lambda_refuses_and_what_cannot_be_reached_is_said_in_words() {
    let server = Server::start();
    let (code, outside) = terminal(&server, OUTSIDER).types(&["status"]);
    assert_eq!(code, 4, "{outside}");
    assert!(
        outside.contains("lambda:InvokeFunctionUrl and lambda:InvokeFunction"),
        "{outside}"
    );

    let anna = terminal(&server, ANNA);
    let mut wrong = anna.command(&["status"]);
    let wrong = wrong
        .env("AWS_SECRET_ACCESS_KEY", "another")
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(4), "{}", said(&wrong));
    assert!(
        said(&wrong).contains("did not accept the signature"),
        "{}",
        said(&wrong)
    );

    let mut elsewhere = anna.command(&["status", "--url", "http://127.0.0.1:9/"]);
    let elsewhere = elsewhere.output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(1), "{}", said(&elsewhere));
    assert!(
        said(&elsewhere).contains("cannot be reached"),
        "{}",
        said(&elsewhere)
    );

    let mut nobody = anna.command(&["status"]);
    nobody
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY");
    let nobody = nobody.output().unwrap();
    assert!(
        said(&nobody).contains("no AWS credentials"),
        "{}",
        said(&nobody)
    );
    assert!(!said(&nobody).contains(&signature::secret_of(ANNA)));

    let mut home = anna.command(&["status"]);
    home.env_remove("SLUICE_OPERATE_URL")
        .env("HOME", "/nonexistent");
    let home = home.output().unwrap();
    assert_eq!(home.status.code(), Some(2));
    assert!(said(&home).contains("/nonexistent/.config/sluice/installations.toml"));
}

#[test]
fn an_answer_that_is_lost_leaves_it_open_and_asking_again_does_it_once() {
    let mut server = Server::start();
    server.two_releases();
    let before = server.world.store().deployments().len();
    let rollback = ["rollback", "production", "--reason", "slow", "--force"];
    server.fails(Fault::AnswerLost);
    let anna = terminal(&server, ANNA);
    let (code, lost) = anna.types(&rollback);
    assert_eq!(code, 5, "{lost}");
    let id = lost
        .split("--request ")
        .nth(1)
        .unwrap_or_else(|| panic!("{lost}"));
    let again = [&rollback[..], &["--request", id.trim()]].concat();
    let (code, done) = anna.types(&again);
    assert_eq!(code, 0, "{done}");
    assert_eq!(server.world.store().deployments().len(), before + 1);

    server.fails(Fault::Throttled);
    let (code, status) = anna.types(&["status"]);
    assert_eq!(code, 0, "asked again by itself: {status}");
    server.fails(Fault::Crashed);
    let (code, crashed) = anna.json(&["release", "production"]);
    assert_eq!((code, &crashed["outcome"]), (5, &Value::from("unknown")));
}

#[test]
fn the_live_file_is_compared_then_pushed_and_listed() {
    let server = Server::start();
    let anna = terminal(&server, ANNA);
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pushed.toml");
    let path = file.to_str().unwrap();

    let (code, live) = anna.types(&["config", "show", "erp"]);
    assert_eq!((code, live.trim_end()), (0, server::packaged().trim_end()));
    std::fs::write(&file, &live).unwrap();
    let (code, said) = anna.types(&["config", "push", path]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("is what is live: version 0"), "{said}");

    let new = live.replace("quorum = 1", "quorum = 2");
    std::fs::write(&file, &new).unwrap();
    let (code, said) = anna.types(&["config", "push", path]);
    assert_eq!(code, 3, "{said}");
    for line in [
        "- quorum = 1",
        "+ quorum = 2",
        "Nothing was pushed.",
        "--over 0",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let push = [
        "config",
        "push",
        path,
        "--over",
        "0",
        "--reason",
        "two of us",
    ];
    let (code, said) = anna.types(&push);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("wants to change sluice.toml: two of us"),
        "{said}"
    );
    let (_, accept) = said.split_once("sluice config accept erp ").unwrap();
    let (code, said) = anna.types(&["config", "accept", "erp", &accept[..12]]);
    assert_eq!(code, 4, "{said}");
    let (code, said) = terminal(&server, BEN).types(&push);
    assert_eq!(code, 4, "{said}");
    let (code, said) = anna.types(&["config", "history", "erp"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("0, live · the file in the functions' packages"),
        "{said}"
    );
    std::fs::write(&file, "[app]\n").unwrap();
    let (code, said) = anna.types(&["config", "push", path]);
    assert_eq!(code, 1, "{said}");
}
