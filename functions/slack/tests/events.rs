//! Requests as Slack makes them, those of `events/` and genuine clicks, in a simulated cloud.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use futures::executor::block_on;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_core::id::SlackUserId;
use sluice_core::message::{Block, Button, ButtonAction};
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::workplace::Weather;
use sluice_sim::world::{Bounds, DirectFunctions, World};
use sluice_slack::{interaction_body, sign};
use sluice_slack_function::handler;

/// The time of the requests in `events/`.
const SENT_AT: &str = "2026-01-05T09:50:00Z";

fn secret() -> SecretString {
    SecretString::from("simulated-signing-secret")
}

fn request(file: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn sluice(start: &str) -> (World, App) {
    let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let start: Timestamp = start.parse().unwrap();
    let mut world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    world.deploy(Arc::new(DirectFunctions(app.clone())));
    (world, app)
}

fn response(app: &App, request: &Value, now: Timestamp) -> Value {
    let response = block_on(handler(app, request, &secret(), now));
    serde_json::to_value(response).unwrap()
}

#[test]
fn every_payload_has_its_answer() {
    let (_world, app) = sluice(SENT_AT);
    let files = [
        "slack-malformed-payload",
        "slack-not-ours",
        "slack-stale-timestamp",
        "slack-unknown-deployment",
        "slack-wrong-signature",
    ];
    let answers: BTreeMap<&str, Value> = files
        .into_iter()
        .map(|file| {
            let now = SENT_AT.parse().unwrap();
            (file, response(&app, &request(&format!("{file}.json")), now))
        })
        .collect();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(answers) });
}

/// A world in which a version waits for its approval, and the buttons that were shown.
fn awaiting_approval() -> (World, App, Vec<Button>) {
    let (mut world, app) = sluice("2026-01-05T09:00:00Z");
    for tag in ["release-1.4.0", "v1.4.0"] {
        let repository = sluice_core::id::RepositoryName::new("erp");
        let push = Push::image(&repository, tag, digest_of("one"));
        world.with_cloud(|cloud| cloud.push_image(push));
        world.run(Bounds::default(), |world| {
            phase(world) == "AwaitingApproval"
        });
    }
    assert_eq!(phase(&world), "AwaitingApproval");
    let messages = world.slack().messages();
    let buttons = messages
        .iter()
        .flat_map(|posted| &posted.says().blocks)
        .filter_map(|block| match block {
            Block::Buttons(buttons) => Some(buttons.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    (world, app, buttons)
}

/// Where the deployment to production is.
fn phase(world: &World) -> &'static str {
    let deployments = world.store().deployments();
    deployments
        .iter()
        .find(|stored| stored.deployment.environment().as_str() == "production")
        .map_or("none", |stored| stored.deployment.phase.name())
}

fn click(button: &Button, by: &str, now: Timestamp) -> Value {
    let body = interaction_body(button, &SlackUserId::new(by), now);
    let timestamp = now.as_second().to_string();
    let signature = sign(&secret(), &timestamp, body.as_bytes());
    json!({
        "headers": {"X-Slack-Request-Timestamp": timestamp, "X-SLACK-SIGNATURE": signature},
        "body": body,
        "isBase64Encoded": false,
    })
}

fn words(response: &Value) -> String {
    assert_eq!(response["statusCode"], 200);
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["response_type"], "ephemeral");
    assert_eq!(body["replace_original"], false);
    body["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_genuine_click_of_an_approver_approves() {
    let (world, app, buttons) = awaiting_approval();
    let approve = buttons
        .iter()
        .find(|button| button.action == ButtonAction::Approve)
        .unwrap();
    let by_anyone = response(&app, &click(approve, "U0NOBODY", world.now()), world.now());
    insta::assert_snapshot!(words(&by_anyone));
    assert_eq!(phase(&world), "AwaitingApproval");

    let mut of_another_plan = approve.clone();
    of_another_plan.plan = Some(sluice_core::id::Hash::of_json(&"another plan"));
    let stale = click(&of_another_plan, "U024BE7LH", world.now());
    insta::assert_snapshot!(words(&response(&app, &stale, world.now())));
    assert_eq!(phase(&world), "AwaitingApproval");

    let genuine = click(approve, "U024BE7LH", world.now());
    insta::assert_snapshot!(words(&response(&app, &genuine, world.now())));
    assert_ne!(phase(&world), "AwaitingApproval");
}

#[test]
fn the_one_who_clicked_is_told_at_the_click_s_own_address() {
    let (world, app, buttons) = awaiting_approval();
    let genuine = click(&buttons[0], "U0NOBODY", world.now());
    let response = block_on(handler(&app, &genuine, &secret(), world.now()));
    let reply = response.reply.clone().unwrap();
    assert!(
        reply
            .response_url
            .starts_with("https://hooks.slack.com/actions/")
    );
    assert_eq!(reply.text, words(&serde_json::to_value(&response).unwrap()));
}

#[test]
fn a_click_that_was_changed_or_kept_is_turned_away() {
    let (world, app, buttons) = awaiting_approval();
    let genuine = click(&buttons[0], "U024BE7LH", world.now());
    let turned_away = json!({
        "statusCode": 401,
        "headers": {"content-type": "text/plain; charset=utf-8"},
        "body": "not verified",
    });

    let mut changed = genuine.clone();
    let body = genuine["body"]
        .as_str()
        .unwrap()
        .replace("U024BE7LH", "U0SOMEBODY");
    changed["body"] = json!(body);
    let mut unsigned = genuine.clone();
    unsigned["headers"] = json!({});
    for request in [changed, unsigned] {
        assert_eq!(response(&app, &request, world.now()), turned_away);
    }
    let later = world.now() + jiff::SignedDuration::from_secs(301);
    assert_eq!(response(&app, &genuine, later), turned_away);
    assert_eq!(phase(&world), "AwaitingApproval");
}

#[test]
fn what_is_no_request_is_refused() {
    let (world, app) = sluice(SENT_AT);
    let not_base64 = json!({"headers": {}, "body": "%%%", "isBase64Encoded": true});
    for request in [not_base64, json!({"headers": 7}), json!([])] {
        assert_eq!(
            response(&app, &request, world.now())["statusCode"],
            400,
            "{request}"
        );
    }
}
