//! Signed requests in `events/`, as Slack and `sluice` make them; those that decide name the very plan which `sluice run` draws from the two pushes beside them.
//!
//! Whatever changes the plan (the configuration, the simulated cloud's identifiers) changes its
//! hash. Then renew the files: `SLUICE_RENEW_EVENTS=1 cargo test -p sluice --test slack_events`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;
use sluice::account;
use sluice::play::Silence;
use sluice::rehearsal::{Answer, PayloadFile, Rehearsal};
use sluice::sample;
use sluice::wiring::{APPROVER, click_request, operate_request, slack_request, submission_request};
use sluice_core::deployment::Deployment;
use sluice_core::id::UserId;
use sluice_slack::{command_body, home_opened_body, url_verification_body};
use sluice_words::message::{Button, ButtonAction};
use sluice_words::modal::{InputName, Purpose, Submission};
use sluice_words::operate::{self, Order};

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

/// The button that production's message has, for the plan that the pushes draw.
fn button(action: ButtonAction) -> Button {
    let (_, deployments) = run(&PUSHES);
    let production = deployments
        .iter()
        .find(|d| d.environment().as_str() == "production")
        .unwrap();
    Button {
        action,
        deployment: production.id.clone(),
        plan: Some(production.sealed_plan().hash.clone()),
        confirm: None,
    }
}

fn clicked_at() -> Timestamp {
    CLICKED_AT.parse().unwrap()
}

fn click(action: ButtonAction) -> Value {
    click_request(&button(action), &UserId::new(APPROVER), clicked_at())
}

fn is_true(name: &str, request: &Value) {
    if std::env::var_os("SLUICE_RENEW_EVENTS").is_some() {
        let text = serde_json::to_string_pretty(request).unwrap();
        std::fs::write(path(name), text + "\n").unwrap();
    }
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap();
    assert!(
        written == *request,
        "events/{name} is not what Slack sends now, or names another plan than `sluice run` draws; \
         renew it: SLUICE_RENEW_EVENTS=1 cargo test -p sluice --test slack_events"
    );
}

/// What is answered to a file after the two pushes, and the phases everything ends in.
fn answer_to(name: &str) -> (Value, Vec<&'static str>) {
    let (mut answers, deployments) = run(&[PUSHES[0], PUSHES[1], name]);
    let phases = deployments.iter().map(|d| d.phase.name()).collect();
    let Answer::Answer(answer) = answers.pop().unwrap() else {
        panic!("{name} is not answered");
    };
    assert_eq!(answer["statusCode"], 200, "{answer}");
    (answer, phases)
}

#[test]
fn the_approval_is_for_the_plan_that_is_drawn_and_brings_it_to_production() {
    is_true("slack-approve.json", &click(ButtonAction::Approve));
    let (answer, phases) = answer_to("slack-approve.json");
    assert_eq!(phases, ["Succeeded", "Succeeded"], "{answer}");
}

#[test]
fn a_click_on_reject_asks_why_and_the_form_rejects_the_plan_that_is_drawn() {
    is_true("slack-reject.json", &click(ButtonAction::Reject));
    let (answer, phases) = answer_to("slack-reject.json");
    assert_eq!(answer["body"], "");
    assert_eq!(phases, ["Succeeded", "Expired"], "no one sent the form");

    let button = button(ButtonAction::Reject);
    let form = Submission {
        id: "V0000000001".to_owned(),
        purpose: Purpose::Reject {
            deployment: button.deployment,
            plan: button.plan.unwrap(),
        },
        answers: BTreeMap::from([(InputName::Reason, "not before the weekend".to_owned())]),
        by: UserId::new(APPROVER),
    };
    is_true(
        "slack-reject-reason.json",
        &submission_request(&form, clicked_at()),
    );
    let (answer, phases) = answer_to("slack-reject-reason.json");
    assert_eq!(answer["body"], "", "Slack closes the form");
    assert_eq!(phases, ["Succeeded", "Rejected"]);
}

#[test]
fn commands_and_events_are_those_that_slack_sends() {
    let by = UserId::new(APPROVER);
    let at = clicked_at();
    let bodies = [
        (
            "slack-command-status.json",
            command_body("status", &by, "1.1.simulated"),
            "How things stand",
        ),
        (
            "slack-command-mistake.json",
            command_body("aprove production", &by, "1.1.simulated"),
            "Did you mean",
        ),
        ("slack-home-opened.json", home_opened_body(&by, at), ""),
        (
            "slack-url-verification.json",
            url_verification_body("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"),
            "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
        ),
    ];
    for (name, body, says) in bodies {
        is_true(name, &slack_request(&body, at));
        let (answer, _) = answer_to(name);
        let said = answer["body"].as_str().unwrap();
        assert!(said.contains(says), "{name}: {said}");
    }
}

const ANNA: &str = "arn:aws:iam::222222222222:user/anna";
const BEN: &str = "arn:aws:sts::222222222222:assumed-role/Deployers/ben@example.com";
const STRANGER: &str = "arn:aws:sts::222222222222:assumed-role/ReadOnly/carl@example.com";

/// What `sluice` sends for a command.
fn order(command: &str) -> Order {
    Order {
        version: operate::VERSION,
        request: "6f1ed002ab5595859014ebf0951522d9".to_owned(),
        command: command.to_owned(),
        answers: BTreeMap::new(),
        plan: None,
        file: None,
        look: None,
    }
}

fn body(order: &Order) -> String {
    serde_json::to_string(order).unwrap()
}

#[test]
fn requests_from_a_terminal_are_those_that_lambda_hands_on() {
    let reason = (InputName::Reason, "orders fail for everyone".to_owned());
    let plan = button(ButtonAction::Approve).plan.unwrap();
    let rollback = Order {
        answers: BTreeMap::from([reason]),
        ..order("rollback production")
    };
    let approve = Order {
        plan: Some(plan.short().to_owned()),
        ..order("approve production")
    };
    let newer = Order {
        version: 2,
        ..order("status")
    };
    let cut = body(&order("status"))[..40].to_owned();
    let requests = [
        ("status", BEN, body(&order("status production"))),
        ("approve", ANNA, body(&approve)),
        ("approve-unread", ANNA, body(&order("approve production"))),
        ("approve-not-allowed", BEN, body(&approve)),
        ("rollback", ANNA, body(&rollback)),
        ("rollback-form", ANNA, body(&order("rollback production"))),
        ("stranger", STRANGER, body(&order("hold production"))),
        ("mistake", ANNA, body(&order("aprove production"))),
        ("malformed", ANNA, cut),
        ("newer-version", ANNA, body(&newer)),
    ];
    for (name, principal, body) in requests {
        let request = operate_request(&body, principal, clicked_at());
        is_true(&format!("operate-{name}.json"), &request);
    }
    let mut invoked = operate_request(&body(&rollback), ANNA, clicked_at());
    let context = invoked["requestContext"].as_object_mut().unwrap();
    context.remove("authorizer");
    is_true("operate-no-identity.json", &invoked);
}

#[test]
fn an_approval_from_a_terminal_is_for_the_plan_that_was_read_and_brings_it_to_production() {
    let (answer, phases) = answer_to("operate-approve.json");
    assert_eq!(phases, ["Succeeded", "Succeeded"], "{answer}");
    let (answer, phases) = answer_to("operate-approve-unread.json");
    assert_eq!(phases, ["Succeeded", "Expired"], "{answer}");
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["outcome"], "needs-answers");
}
