//! The payloads of `events/`, given to the handler in a simulated cloud.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use futures::executor::block_on;
use jiff::Timestamp;
use serde_json::{Value, json};
use sluice_app::App;
use sluice_core::config::Config;
use sluice_operate::handler;
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

fn request(file: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn sluice() -> (World, App) {
    let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let start: Timestamp = "2026-01-05T09:50:00Z".parse().unwrap();
    let world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    (world, app)
}

/// The status, and the answer.
fn answer(app: &App, request: &Value) -> (u16, Value) {
    let response = block_on(handler(app, request));
    (
        response.status_code,
        serde_json::from_str(&response.body).unwrap(),
    )
}

/// In a Sluice that has deployed nothing.
#[test]
fn every_payload_has_its_answer() {
    let (world, app) = sluice();
    let files = [
        "operate-approve",
        "operate-malformed",
        "operate-mistake",
        "operate-newer-version",
        "operate-no-identity",
        "operate-rollback",
        "operate-rollback-form",
        "operate-status",
        "operate-stranger",
    ];
    let answers: BTreeMap<&str, Value> = files
        .into_iter()
        .map(|file| {
            let (status, answer) = answer(&app, &request(&format!("{file}.json")));
            (file, json!({"status": status, "answer": answer}))
        })
        .collect();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(answers) });
    assert!(world.store().deployments().is_empty());
}

#[test]
fn what_is_no_request_is_refused() {
    let (_world, app) = sluice();
    let signed = request("operate-status.json");
    let with = |key: &str, value: Value| {
        let mut request = signed.clone();
        request[key] = value;
        request
    };
    let mut long = signed.clone();
    long["requestContext"]["authorizer"]["iam"]["userArn"] = json!("a".repeat(600));
    let cases = [
        (json!([]), 400),
        (json!({"headers": 7}), 400),
        (json!({"body": "{}"}), 403),
        (with("body", json!("x".repeat(257 * 1024))), 413),
        (with("body", json!("[1]")), 400),
        (with("body", Value::Null), 400),
        (with("isBase64Encoded", json!(true)), 400),
        (
            with("requestContext", json!({"authorizer": {"jwt": {}}})),
            403,
        ),
        (long, 400),
    ];
    for (request, expected) in cases {
        let (status, answer) = answer(&app, &request);
        assert_eq!(status, expected, "{request}");
        assert!(answer["message"]["summary"].is_string(), "{answer}");
        assert_ne!(answer["outcome"], "done");
    }
}
