//! What the program prints, word by word: every changed word shows up here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Stdio};

/// Both streams and the exit code of a command, run from the repository's root.
fn said(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut said = String::from_utf8(output.stdout).unwrap();
    if !output.stderr.is_empty() {
        said.push_str("--- standard error\n");
        said.push_str(&String::from_utf8(output.stderr).unwrap());
    }
    said.push_str(&format!(
        "--- exit code {}\n",
        output.status.code().unwrap()
    ));
    said
}

#[test]
fn help() {
    insta::assert_snapshot!("alone", said(&[]));
    insta::assert_snapshot!("help", said(&["--help"]));
    insta::assert_snapshot!("help-demo", said(&["demo", "--help"]));
    insta::assert_snapshot!("help-init", said(&["init", "--help"]));
    insta::assert_snapshot!("help-run", said(&["run", "--help"]));
    insta::assert_snapshot!("help-plan", said(&["plan", "--help"]));
    insta::assert_snapshot!("help-replay", said(&["replay", "--help"]));
    insta::assert_snapshot!("help-rollback", said(&["rollback", "--help"]));
    insta::assert_snapshot!("help-config-check", said(&["config", "check", "--help"]));
}

#[test]
fn list() {
    insta::assert_snapshot!("list", said(&["demo", "--list"]));
}

#[test]
fn plan() {
    insta::assert_snapshot!("plan", said(&["plan", "events/ecr-push-release.json"]));
    insta::assert_snapshot!(
        "plan-refused",
        said(&["plan", "events/ecr-push-version.json"])
    );
}

#[test]
fn config_check() {
    let mistakes = "shared/core/tests/config/every-mistake.toml";
    insta::assert_snapshot!(
        "config-good",
        said(&["config", "check", "tests/erp/sluice.toml"])
    );
    insta::assert_snapshot!("config-every-mistake", said(&["config", "check", mistakes]));
}

#[test]
fn stories() {
    insta::assert_snapshot!("story", said(&["demo", "--headless", "--seed", "1"]));
    let broken = [
        "demo",
        "--headless",
        "--seed",
        "1",
        "--scenario",
        "broken-migration",
    ];
    insta::assert_snapshot!("story-broken-migration", said(&broken));
}

#[test]
fn run() {
    let files = [
        "run",
        "events/ecr-push-release.json",
        "events/ecr-scan-critical.json",
    ];
    insta::assert_snapshot!("run-critical-scan", said(&files));
}
