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
use sluice_events::from_text;
use sluice_registry_push::handler;
use sluice_sim::workplace::Weather;
use sluice_sim::world::World;

fn text(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../events")
        .join(file);
    fs::read_to_string(path).unwrap()
}

fn event(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

fn sluice() -> (World, App) {
    let config = Config::parse(include_str!("../../../tests/erp/sluice.toml")).unwrap();
    let start: Timestamp = "2026-01-05T09:10:00Z".parse().unwrap();
    let world = World::new(1, start, std::slice::from_ref(&config), Weather::default());
    let app = App::new(world.ports(), vec![Arc::new(config)]);
    (world, app)
}

/// What the function answers, as Lambda's caller sees it.
fn answer(app: &App, text: &str) -> Value {
    let event = match from_text("the event", text) {
        Ok(event) => event,
        Err(error) => return json!({"error": error.to_string()}),
    };
    match block_on(handler(app, &event)) {
        Ok(answer) => serde_json::to_value(answer).unwrap(),
        Err(error) => json!({"error": error.to_string()}),
    }
}

#[test]
fn every_payload_has_its_answer() {
    let files = [
        "ecr-delete",
        "ecr-push-attestation",
        "ecr-push-develop",
        "ecr-push-failed",
        "ecr-push-foreign-registry",
        "ecr-push-foreign-repository",
        "ecr-push-index",
        "ecr-push-index-child",
        "ecr-push-release",
        "ecr-push-signature",
        "ecr-push-twice",
        "ecr-push-unknown-tag",
        "ecr-push-untagged",
        "ecr-push-version",
        "ecr-referrer-push",
        "ecr-scan-complete",
        "ecr-scan-critical",
        "ecr-scan-failed",
        "foreign-source",
        "inspector2-scan",
        "malformed",
        "schedule-minute",
    ];
    let answers: BTreeMap<&str, Value> = files
        .into_iter()
        .map(|file| {
            let (_world, app) = sluice();
            (file, answer(&app, &text(&format!("{file}.json"))))
        })
        .collect();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(answers) });
}

#[test]
fn a_push_told_twice_opens_one_deployment() {
    let (world, app) = sluice();
    let first = answer(&app, &text("ecr-push-release.json"));
    let second = answer(&app, &text("ecr-push-twice.json"));
    assert_eq!(first["taken"][0]["how"], "opened");
    assert_eq!(second["taken"][0]["how"], "again");
    assert_eq!(
        first["taken"][0]["deployment"],
        second["taken"][0]["deployment"]
    );
    assert_eq!(world.store().deployments().len(), 1);
}

#[test]
fn a_scan_wakes_the_deployments_of_its_image_however_it_names_the_repository() {
    let (world, app) = sluice();
    let release = answer(&app, &text("ecr-push-release.json"));
    let woken = json!({"woken": [release["taken"][0]["deployment"]]});
    for scan in ["ecr-scan-critical.json", "inspector2-scan.json"] {
        let before = world.wakeups().len();
        assert_eq!(answer(&app, &text(scan)), woken, "{scan}");
        assert_eq!(world.wakeups().len(), before + 1, "{scan}");
    }
}

#[test]
fn a_field_that_is_missing_or_mistyped_is_named_by_its_path() {
    let (_world, app) = sluice();
    let broken = |change: fn(&mut Value)| {
        let mut event = event("ecr-push-release.json");
        change(&mut event);
        answer(&app, &event.to_string())["error"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let errors = [
        broken(|event| event["detail"]["image-digest"] = json!("sha256:c7dd")),
        broken(|event| event["detail"]["repository-name"] = json!(7)),
        broken(|event| {
            event["detail"].as_object_mut().unwrap().remove("result");
        }),
        broken(|event| event["detail"] = json!(null)),
        broken(|event| event["time"] = json!("yesterday")),
        broken(|event| {
            event.as_object_mut().unwrap().remove("source");
        }),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_push_of_next_year_does_not_keep_out_those_of_today() {
    let (world, app) = sluice();
    let push = |id: &str, digest: char, time: &str| {
        let mut event = event("ecr-push-release.json");
        event["id"] = json!(id);
        event["time"] = json!(time);
        event["detail"]["image-digest"] =
            json!(format!("sha256:{}", digest.to_string().repeat(64)));
        answer(&app, &event.to_string())["taken"][0]["how"] == "opened"
    };
    assert!(push("one", 'a', "2099-01-01T00:00:00Z"));
    // Our clock says 09:10.
    let later: Timestamp = "2026-01-05T09:30:00Z".parse().unwrap();
    world.with_cloud(|cloud| cloud.advance_to(later));
    assert!(push("two", 'b', "2026-01-05T09:30:00Z"));
    let newest = |world: &World| {
        let mut all = world.store().deployments();
        all.sort_by_key(|stored| stored.deployment.release.pushed_at);
        all.pop().unwrap().deployment.release.clone()
    };
    assert_eq!(newest(&world).digest.short(), "b".repeat(12));
    // A clock that is ahead by minutes is believed.
    assert!(push("three", 'c', "2026-01-05T09:34:00Z"));
    assert_eq!(newest(&world).pushed_at.to_string(), "2026-01-05T09:34:00Z");
}
