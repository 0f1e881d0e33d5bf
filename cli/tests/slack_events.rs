//! `events/slack-approve.json` and `events/slack-reject.json`: signed requests that name the very
//! plan which `sluice run` draws from the two pushes beside them.
//!
//! Whatever changes the plan (the configuration, the simulated cloud's identifiers) changes its
//! hash. Then renew the files: `SLUICE_RENEW_EVENTS=1 cargo test -p sluice --test slack_events`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use sluice::account;
use sluice::play::Silence;
use sluice::rehearsal::{Answer, PayloadFile, Rehearsal};
use sluice::sample;
use sluice::wiring::{APPROVER, click_request};
use sluice_core::deployment::Deployment;
use sluice_core::id::SlackUserId;
use sluice_core::message::{Button, ButtonAction};

const CLICKED_AT: &str = "2026-01-05T09:50:00Z";
const PUSHES: [&str; 2] = ["ecr-push-release.json", "ecr-push-version.json"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../events")
        .join(name)
}

/// The answers and the deployments of a run of these files.
fn run(names: &[&str]) -> (Vec<Answer>, Vec<Deployment>) {
    let files: Vec<PayloadFile> = names
        .iter()
        .map(|name| PayloadFile::read(&path(name)).unwrap())
        .collect();
    let mut rehearsal = Rehearsal::new(&files, &sample::erp(), 1);
    let answered = rehearsal.run(&mut Silence).unwrap();
    let answers = answered
        .into_iter()
        .map(|answered| answered.answer)
        .collect();
    (answers, account::deployments(rehearsal.world()))
}

fn request(action: ButtonAction) -> Value {
    let (_, deployments) = run(&PUSHES);
    let production = deployments
        .iter()
        .find(|d| d.environment().as_str() == "production")
        .unwrap();
    let button = Button {
        action,
        deployment: production.id.clone(),
        plan: Some(production.sealed_plan().hash.clone()),
        confirm: None,
    };
    click_request(
        &button,
        &SlackUserId::new(APPROVER),
        CLICKED_AT.parse().unwrap(),
    )
}

fn is_true(name: &str, action: ButtonAction) {
    let request = request(action);
    if std::env::var_os("SLUICE_RENEW_EVENTS").is_some() {
        let text = serde_json::to_string_pretty(&request).unwrap();
        std::fs::write(path(name), text + "\n").unwrap();
    }
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap();
    assert!(
        written == request,
        "events/{name} names another plan than `sluice run` draws; renew it: \
         SLUICE_RENEW_EVENTS=1 cargo test -p sluice --test slack_events"
    );
}

#[test]
fn the_approval_is_for_the_plan_that_is_drawn_and_brings_it_to_production() {
    is_true("slack-approve.json", ButtonAction::Approve);
    let (answers, deployments) = run(&[PUSHES[0], PUSHES[1], "slack-approve.json"]);
    let phases: Vec<&str> = deployments.iter().map(|d| d.phase.name()).collect();
    assert_eq!(phases, ["Succeeded", "Succeeded"], "{answers:?}");
}

#[test]
fn the_rejection_is_for_the_plan_that_is_drawn_and_stops_it() {
    is_true("slack-reject.json", ButtonAction::Reject);
    let (answers, deployments) = run(&[PUSHES[0], PUSHES[1], "slack-reject.json"]);
    let phases: Vec<&str> = deployments.iter().map(|d| d.phase.name()).collect();
    assert_eq!(phases, ["Succeeded", "Rejected"], "{answers:?}");
}
